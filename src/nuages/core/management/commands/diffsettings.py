"""``diffsettings``: what the settings change of the defaults."""

from __future__ import annotations

from typing import Any

from nuages.core.management.base import BaseCommand, CommandParser


def _values(holder: Any) -> dict[str, str]:
    """Return the settings of a module or settings object, as source."""
    return {name: repr(getattr(holder, name)) for name in dir(holder) if name.isupper()}


class Command(BaseCommand):
    """Shows settings. Manual: "django-admin and manage.py", ``diffsettings``."""

    help = "Displays differences between the current settings.py and Django's\ndefault settings."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--all",
            action="store_true",
            help='Also show settings that are the default, marked with "###".',
        )
        parser.add_argument(
            "--default",
            metavar="MODULE",
            help="The settings module to compare with; the defaults of the framework if not said.",
        )
        parser.add_argument(
            "--output",
            default="hash",
            choices=("hash", "unified"),
            help='"hash" marks what has changed with "###"; "unified" with minus and plus.',
        )

    def handle(self, **options: Any) -> str:
        from nuages.conf import Settings, global_settings, settings

        if not settings.configured:
            settings._setup()
        current = _values(settings._wrapped)
        base = Settings(options["default"]) if options["default"] else global_settings
        default = _values(base)
        show = self.output_unified if options["output"] == "unified" else self.output_hash
        return "\n".join(show(current, default, options["all"]))

    def output_hash(
        self, current: dict[str, str], default: dict[str, str], everything: bool
    ) -> list[str]:
        """Return lines with ``###`` for what is new, or before what is the default."""
        lines = []
        for name, value in sorted(current.items()):
            if name not in default:
                lines.append(f"{name} = {value}  ###")
            elif value != default[name]:
                lines.append(f"{name} = {value}")
            elif everything:
                lines.append(f"### {name} = {value}")
        return lines

    def output_unified(
        self, current: dict[str, str], default: dict[str, str], everything: bool
    ) -> list[str]:
        """Return lines with minus for the default and plus for what is set."""
        lines = []
        for name, value in sorted(current.items()):
            added = self.style.SUCCESS(f"+ {name} = {value}")
            if name not in default:
                lines.append(added)
            elif value != default[name]:
                lines += [self.style.ERROR(f"- {name} = {default[name]}"), added]
            elif everything:
                lines.append(f"  {name} = {value}")
        return lines
