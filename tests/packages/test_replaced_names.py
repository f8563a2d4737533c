"""What packages replace, override and reach for beside the documented API."""

import copy
import io

import pytest

from django import forms
from django.conf import settings
from django.contrib import admin
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.contrib.auth import login, logout
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.contrib.sessions.backends.db import SessionStore
from django.core import mail
from django.core.files.images import ImageFile
from django.core.files.storage import default_storage, storages
from django.db import models
from django.db.models.options import normalize_together
from django.test import RequestFactory
from django.test.utils import override_settings
from django.utils.functional import SimpleLazyObject


def test_the_domain_of_message_ids_can_be_replaced(monkeypatch):
    monkeypatch.setattr(mail.message, "DNS_NAME", "tests.example.com")
    sent = mail.EmailMessage("Subject", "Body", "a@example.com", ["b@example.com"]).message()
    assert sent["Message-ID"].endswith("@tests.example.com>")


class FromTheDatabase(ImageFile):
    def _get_image_dimensions(self):
        return 640, 480


def test_the_size_of_an_image_can_come_from_elsewhere():
    image = FromTheDatabase(io.BytesIO(b"no image"), name="photo.png")
    assert (image.width, image.height) == (640, 480)


class AnyEmptyOption(forms.Select):
    def use_required_attribute(self, initial):
        return any(self._choice_has_empty_value(choice) for choice in self.choices)


def test_a_widget_can_ask_whether_a_choice_is_empty():
    choices = [("a", "A"), ("Group", [("", "")]), ("", "Others")]
    assert AnyEmptyOption(choices=choices).use_required_attribute(None)
    assert not AnyEmptyOption(choices=choices[:2]).use_required_attribute(None)
    assert not forms.Select(choices=choices).use_required_attribute(None)


class Countries:
    """Choices that can be called, and give themselves then."""

    def __iter__(self):
        return iter([("fr", "France"), ("nz", "New Zealand")])

    def __call__(self):
        return self


@pytest.mark.parametrize("choices", [Countries(), lambda: Countries()])
def test_choices_that_can_be_called_as_well(choices):
    field = models.CharField(max_length=2, choices=choices)
    assert list(field.flatchoices) == list(Countries())
    assert list(forms.ChoiceField(choices=choices).choices) == list(Countries())


def test_storages_stay_as_they_are_while_uploads_are_kept_elsewhere(tmp_path):
    kept = default_storage._wrapped if default_storage.location else None
    with override_settings(MEDIA_ROOT=tmp_path, FILE_UPLOAD_PERMISSIONS=0o600):
        assert default_storage.location == str(tmp_path)
        assert default_storage._wrapped is kept
        assert storages["default"] is kept
    with override_settings(STORAGES=settings.STORAGES):
        assert storages["default"] is not kept


def test_signals_of_logging_out_come_from_the_class_of_the_user(tables):
    """Views pass ``request.user``, which is made when it is needed."""
    senders = []

    def receive(sender, **kwargs):
        senders.append(sender)

    user = User.objects.create(username="ada")
    request = RequestFactory().get("/")
    request.session = SessionStore()
    request.user = SimpleLazyObject(lambda: user)
    for signal in (user_logged_in, user_logged_out):
        signal.connect(receive)
    login(request, request.user, "django.contrib.auth.backends.ModelBackend")
    request.user = SimpleLazyObject(lambda: user)
    logout(request)
    for signal in (user_logged_in, user_logged_out):
        signal.disconnect(receive)
    user.delete()
    assert senders == [User, User]


def test_the_copy_of_a_wrapped_widget_has_attributes_of_its_own():
    """Packages copy a widget of the admin and set classes on the one inside it."""
    relation = User._meta.get_field("groups").remote_field
    wrapped = RelatedFieldWidgetWrapper(forms.Select(), relation, admin.site)
    twin = copy.deepcopy(wrapped)
    twin.widget.attrs["class"] = "translated"
    assert "class" not in twin.attrs
    assert "class" not in wrapped.widget.attrs


def test_unique_together_can_be_none():
    """Old migrations take the option away so."""
    assert normalize_together(None) == normalize_together([]) == ()
    assert normalize_together(["a", "b"]) == (("a", "b"),)
