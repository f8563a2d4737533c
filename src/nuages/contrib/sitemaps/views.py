"""The views of sitemaps and of their index. Manual: "The sitemap framework"."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import wraps
from typing import Any

from nuages.contrib.sites.shortcuts import get_current_site
from nuages.core.paginator import EmptyPage, PageNotAnInteger
from nuages.http import Http404
from nuages.template.response import TemplateResponse
from nuages.urls import reverse
from nuages.utils import timezone
from nuages.utils.http import http_date


@dataclass
class SitemapIndexItem:
    """A line of the index: where a sitemap is, and when it was changed."""

    location: str
    last_mod: Any = None


def x_robots_tag(func: Callable[..., Any]) -> Callable[..., Any]:
    """Ask search engines not to show the view's response itself among what they have found."""

    @wraps(func)
    def tagged(request: Any, *args: Any, **kwargs: Any) -> Any:
        response = func(request, *args, **kwargs)
        response.headers["X-Robots-Tag"] = "noindex, noodp, noarchive"
        return response

    return tagged


def _made(sections: Iterable[Any]) -> Iterator[Any]:
    """Yield sitemaps for classes or instances of them."""
    return (section() if callable(section) else section for section in sections)


def _moment(value: datetime.date) -> datetime.datetime:
    """Return an aware moment; days start, and naive clocks go, in UTC."""
    if not isinstance(value, datetime.datetime):
        value = datetime.datetime(value.year, value.month, value.day)
    return value if timezone.is_aware(value) else value.replace(tzinfo=datetime.UTC)


def _respond(
    request: Any, template: str, context: dict[str, Any], content_type: str, changes: list[Any]
) -> TemplateResponse:
    """Return the response; it has ``Last-Modified`` if all changes are known."""
    response = TemplateResponse(request, template, context, content_type=content_type)
    if changes and None not in changes:
        response.headers["Last-Modified"] = http_date(max(map(_moment, changes)).timestamp())
    return response


@x_robots_tag
def index(
    request: Any,
    sitemaps: dict[str, Any],
    template_name: str = "sitemap_index.xml",
    content_type: str = "application/xml",
    sitemap_url_name: str = "django.contrib.sitemaps.views.sitemap",
) -> TemplateResponse:
    """List all pages of all sitemaps."""
    domain = get_current_site(request).domain
    lines: list[SitemapIndexItem] = []
    changes: list[Any] = []
    for name, sitemap_ in zip(sitemaps, _made(sitemaps.values()), strict=True):
        path = reverse(sitemap_url_name, kwargs={"section": name})
        scheme = request.scheme if sitemap_.protocol is None else sitemap_.protocol
        address = f"{scheme}://{domain}{path}"
        changes.append(changed := sitemap_.get_latest_lastmod())
        pages = range(1, sitemap_.paginator.num_pages + 1) or (1,)
        lines += (
            SitemapIndexItem(address if page == 1 else f"{address}?p={page}", changed)
            for page in pages
        )
    return _respond(request, template_name, {"sitemaps": lines}, content_type, changes)


@x_robots_tag
def sitemap(
    request: Any,
    sitemaps: dict[str, Any],
    section: str | None = None,
    template_name: str = "sitemap.xml",
    content_type: str = "application/xml",
) -> TemplateResponse:
    """Show a page (``?p=``) of one section, or of all of them.

    Raises:
        Http404: there is no such section, or no such page of it.
    """
    if section is not None and section not in sitemaps:
        raise Http404(f"No sitemap available for section: {section!r}")
    chosen = sitemaps.values() if section is None else (sitemaps[section],)
    page, site = request.GET.get("p", 1), get_current_site(request)
    urls, changes = [], []
    try:
        for each in _made(chosen):
            urls += each.get_urls(page=page, site=site, protocol=request.scheme)
            changes.append(getattr(each, "latest_lastmod", None))
    except PageNotAnInteger:
        raise Http404(f"No page '{page}'") from None
    except EmptyPage:
        raise Http404(f"Page {page} empty") from None
    return _respond(request, template_name, {"urlset": urls}, content_type, changes)
