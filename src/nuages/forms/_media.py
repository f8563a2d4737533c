"""Style sheets and scripts that widgets and forms ask for.

Manual: "Form Assets (the Media class)".
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from graphlib import CycleError, TopologicalSorter
from typing import Any, ClassVar

from nuages.forms.utils import flatatt
from nuages.utils.hints import unannotated
from nuages.utils.html import conditional_escape, format_html, html_safe
from nuages.utils.safestring import SafeString, mark_safe

_is_absolute = re.compile("/|https?://").match


def _static(path: str) -> str:
    # The tag knows the storage, which is on another floor.
    from nuages.templatetags.static import static

    return static(path)


class MediaOrderConflictWarning(RuntimeWarning):
    """Two lists of assets ask for opposite orders."""


@html_safe
class MediaAsset:
    """One asset: a path and HTML attributes. Manual: "Paths as objects".

    Subclasses say in their class line how the element looks, and what the path is called.
    """

    element_template, _path_argument = "{path}", "path"

    def __init_subclass__(cls, element: str = "", argument: str = "", **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.element_template = element or cls.element_template
        cls._path_argument = argument or cls._path_argument

    def __init__(self, *args: str, **attributes: Any) -> None:
        self._path: str
        (self._path,) = args or (attributes.pop(self._path_argument),)
        self.attributes = attributes

    @property
    def path(self) -> str:
        """The asset's URL: relative paths stand below the static files' URL."""
        if _is_absolute(self._path):
            return self._path
        return _static(self._path)

    def render(self, *, attrs: Mapping[str, Any] | None = None) -> SafeString:
        """Return the element as HTML, with more attributes.

        Raises:
            ValueError: an attribute in ``attrs`` is set on the asset itself.
        """
        if not (attrs or self.attributes):
            shown = conditional_escape(self.path)
            return SafeString(self.element_template.format(path=shown, attributes=""))
        extra = attrs or {}
        if doubled := sorted(extra.keys() & self.attributes.keys()):
            raise ValueError(
                f"{type(self).__qualname__} has conflicting attributes: {', '.join(doubled)}"
            )
        html_attributes = flatatt({**self.attributes, **extra})
        return format_html(self.element_template, path=self.path, attributes=html_attributes)

    def __str__(self) -> str:
        return self.render()

    def __repr__(self) -> str:
        return f"{type(self).__qualname__}({self._path!r})"

    def __hash__(self) -> int:
        # Without attributes it counts as equal to its path.
        if not self.attributes:
            return hash(self._path)
        return hash((self._path, frozenset(self.attributes.items())))

    def __eq__(self, other: object) -> bool:
        match other:
            case str():
                return self._path == other
            case MediaAsset() if type(other) is type(self):
                return (other._path, other.attributes) == (self._path, self.attributes)
        return False


class Script(MediaAsset, element='<script src="{path}"{attributes}></script>', argument="src"):
    """A script. Manual: "``Script`` objects"."""


class Stylesheet(
    MediaAsset, element='<link href="{path}"{attributes} rel="stylesheet">', argument="href"
):
    """A style sheet. Manual: "``Stylesheet`` objects"."""


def _as_asset(item: Any, kind: type[MediaAsset], **attributes: Any) -> Any:
    """Wrap a plain path; leave alone whatever is HTML already."""
    return item if hasattr(item, "__html__") else kind(item, **attributes)


@lru_cache(1024)
def _assets_of(
    paths: tuple[str, ...], kind: type[MediaAsset], medium: str | None
) -> tuple[MediaAsset, ...]:
    """Return the assets for plain paths: the same ones each time, so that they compare quickly."""
    extra = {} if medium is None else {"media": medium}
    return tuple(kind(path, **extra) for path in dict.fromkeys(paths))


def _rendered(item: Any, attrs: Mapping[str, Any] | None) -> str:
    if isinstance(item, MediaAsset):
        return item.render(attrs=attrs)
    return item.__html__()


@unannotated
@html_safe
class Media:
    """A collection of assets: CSS by medium, and scripts.

    Adding two collections keeps the relative order that each of them declared.

    Manual: "``Media`` objects".
    """

    types: ClassVar[tuple[str, ...]] = ("css", "js")

    def __init__(
        self,
        media: Any = None,
        css: Mapping[str, Sequence[Any]] | None = None,
        js: Sequence[Any] | None = None,
    ) -> None:
        if media is not None:
            css, js = getattr(media, "css", {}), getattr(media, "js", [])
        self._css_lists: list[dict[str, Any]] = [
            {
                medium: self._unique_assets(paths, Stylesheet, medium)
                for medium, paths in (css or {}).items()
            }
        ]
        self._js_lists: list[list[Any]] = [self._unique_assets(js or (), Script)]

    @staticmethod
    def _unique_assets(
        items: Iterable[Any], kind: type[MediaAsset], medium: str | None = None
    ) -> list[Any]:
        given = tuple(items)
        if all(type(item) is str for item in given):
            return list(_assets_of(given, kind, medium))  # type: ignore[arg-type]
        extra = {} if medium is None else {"media": medium}
        return list(dict.fromkeys(_as_asset(item, kind, **extra) for item in given))

    def __repr__(self) -> str:
        return f"Media(css={self._css!r}, js={self._js!r})"

    def __str__(self) -> str:
        return self.render()

    @property
    def _css(self) -> dict[str, list[Any]]:
        mediums = dict.fromkeys(medium for lists in self._css_lists for medium in lists)
        return {
            medium: self.merge(*(lists[medium] for lists in self._css_lists if medium in lists))
            for medium in mediums
        }

    @property
    def _js(self) -> list[Any]:
        return self.merge(*self._js_lists)

    def render(self, *, attrs: Mapping[str, Any] | None = None) -> SafeString:
        """Return all elements, one a line; ``attrs`` go to each of them."""
        lines = [
            line for kind in self.types for line in getattr(self, f"render_{kind}")(attrs=attrs)
        ]
        return mark_safe("\n".join(lines))

    def render_js(self, *, attrs: Mapping[str, Any] | None = None) -> list[str]:
        """Return a ``<script>`` element for each script."""
        return [_rendered(item, attrs) for item in self._js]

    def render_css(self, *, attrs: Mapping[str, Any] | None = None) -> list[str]:
        """Return a ``<link>`` element for each style sheet, by medium."""
        by_medium = self._css
        return [
            _rendered(item, attrs) for medium in sorted(by_medium) for item in by_medium[medium]
        ]

    def absolute_path(self, path: str) -> str:
        """Return the URL of an asset's path. Manual: "Paths in asset definitions"."""
        return MediaAsset(path).path

    def __getitem__(self, name: str) -> Media:
        if name not in self.types:
            raise KeyError(f'Unknown media type "{name}"')
        subset = Media()
        setattr(subset, f"_{name}_lists", getattr(self, f"_{name}_lists"))
        return subset

    @staticmethod
    def merge(*lists: Sequence[Any] | None) -> list[Any]:
        """Return one list in which each given list keeps its order, if that can be.

        Lists that contradict each other are joined in the order given, with a warning.
        """
        given = [items for items in lists if items]
        key = tuple(tuple(map(id, items)) for items in given)
        if (known := _ORDERS.get(key)) is not None:
            return known[1].copy()
        followers: TopologicalSorter[Any] = TopologicalSorter()
        for items in given:
            followers.add(items[0])
            for before, after in zip(items, items[1:]):
                if before != after:
                    followers.add(after, before)
        try:
            order = list(followers.static_order())
        except CycleError:
            shown = ", ".join(repr(list(items)) for items in given)
            warnings.warn(
                f"Detected duplicate Media files in an opposite order: {shown}",
                MediaOrderConflictWarning,
                stacklevel=2,
            )
            return list(dict.fromkeys(item for items in given for item in items))
        if len(_ORDERS) >= _MOST_ORDERS:
            _ORDERS.clear()
        _ORDERS[key] = [list(items) for items in given], order
        return order.copy()

    def __add__(self, other: Media) -> Media:
        if not isinstance(other, Media):
            return NotImplemented
        total = Media()
        total._css_lists = _distinct(self._css_lists + other._css_lists)
        total._js_lists = _distinct(self._js_lists + other._js_lists)
        return total


#: Lists in one order, by the identities of what is in them; the lists are kept, and so are these.
#: Most classes declare their assets once, so that the lists of a page meet again and again.
_ORDERS: dict[tuple[tuple[int, ...], ...], tuple[list[list[Any]], list[Any]]] = {}
_MOST_ORDERS = 512


def _distinct(lists: list[Any]) -> list[Any]:
    """Return the non-empty lists, each once; they are too few for anything but a scan."""
    kept: list[Any] = []
    for items in lists:
        if items and items not in kept:
            kept.append(items)
    return kept


def media_property(cls: type) -> property:
    """Return the ``media`` property of a class, from its inner ``Media`` declaration."""

    def media(self: Any) -> Media:
        declared = getattr(cls, "Media", None)
        if declared is None and _declares_nothing(self, cls):
            return Media()
        inherited = getattr(super(cls, self), "media", None)
        if declared is None:
            return inherited if inherited is not None else Media()
        own = Media(declared)
        extend = getattr(declared, "extend", True)
        if not extend or inherited is None:
            return own
        if extend is True:
            return inherited + own
        base = Media()
        for medium in extend:
            base = base + inherited[medium]
        return base + own

    return _MadeProperty(media)


class _MadeProperty(property):
    """A ``media`` property that was made for a class without one."""


def _declares_nothing(obj: Any, cls: type) -> bool:
    """Return whether neither a class without assets nor one behind it has any."""
    kinds = type(obj).__mro__
    for kind in kinds[kinds.index(cls) + 1 :]:
        found = kind.__dict__.get("media")
        if found is not None and type(found) is not _MadeProperty:
            return False
        if getattr(kind, "Media", None) is not None:
            return False
    return True


class MediaDefiningClass(type):
    """Metaclass of classes that may hold an inner ``Media`` class."""

    def __new__(
        mcs, name: str, bases: tuple[type, ...], attrs: dict[str, Any], **kwargs: Any
    ) -> Any:
        cls: Any = super().__new__(mcs, name, bases, attrs, **kwargs)
        if "media" not in attrs:
            cls.media = media_property(cls)
        return cls
