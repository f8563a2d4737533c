"""Web sites. Manual: "The "sites" framework"."""

from __future__ import annotations

import string
from typing import Any

from nuages.core.exceptions import ImproperlyConfigured, ValidationError
from nuages.db import models
from nuages.db.models.signals import pre_delete, pre_save
from nuages.http.request import split_domain_port
from nuages.utils.translation import gettext_lazy as _

#: Sites by id and by host, for this process.
SITE_CACHE: dict[Any, Site] = {}


def _simple_domain_name_validator(value: str) -> None:
    """Raise ``ValidationError`` for a domain name with white space."""
    if any(character in value for character in string.whitespace):
        raise ValidationError(
            _("The domain name cannot contain any spaces or tabs."), code="invalid"
        )


class SiteManager(models.Manager):
    """Finds the current site."""

    use_in_migrations = True

    def _get_site_by_id(self, site_id: Any) -> Site:
        if site_id not in SITE_CACHE:
            SITE_CACHE[site_id] = self.get(pk=site_id)
        return SITE_CACHE[site_id]

    def _get_site_by_request(self, request: Any) -> Site:
        host = request.get_host()
        if host not in SITE_CACHE:
            try:
                found = self.get(domain__iexact=host)
            except Site.DoesNotExist:
                # The same site, on another port.
                found = self.get(domain__iexact=split_domain_port(host)[0])
            SITE_CACHE[host] = found
        return SITE_CACHE[host]

    def get_current(self, request: Any = None) -> Site:
        """Return the site of ``SITE_ID``, or else that of the request's host.

        Raises:
            ImproperlyConfigured: there is neither the setting nor a request.
            Site.DoesNotExist: there is no such site.
        """
        from nuages.conf import settings

        if getattr(settings, "SITE_ID", ""):
            return self._get_site_by_id(settings.SITE_ID)
        if request is not None:
            return self._get_site_by_request(request)
        raise ImproperlyConfigured(
            'You\'re using the Django "sites framework" without having set the SITE_ID setting. '
            "Create a site in your database and set the SITE_ID setting or pass a request to "
            "Site.objects.get_current() to fix this error."
        )

    def clear_cache(self) -> None:
        """Forget all sites."""
        SITE_CACHE.clear()

    def get_by_natural_key(self, domain: str) -> Site:
        """Return the site of a domain."""
        return self.get(domain=domain)


class Site(models.Model):
    """A web site."""

    class Meta:
        ordering = ["domain"]
        db_table = "django_site"
        verbose_name, verbose_name_plural = _("site"), _("sites")

    domain = models.CharField(
        verbose_name=_("domain name"),
        unique=True,
        max_length=100,
        validators=[_simple_domain_name_validator],
    )
    name = models.CharField(verbose_name=_("display name"), max_length=50)

    objects = SiteManager()

    def natural_key(self) -> tuple[str]:
        """Return the domain."""
        return (self.domain,)

    def __str__(self) -> str:
        (domain,) = self.natural_key()
        return domain


def clear_site_cache(sender: Any, **kwargs: Any) -> None:
    """Forget a site that is about to change."""
    instance = kwargs["instance"]
    SITE_CACHE.pop(instance.pk, None)
    try:
        known = Site.objects.using(kwargs["using"]).get(pk=instance.pk)
    except Site.DoesNotExist:
        return
    SITE_CACHE.pop(known.domain, None)


pre_save.connect(clear_site_cache, sender=Site)
pre_delete.connect(clear_site_cache, sender=Site)
