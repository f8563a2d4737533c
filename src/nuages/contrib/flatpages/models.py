"""Pages whose HTML is kept in the database. Manual: "The flatpages app"."""

from contextlib import suppress
from typing import Any

from nuages.contrib.sites.models import Site
from nuages.db import models
from nuages.urls import NoReverseMatch, get_script_prefix, reverse
from nuages.utils.encoding import iri_to_uri
from nuages.utils.translation import gettext_lazy as _


class FlatPage(models.Model):
    """A page of one site or of several. Its HTML is shown as it is: who may write one is trusted."""

    class Meta:
        db_table = "django_flatpage"
        verbose_name, verbose_name_plural = _("flat page"), _("flat pages")
        ordering = ["url"]

    url: Any = models.CharField(db_index=True, max_length=100, verbose_name=_("URL"))
    title: Any = models.CharField(max_length=200, verbose_name=_("title"))
    content: Any = models.TextField(blank=True, verbose_name=_("content"))
    enable_comments = models.BooleanField(default=False, verbose_name=_("enable comments"))
    template_name: Any = models.CharField(
        blank=True,
        max_length=70,
        verbose_name=_("template name"),
        help_text=_(
            "Example: “flatpages/contact_page.html”. If this isn’t provided, the system will use "
            "“flatpages/default.html”."
        ),
    )
    registration_required = models.BooleanField(
        default=False,
        verbose_name=_("registration required"),
        help_text=_("If this is checked, only logged-in users will be able to view the page."),
    )
    sites = models.ManyToManyField(Site, verbose_name=_("sites"))

    def __str__(self) -> str:
        return f"{self.url} -- {self.title}"

    def get_absolute_url(self) -> str:
        """Return the path by which the view serves the page, or else the middleware."""
        from .views import flatpage

        # Below an include() the slash at the start is mostly the prefix's; a path that names its
        # page in the URLconf has the whole URL.
        for spelling in dict.fromkeys([self.url.lstrip("/"), self.url]):
            with suppress(NoReverseMatch):
                return reverse(flatpage, kwargs={"url": spelling})
        return str(iri_to_uri(get_script_prefix().rstrip("/") + self.url))
