"""Feeds as views. Manual: "The syndication feed framework"."""

from __future__ import annotations

import datetime
import functools
import inspect
import types
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from nuages.contrib.sites.shortcuts import get_current_site
from nuages.core.exceptions import ImproperlyConfigured, ObjectDoesNotExist
from nuages.http import Http404, HttpResponse
from nuages.template import TemplateDoesNotExist, loader
from nuages.utils import feedgenerator, timezone
from nuages.utils.encoding import iri_to_uri
from nuages.utils.html import escape
from nuages.utils.http import http_date
from nuages.utils.translation import get_language

_COMPLETE = ("http://", "https://", "mailto:")
_BY_POSITION = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)

#: What feed generators are told of a feed, besides links and the language.
_OF_FEED = (
    "title",
    "subtitle",
    "description",
    "author_name",
    "author_email",
    "author_link",
    "categories",
    "feed_copyright",
    "feed_guid",
    "ttl",
    "stylesheets",
)

#: What they are told of an item: the argument, and the attribute of the feed.
_OF_ITEM = {
    "enclosures": "item_enclosures",
    "comments": "item_comments",
    "categories": "item_categories",
    "item_copyright": "item_copyright",
    "unique_id_is_permalink": "item_guid_is_permalink",
}


class FeedDoesNotExist(ObjectDoesNotExist):
    """There is no such feed."""


def add_domain(domain: str, url: str, secure: bool = False) -> str:
    """Return ``url`` with a scheme and, unless it has one, the domain."""
    if str(url).startswith(_COMPLETE):
        return url
    scheme = "https:" if secure else "http:"
    if str(url).startswith("//"):
        return f"{scheme}{url}"
    return str(iri_to_uri(f"{scheme}//{domain}{url}"))


@functools.lru_cache(maxsize=1024)
def _takes_object(function: Callable[..., Any], bound: bool, name: str) -> bool:
    """Whether a function wants the object, besides its ``self`` if it is bound.

    Raises:
        ImproperlyConfigured: a decorator hides what the function wants.
    """
    kinds = [parameter.kind for parameter in inspect.signature(function).parameters.values()]
    named = sum(kind in _BY_POSITION for kind in kinds)
    if bound and not named:
        raise ImproperlyConfigured(
            f"Feed method {name!r} decorated by {function.__name__!r} needs to use @functools.wraps."
        )
    return named > bound


def _call(function: Callable[..., Any], name: str, obj: Any) -> Any:
    """Call what a feed has under a name, with the object if it wants that."""
    match function:
        case types.MethodType():
            wants = _takes_object(function.__func__, True, name)
        case types.FunctionType():
            wants = _takes_object(function, False, name)
        case _:
            wants = _takes_object(type(function).__call__, True, name)
    return function(obj) if wants else function()


def _aware(moment: datetime.datetime | None) -> datetime.datetime | None:
    """Return a moment with a time zone, by default that of the settings."""
    if not moment or timezone.is_aware(moment):
        return moment
    return timezone.make_aware(moment, timezone.get_default_timezone())


class Feed:
    """A view of things as RSS or Atom; instances go into the URLconf.

    Most attributes may be values, methods without arguments, or methods of the object of the
    feed (of the item, for ``item_…``). The manual's "Feed class reference" lists them.
    """

    feed_type: type[feedgenerator.SyndicationFeed] = feedgenerator.DefaultFeed
    language: str | None = None
    title_template: str | None = None
    description_template: str | None = None

    def __call__(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        """Answer with the feed.

        Raises:
            Http404: ``get_object()`` finds nothing.
        """
        try:
            subject = self.get_object(request, *args, **kwargs)
        except ObjectDoesNotExist as missing:
            raise Http404("Feed object does not exist.") from missing
        feed = self.get_feed(subject, request)
        response = HttpResponse(content_type=feed.content_type)
        if any(hasattr(self, name) for name in ("item_pubdate", "item_updateddate")):
            # For conditional requests.
            response.headers["Last-Modified"] = http_date(feed.latest_post_date().timestamp())
        feed.write(response, "utf-8")
        return response

    # What subclasses may define otherwise.

    def get_object(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """Return what the feed is about, given the arguments of the URL."""
        return None

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the context of the templates, given ``item``, ``obj``, ``site``, ``request``."""
        return {"site": kwargs["site"], "obj": kwargs["item"]}

    def feed_extra_kwargs(self, obj: Any) -> dict[str, Any]:
        """Return further arguments for the feed generator."""
        return {}

    def item_extra_kwargs(self, item: Any) -> dict[str, Any]:
        """Return further arguments for its ``add_item()``."""
        return {}

    def item_title(self, item: Any) -> str:
        """Return the text of an item. Readers take titles for HTML, hence the escaping."""
        return escape(str(item))

    def item_description(self, item: Any) -> str:
        """Return the text of an item."""
        return f"{item}"

    def item_link(self, item: Any) -> str:
        """Return the URL of an item.

        Raises:
            ImproperlyConfigured: it does not know its URL.
        """
        try:
            return item.get_absolute_url()
        except AttributeError as error:
            raise ImproperlyConfigured(
                f"Give your {type(item).__name__} class a get_absolute_url() method, or define an "
                "item_link() method in your Feed class."
            ) from error

    def item_enclosures(self, item: Any) -> Sequence[feedgenerator.Enclosure]:
        """Return the files that go with an item: at most one, from ``item_enclosure_…``."""
        url, length, kind = (
            self._get_dynamic_attr(f"item_enclosure_{part}", item)
            for part in ("url", "length", "mime_type")
        )
        if not url:
            return []
        return [feedgenerator.Enclosure(str(url), str(length), str(kind))]

    # How it is put together.

    def _get_dynamic_attr(self, attname: str, obj: Any, default: Any = None) -> Any:
        """Return what the feed says under a name, about an object."""
        said = getattr(self, attname, default)
        return _call(said, attname, obj) if callable(said) else said

    def get_feed(self, obj: Any, request: Any) -> feedgenerator.SyndicationFeed:
        """Return the filled feed generator."""
        site, secure = get_current_site(request), request.is_secure()

        def absolute(url: str) -> str:
            return add_domain(site.domain, url, secure)

        about = {name: self._get_dynamic_attr(name, obj) for name in _OF_FEED}
        feed = self.feed_type(
            link=absolute(self._get_dynamic_attr("link", obj)),
            feed_url=absolute(self._get_dynamic_attr("feed_url", obj) or request.path),
            language=self.language or get_language(),
            **about,
            **self.feed_extra_kwargs(obj),
        )
        texts = {
            "title": self._text_maker("title", request, site, obj),
            "description": self._text_maker("description", request, site, obj),
        }
        items: Iterable[Any] = self._get_dynamic_attr("items", obj)
        for item in items:
            link = absolute(self._get_dynamic_attr("item_link", item))
            feed.add_item(
                link=link,
                **{name: make(item) for name, make in texts.items()},
                **self._item_arguments(item, link),
            )
        return feed

    def _text_maker(self, name: str, request: Any, site: Any, obj: Any) -> Callable[[Any], Any]:
        """Return the function that makes the title or the description of an item."""
        template_name = getattr(self, f"{name}_template")
        try:
            template = template_name and loader.get_template(template_name)
        except TemplateDoesNotExist:
            template = None
        if not template:
            return functools.partial(self._get_dynamic_attr, f"item_{name}")
        return lambda item: template.render(
            self.get_context_data(item=item, site=site, obj=obj, request=request), request
        )

    def _item_arguments(self, item: Any, link: str) -> dict[str, Any]:
        ask = self._get_dynamic_attr
        author = ask("item_author_name", item)
        return {
            **{argument: ask(name, item) for argument, name in _OF_ITEM.items()},
            **{name: _aware(ask(f"item_{name}", item)) for name in ("pubdate", "updateddate")},
            "unique_id": ask("item_guid", item, link),
            "author_name": author,
            # Without a name, nobody asks for the rest.
            **{
                name: None if author is None else ask(f"item_{name}", item)
                for name in ("author_email", "author_link")
            },
            **self.item_extra_kwargs(item),
        }
