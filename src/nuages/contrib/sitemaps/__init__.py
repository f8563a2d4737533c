"""Sitemaps: what search engines may want to read. Manual: "The sitemap framework"."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from nuages.apps import apps as registry
from nuages.conf import settings
from nuages.core.exceptions import ImproperlyConfigured, ObjectDoesNotExist
from nuages.core.paginator import Paginator
from nuages.utils import translation


class Sitemap:
    """A section of a site.

    ``location``, ``lastmod``, ``changefreq`` and ``priority`` may be values for all items, or
    methods that take one. An *entry* is an item; with ``i18n``, a pair of an item and a language.
    """

    #: How many entries a page has; the protocol knows no larger ones.
    limit = 50000
    protocol: str | None = None
    i18n = False
    languages: Sequence[str] | None = None
    alternates = False
    x_default = False

    # What subclasses define.

    def items(self) -> Any:
        """Return a sequence or a ``QuerySet`` of what the section consists of."""
        return []

    def location(self, item: Any) -> str:
        """Return the path of an item."""
        return item.get_absolute_url()

    def get_languages_for_item(self, item: Any) -> Sequence[str]:
        """Return the codes of the languages in which there is the item."""
        if self.languages:
            return self.languages
        return [code for code, _name in settings.LANGUAGES]

    def get_latest_lastmod(self) -> Any:
        """Return when the section changed last; ``None`` if an item does not say when it did."""
        changed = getattr(self, "lastmod", None)
        if not callable(changed):
            return changed
        moments = [changed(item) for item in self.items()]
        return None if None in moments else max(moments, default=None)

    # What the views ask for.

    @property
    def paginator(self) -> Paginator:
        """The entries in pages."""
        return Paginator(self._items(), per_page=self.limit)

    def get_protocol(self, protocol: str | None = None) -> str:
        """Return the section's own protocol, else the given one, else ``https``."""
        return next(filter(None, (self.protocol, protocol)), "https")

    def get_domain(self, site: Any = None) -> str:
        """Return the domain of ``site``, or of the current one.

        Raises:
            ImproperlyConfigured: there is neither.
        """
        if site is None and registry.is_installed("django.contrib.sites"):
            manager: Any = registry.get_model("sites", "Site").objects
            try:
                site = manager.get_current()
            except ObjectDoesNotExist:
                site = None
        if site is not None:
            return site.domain
        raise ImproperlyConfigured(
            "To use sitemaps, either enable the sites framework or pass a Site/RequestSite object "
            "in your view."
        )

    def get_urls(
        self, page: int | str = 1, site: Any = None, protocol: str | None = None
    ) -> list[dict[str, Any]]:
        """Return the entries of a page, as templates want them.

        ``latest_lastmod`` is set on the way, if each of them says when it was changed.
        """
        scheme = self.get_protocol(protocol)
        return self._urls(page, scheme, self.get_domain(site))

    def _items(self) -> Any:
        """Return all entries."""
        items = self.items()
        if not self.i18n:
            return items
        return [(item, code) for item in items for code in self.get_languages_for_item(item)]

    def _get(self, name: str, entry: Any, default: Any = None) -> Any:
        """Return one property of an entry."""
        value = getattr(self, name, default)
        if not callable(value):
            return value
        return value(entry[0] if self.i18n else entry)

    def _location(self, entry: Any, force_lang_code: str | None = None) -> str:
        """Return the path of an entry, in its language or another one."""
        if not self.i18n:
            return self._get("location", entry)
        with translation.override(force_lang_code or entry[1], deactivate=True):
            return self._get("location", entry)

    def _alternates(self, entry: Any, base: str) -> Iterator[dict[str, str]]:
        """Yield where else the item is, language by language."""
        codes = self.get_languages_for_item(entry[0])
        for code in codes:
            yield {"location": base + self._location(entry, code), "lang_code": code}
        usual = settings.LANGUAGE_CODE
        if self.x_default and usual in codes:
            # The same address, for visitors whose language is still to be found out.
            neutral = self._location(entry, usual).replace(f"/{usual}/", "/", 1)
            yield {"location": base + neutral, "lang_code": "x-default"}

    def _urls(self, page: int | str, protocol: str, domain: str) -> list[dict[str, Any]]:
        base = f"{protocol}://{domain}"
        linked = self.i18n and self.alternates
        urls = []
        for entry in self.paginator.page(page).object_list:
            weight = self._get("priority", entry)
            urls.append(
                {
                    "item": entry,
                    "location": base + self._location(entry),
                    "alternates": list(self._alternates(entry, base)) if linked else [],
                    # As text: numbers would be written in the visitor's way.
                    "priority": "" if weight is None else str(weight),
                    "changefreq": self._get("changefreq", entry),
                    "lastmod": self._get("lastmod", entry),
                }
            )
        moments = [url["lastmod"] for url in urls]
        if moments and None not in moments:
            self.latest_lastmod = max(moments)
        return urls


class GenericSitemap(Sitemap):
    """The objects of a ``queryset``; ``date_field`` is the name of the field for ``lastmod``."""

    priority: Any = None
    changefreq: Any = None

    def __init__(
        self,
        info_dict: dict[str, Any],
        priority: Any = None,
        changefreq: str | None = None,
        protocol: str | None = None,
    ) -> None:
        self.queryset, self.date_field = info_dict["queryset"], info_dict.get("date_field")
        own = {"priority": priority, "changefreq": changefreq, "protocol": protocol}
        # A subclass may say these things as well, and is heard first.
        vars(self).update(
            (name, value) for name, value in own.items() if getattr(self, name) is None
        )

    def items(self) -> Any:
        """Return the objects, fetched anew."""
        return self.queryset.filter()

    def lastmod(self, item: Any) -> Any:
        """Return the value of the date field, if there is one."""
        return getattr(item, self.date_field) if self.date_field is not None else None

    def get_latest_lastmod(self) -> Any:
        """Return the newest value of the date field, of which the database knows."""
        if self.date_field is None:
            return None
        by_date = self.queryset.order_by(f"-{self.date_field}")
        return by_date.values_list(self.date_field, flat=True).first()
