"""``sendtestemail``: see whether mail arrives."""

import socket
from typing import Any

from nuages.core.mail import mail_admins, mail_managers, send_mail
from nuages.core.management.base import BaseCommand, CommandError, CommandParser
from nuages.utils import timezone


class Command(BaseCommand):
    """Sends a message. Manual: "django-admin and manage.py", ``sendtestemail``."""

    help = "Sends a test email to the email addresses specified as arguments."
    missing_args_message = (
        "You must specify some email recipients, or pass the --managers or --admin options."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the recipients."""
        parser.add_argument("email", nargs="*", help="Where to send the message.")
        for group in ("managers", "admins"):
            parser.add_argument(
                f"--{group}", action="store_true", help=f"Send it to those in {group.upper()}."
            )
        parser.add_argument("--using", help="The alias in MAILERS to send with.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Send the messages."""
        if not (options["email"] or options["managers"] or options["admins"]):
            raise CommandError(self.missing_args_message)
        subject = f"Test email from {socket.gethostname()} on {timezone.now()}"
        text = "If you're reading this, it was successful."
        using = {} if options["using"] is None else {"using": options["using"]}
        if options["email"]:
            send_mail(subject, text, None, options["email"], **using)
        for group, send in (("managers", mail_managers), ("admins", mail_admins)):
            if options[group]:
                send(subject, f"This email was sent to the site {group}.", **using)
