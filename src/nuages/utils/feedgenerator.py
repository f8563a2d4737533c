"""Syndication feeds: RSS and Atom. Manual: ref/utils, "django.utils.feedgenerator".

What an element of a feed holds is described by tables: pairs of an element's name and the key
of the value that it shows.
"""

import datetime
import email.utils
import mimetypes
from collections.abc import Iterable, Iterator
from io import StringIO
from typing import Any
from urllib.parse import urlsplit

from nuages.utils.encoding import iri_to_uri
from nuages.utils.xmlutils import SimplerXMLGenerator


def _with_time(date: datetime.date) -> datetime.datetime:
    if isinstance(date, datetime.datetime):
        return date
    return datetime.datetime.combine(date, datetime.time())


def rfc2822_date(date: datetime.date) -> str:
    """Return a date as mail headers and RSS have it."""
    return email.utils.format_datetime(_with_time(date))


def rfc3339_date(date: datetime.date) -> str:
    """Return a date as Atom has it; a naive one counts as UTC."""
    moment = _with_time(date)
    return moment.isoformat() + ("Z" if moment.utcoffset() is None else "")


def get_tag_uri(url: str, date: datetime.date | None) -> str:
    """Return a ``tag:`` URI, which names a resource for ever, made of its URL and a date."""
    parts = urlsplit(url)
    day = "" if date is None else f",{date:%Y-%m-%d}"
    return f"tag:{parts.hostname}{day}:{parts.path}/{parts.fragment}"


def _guess_stylesheet_mimetype(url: str) -> tuple[str | None, str | None]:
    """Guess the type and encoding of a stylesheet, strictly but for XSLT."""
    # Its official type; browsers want another, and some systems do not know it at all.
    known = mimetypes.MimeTypes()
    known.readfp(StringIO("text/xsl\txsl\ntext/xsl\txslt\n"))
    return known.guess_type(url)


class Stylesheet:
    """A style sheet for a feed, for browsers that show it."""

    def __init__(self, url: Any, mimetype: str | None = "", media: str | None = "screen") -> None:
        self._url, self._mimetype = url, mimetype
        self.media = media

    # Late: the URL may be lazy.

    @property
    def url(self) -> str:
        """Where the style sheet is, as a URI."""
        return iri_to_uri(self._url) or ""

    @property
    def mimetype(self) -> str | None:
        """Its MIME type, guessed from the URL unless given; ``None`` for none."""
        given = self._mimetype
        return given if given != "" else _guess_stylesheet_mimetype(self.url)[0]

    def __str__(self) -> str:
        from nuages.utils.html import format_html_join

        attributes = {"href": self.url, "media": self.media, "type": self.mimetype}
        given = ((name, value) for name, value in attributes.items() if value is not None)
        return format_html_join(" ", '{}="{}"', given)

    def __repr__(self) -> str:
        return repr((self.url, self.mimetype, self.media))


class Enclosure:
    """A file that goes with an item: all arguments are text, the length in bytes."""

    def __init__(self, url: str, length: str, mime_type: str) -> None:
        self.length, self.mime_type = length, mime_type
        self.url = iri_to_uri(url)


# What must be text in a feed, and in an item; URLs are escaped besides.
_FEED_TEXTS = frozenset(
    "title description language author_email author_name subtitle feed_copyright ttl".split()
)
_ITEM_TEXTS = frozenset(
    "title description author_email author_name comments item_copyright ttl".split()
)
_URLS = frozenset({"link", "author_link", "feed_url"})


def _prepared(values: dict[str, Any], texts: frozenset[str]) -> dict[str, Any]:
    """Turn lazy strings and the like into text, and IRIs into URIs."""
    return {
        key: value
        if value is None
        else iri_to_uri(value)
        if key in _URLS
        else str(value)
        if key in texts
        else value
        for key, value in values.items()
    }


class SyndicationFeed:
    """Base of feeds: keeps what goes into one. Subclasses define ``write()``."""

    content_type = "application/xml; charset=utf-8"

    def __init__(
        self,
        title: Any,
        link: str,
        description: Any,
        language: str | None = None,
        author_email: str | None = None,
        author_name: str | None = None,
        author_link: str | None = None,
        subtitle: str | None = None,
        categories: Iterable[Any] | None = None,
        feed_url: str | None = None,
        feed_copyright: str | None = None,
        feed_guid: str | None = None,
        ttl: int | None = None,
        stylesheets: Iterable[Any] | None = None,
        **kwargs: Any,
    ) -> None:
        if isinstance(stylesheets, str | Stylesheet):
            raise TypeError(f"stylesheets should be a list, not {type(stylesheets)}")
        metadata = {
            "title": title,
            "link": link,
            "description": description,
            "language": language,
            "author_email": author_email,
            "author_name": author_name,
            "author_link": author_link,
            "subtitle": subtitle,
            "feed_url": feed_url,
            "feed_copyright": feed_copyright,
            "ttl": ttl,
        }
        self.feed: dict[str, Any] = {
            **_prepared(metadata, _FEED_TEXTS),
            "categories": [str(category) for category in categories or ()],
            "id": feed_guid or link,
            "stylesheets": None
            if stylesheets is None
            else [s if isinstance(s, Stylesheet) else Stylesheet(s) for s in stylesheets],
            **kwargs,
        }
        self.items: list[dict[str, Any]] = []

    def add_item(
        self,
        title: Any,
        link: str,
        description: Any,
        author_email: str | None = None,
        author_name: str | None = None,
        author_link: str | None = None,
        pubdate: datetime.datetime | None = None,
        comments: str | None = None,
        unique_id: str | None = None,
        unique_id_is_permalink: bool | None = None,
        categories: Iterable[Any] = (),
        item_copyright: str | None = None,
        ttl: int | None = None,
        updateddate: datetime.datetime | None = None,
        enclosures: Iterable[Enclosure] | None = None,
        **kwargs: Any,
    ) -> None:
        """Add an item; further arguments are kept for subclasses."""
        entry = {
            "title": title,
            "link": link,
            "description": description,
            "author_email": author_email,
            "author_name": author_name,
            "author_link": author_link,
            "comments": comments,
            "item_copyright": item_copyright,
            "ttl": ttl,
        }
        self.items.append(
            {
                **_prepared(entry, _ITEM_TEXTS),
                "pubdate": pubdate,
                "updateddate": updateddate,
                "unique_id": unique_id,
                "unique_id_is_permalink": unique_id_is_permalink,
                "categories": [str(category) for category in categories or ()],
                "enclosures": enclosures or (),
                **kwargs,
            }
        )

    def num_items(self) -> int:
        """Return the number of items."""
        return len(self.items)

    # Places for subclasses to add to the document.

    def root_attributes(self) -> dict[str, str]:
        """Return the attributes of the outermost element."""
        return {}

    def add_root_elements(self, handler: SimplerXMLGenerator) -> None:
        """Write elements into the element of the feed."""

    def item_attributes(self, item: dict[str, Any]) -> dict[str, str]:
        """Return the attributes of the element of an item."""
        return {}

    def add_item_elements(self, handler: SimplerXMLGenerator, item: dict[str, Any]) -> None:
        """Write elements into the element of an item."""

    def add_stylesheets(self, handler: SimplerXMLGenerator) -> None:
        """Write the instructions before the outermost element."""

    # Output.

    # The names of the elements around everything, outermost first, and of one item; a subclass
    # that has them need not define ``write()``.
    _around: tuple[str, ...] = ()
    _item = ""

    def write(self, outfile: Any, encoding: str) -> None:
        """Write the feed to a file."""
        if not self._around:
            raise NotImplementedError("subclasses of SyndicationFeed must provide a write() method")
        handler = SimplerXMLGenerator(outfile, encoding, short_empty_elements=True)
        handler.startDocument()
        self.add_stylesheets(handler)
        for name, attributes in zip(self._around, self._around_attributes(), strict=True):
            handler.startElement(name, attributes)
        self.add_root_elements(handler)
        self.write_items(handler)
        self._close(handler)

    def _around_attributes(self) -> list[dict[str, str]]:
        return [self.root_attributes()]

    def _close(self, handler: SimplerXMLGenerator) -> None:
        for name in reversed(self._around):
            handler.endElement(name)

    def write_items(self, handler: SimplerXMLGenerator) -> None:
        """Write all items."""
        for item in self.items:
            handler.startElement(self._item, self.item_attributes(item))
            self.add_item_elements(handler, item)
            handler.endElement(self._item)

    def writeString(self, encoding: str) -> str:
        """Return the feed as text."""
        buffer = StringIO()
        self.write(buffer, encoding)
        return buffer.getvalue()

    def latest_post_date(self) -> datetime.datetime:
        """Return when the newest item was published or updated; now, if none says."""
        dates = (item[key] for item in self.items for key in ("updateddate", "pubdate"))
        return max(filter(None, dates), default=datetime.datetime.now(tz=datetime.UTC))


def _quick(
    handler: SimplerXMLGenerator, source: dict[str, Any], table: Iterable[tuple[str, str]]
) -> None:
    """Write an element for each key that has a value."""
    for element, key in table:
        if source[key] is not None:
            handler.addQuickElement(element, source[key])


class RssFeed(SyndicationFeed):
    """Base of the versions of RSS."""

    content_type = "application/rss+xml; charset=utf-8"
    _around, _item = ("rss", "channel"), "item"
    _version: str

    def _around_attributes(self) -> list[dict[str, str]]:
        return [self.rss_attributes(), self.root_attributes()]

    def _close(self, handler: SimplerXMLGenerator) -> None:
        self.endChannelElement(handler)
        handler.endElement("rss")

    def rss_attributes(self) -> dict[str, str]:
        """Return the attributes of the outermost element."""
        return {"version": self._version, "xmlns:atom": "http://www.w3.org/2005/Atom"}

    def add_stylesheets(self, handler: SimplerXMLGenerator) -> None:
        """Write an instruction for each style sheet."""
        for stylesheet in self.feed["stylesheets"] or ():
            handler.processingInstruction("xml-stylesheet", str(stylesheet))

    def add_root_elements(self, handler: SimplerXMLGenerator) -> None:
        """Write what is known of the feed."""
        feed = self.feed
        for element in ("title", "link", "description"):
            handler.addQuickElement(element, feed[element])
        if feed["feed_url"] is not None:
            handler.addQuickElement("atom:link", None, {"rel": "self", "href": feed["feed_url"]})
        _quick(handler, feed, [("language", "language")])
        for category in feed["categories"]:
            handler.addQuickElement("category", category)
        _quick(handler, feed, [("copyright", "feed_copyright")])
        handler.addQuickElement("lastBuildDate", rfc2822_date(self.latest_post_date()))
        _quick(handler, feed, [("ttl", "ttl")])

    def endChannelElement(self, handler: SimplerXMLGenerator) -> None:
        """Close the element of the feed."""
        handler.endElement(self._around[-1])


class RssUserland091Feed(RssFeed):
    """RSS 0.91."""

    _version = "0.91"

    def add_item_elements(self, handler: SimplerXMLGenerator, item: dict[str, Any]) -> None:
        """Write title, link and description."""
        _quick(handler, item, [(name, name) for name in ("title", "link", "description")])


class Rss201rev2Feed(RssFeed):
    """RSS 2.0."""

    _version = "2.0"

    def add_item_elements(self, handler: SimplerXMLGenerator, item: dict[str, Any]) -> None:
        """Write all that RSS has elements for.

        Raises ``ValueError`` for more than one enclosure.
        """
        _quick(handler, item, [(name, name) for name in ("title", "link", "description")])
        name, address = item["author_name"], item["author_email"]
        if address:
            handler.addQuickElement("author", f"{address} ({name})" if name else address)
        elif name:
            namespace = {"xmlns:dc": "http://purl.org/dc/elements/1.1/"}
            handler.addQuickElement("dc:creator", name, namespace)
        if item["pubdate"] is not None:
            handler.addQuickElement("pubDate", rfc2822_date(item["pubdate"]))
        _quick(handler, item, [("comments", "comments")])
        if item["unique_id"] is not None:
            permanent = item.get("unique_id_is_permalink")
            flag = {} if permanent is None else {"isPermaLink": str(permanent).lower()}
            handler.addQuickElement("guid", item["unique_id"], flag)
        _quick(handler, item, [("ttl", "ttl")])
        enclosures = list(item["enclosures"])
        if len(enclosures) > 1:
            raise ValueError(
                "RSS feed items may only have one enclosure, see "
                "http://www.rssboard.org/rss-profile#element-channel-item-enclosure"
            )
        for each in enclosures:
            attributes = {"url": each.url, "length": each.length, "type": each.mime_type}
            handler.addQuickElement("enclosure", "", attributes)
        for category in item["categories"]:
            handler.addQuickElement("category", category)


class Atom1Feed(SyndicationFeed):
    """Atom 1.0."""

    content_type = "application/atom+xml; charset=utf-8"
    _around, _item = ("feed",), "entry"
    ns = "http://www.w3.org/2005/Atom"

    def root_attributes(self) -> dict[str, str]:
        """Return the namespace and the language."""
        language = self.feed["language"]
        return {"xmlns": self.ns} | ({} if language is None else {"xml:lang": language})

    def _links(self) -> Iterator[dict[str, str]]:
        yield {"href": self.feed["link"], "rel": "alternate"}
        if self.feed["feed_url"] is not None:
            yield {"href": self.feed["feed_url"], "rel": "self"}

    def _write_author(self, handler: SimplerXMLGenerator, source: dict[str, Any]) -> None:
        if source["author_name"] is None:
            return
        handler.startElement("author", {})
        _quick(
            handler,
            source,
            [("name", "author_name"), ("email", "author_email"), ("uri", "author_link")],
        )
        handler.endElement("author")

    def add_root_elements(self, handler: SimplerXMLGenerator) -> None:
        """Write what is known of the feed."""
        feed = self.feed
        _quick(handler, feed, [("title", "title")])
        for attributes in self._links():
            handler.addQuickElement("link", "", attributes)
        _quick(handler, feed, [("id", "id")])
        handler.addQuickElement("updated", rfc3339_date(self.latest_post_date()))
        self._write_author(handler, feed)
        _quick(handler, feed, [("subtitle", "subtitle")])
        for category in feed["categories"]:
            handler.addQuickElement("category", "", {"term": category})
        _quick(handler, feed, [("rights", "feed_copyright")])

    def add_item_elements(self, handler: SimplerXMLGenerator, item: dict[str, Any]) -> None:
        """Write all that Atom has elements for."""
        handler.addQuickElement("title", item["title"])
        handler.addQuickElement("link", "", {"href": item["link"], "rel": "alternate"})
        for element, key in (("published", "pubdate"), ("updated", "updateddate")):
            if item[key] is not None:
                handler.addQuickElement(element, rfc3339_date(item[key]))
        self._write_author(handler, item)
        unique = item["unique_id"]
        if unique is None:
            unique = get_tag_uri(item["link"], item["pubdate"])
        handler.addQuickElement("id", unique)
        if item["description"] is not None:
            handler.addQuickElement("summary", item["description"], {"type": "html"})
        for each in item["enclosures"]:
            attributes = {"length": each.length, "href": each.url, "type": each.mime_type}
            handler.addQuickElement("link", "", {"rel": "enclosure", **attributes})
        for category in item["categories"]:
            handler.addQuickElement("category", "", {"term": category})
        _quick(handler, item, [("rights", "item_copyright")])


DefaultFeed = Rss201rev2Feed
