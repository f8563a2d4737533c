"""Names that packages put something else in the place of are asked for each time."""

from django.core import mail


def test_the_domain_of_message_ids_can_be_replaced(monkeypatch):
    monkeypatch.setattr(mail.message, "DNS_NAME", "tests.example.com")
    sent = mail.EmailMessage("Subject", "Body", "a@example.com", ["b@example.com"]).message()
    assert sent["Message-ID"].endswith("@tests.example.com>")
