"""Redirects, kept in the database. Manual: "The redirects app"."""

from nuages.contrib.sites.models import Site
from nuages.db import models
from nuages.utils.translation import gettext_lazy as _

_PATH_LENGTH = 200


class Redirect(models.Model):
    """Where visitors of an old path of a site find their page now; nowhere, if that is empty."""

    class Meta:
        db_table = "django_redirect"
        verbose_name, verbose_name_plural = _("redirect"), _("redirects")
        unique_together = [["site", "old_path"]]
        ordering = ["old_path"]

    site = models.ForeignKey(Site, on_delete=models.CASCADE, verbose_name=_("site"))
    old_path = models.CharField(
        db_index=True,
        max_length=_PATH_LENGTH,
        verbose_name=_("redirect from"),
        help_text=_(
            "This should be an absolute path, excluding the domain name. Example: “/events/search/”."
        ),
    )
    new_path = models.CharField(
        blank=True,
        max_length=_PATH_LENGTH,
        verbose_name=_("redirect to"),
        help_text=_(
            "This can be either an absolute path (as above) or a full URL starting with a scheme "
            "such as “https://”."
        ),
    )

    def __str__(self) -> str:
        return f"{self.old_path} ---> {self.new_path}"
