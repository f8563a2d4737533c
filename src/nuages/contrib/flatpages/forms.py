"""The form that edits flat pages. Manual: "The flatpages app"."""

from __future__ import annotations

from typing import Any

from nuages import forms
from nuages.conf import settings
from nuages.core.exceptions import ValidationError
from nuages.utils.translation import gettext
from nuages.utils.translation import gettext_lazy as _

from .models import FlatPage


def _slash_is_appended() -> bool:
    """Whether requests are redirected to URLs that end with a slash."""
    return settings.APPEND_SLASH and (
        "django.middleware.common.CommonMiddleware" in settings.MIDDLEWARE
    )


class FlatpageForm(forms.ModelForm):
    """Edits a page, and refuses a URL that another page of one of its sites has."""

    class Meta:
        model = FlatPage
        fields = "__all__"

    url = forms.RegexField(
        r"\A[\w/.~-]+\Z",
        max_length=100,
        label=_("URL"),
        error_messages={
            "invalid": _(
                "This value must contain only letters, numbers, dots, underscores, dashes, "
                "slashes or tildes."
            )
        },
        help_text=_("Example: “/about/contact/”. Make sure to have leading and trailing slashes."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._needs_end = _slash_is_appended()
        if not self._needs_end:
            self.fields["url"].help_text = _(
                "Example: “/about/contact”. Make sure to have a leading slash."
            )

    def clean_url(self) -> str:
        """Return the URL; raise ``ValidationError`` where a slash is missing."""
        url = self.cleaned_data["url"]
        wanted = (
            (not url.startswith("/"), _("URL is missing a leading slash."), "leading"),
            (
                self._needs_end and not url.endswith("/"),
                _("URL is missing a trailing slash."),
                "trailing",
            ),
        )
        for missing, message, which in wanted:
            if missing:
                raise ValidationError(message, code=f"missing_{which}_slash")
        return url

    def clean(self) -> dict[str, Any] | None:
        """Raise ``ValidationError`` if the URL is taken on one of the sites."""
        url, sites = map(self.cleaned_data.get, ("url", "sites"))
        others = FlatPage.objects.filter(url=url).exclude(pk=self.instance.pk)
        taken = others.filter(sites__in=sites).values_list("sites") if sites else ()
        for site in sites.filter(pk__in=taken)[:1] if sites and url else ():
            raise ValidationError(
                gettext("Flatpage with url %(url)s already exists for site %(site)s"),
                code="duplicate_url",
                params={"site": site, "url": url},
            )
        return super().clean()
