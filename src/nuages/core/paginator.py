"""Lists in pages. Manual: ref/paginator; topics/pagination.

What a page or a paginator computes is written once, as a function of the numbers it needs;
the synchronous and asynchronous classes differ in how they get at these.
"""

import warnings
from collections.abc import Iterator, Sequence
from functools import cached_property
from inspect import isbuiltin, iscoroutinefunction, ismethod
from math import ceil
from typing import Any

from nuages.utils.concurrency import sync_to_async
from nuages.utils.deprecation import RemovedInDjango2028Warning
from nuages.utils.translation import gettext_lazy as _


class UnorderedObjectListWarning(RuntimeWarning):
    """The query set has no order, so that its pages may overlap."""


class InvalidPage(Exception):
    """There is no such page."""


class PageNotAnInteger(InvalidPage):
    """The page's number is none."""


class EmptyPage(InvalidPage):
    """There is nothing on this page."""


def _page_number(value: Any) -> int | None:
    """Return ``value`` as a whole number, ``None`` if it is none."""
    try:
        if isinstance(value, float) and not value.is_integer():
            return None
        return int(value)
    except (TypeError, ValueError):
        return None


class BasePaginator:
    """What does not depend on how the objects are counted."""

    # Translators: stands for pages that are not shown, as in 1 2 … 5 6 7 … 9 10.
    ELLIPSIS = _("…")
    default_error_messages = {
        "invalid_page": _("That page number is not an integer"),
        "min_page": _("That page number is less than 1"),
        "no_results": _("That page contains no results"),
    }

    def __init__(
        self,
        object_list: Any,
        per_page: int | str,
        orphans: int | str = 0,
        allow_empty_first_page: bool = True,
        error_messages: dict[str, Any] | None = None,
    ) -> None:
        self.object_list, self.allow_empty_first_page = object_list, allow_empty_first_page
        self.per_page, self.orphans = int(per_page), int(orphans)
        self.error_messages = {**self.default_error_messages, **(error_messages or {})}
        self._check_object_list_is_ordered()
        if self.per_page <= self.orphans:
            warnings.warn(
                "Support for the orphans argument being larger than or equal to the per_page "
                "argument is deprecated. This will raise a ValueError in Django 2028.",
                category=RemovedInDjango2028Warning,
                stacklevel=2,
            )

    def _check_object_list_is_ordered(self) -> None:
        if getattr(self.object_list, "ordered", None) is False:
            model = getattr(self.object_list, "model", None)
            what = (
                f"{model} {type(self.object_list).__name__}" if model else f"{self.object_list!r}"
            )
            warnings.warn(
                f"Pagination may yield inconsistent results with an unordered object_list: {what}.",
                UnorderedObjectListWarning,
                stacklevel=3,
            )

    def _pages_for(self, count: int) -> int:
        if count == 0 and not self.allow_empty_first_page:
            return 0
        return max(1, ceil(max(1, count - self.orphans) / self.per_page))

    def _bounds(self, number: int, count: int) -> slice:
        """Return what of the list is on a page; the last one takes the orphans."""
        start = (number - 1) * self.per_page
        stop = start + self.per_page
        return slice(start, count if stop + self.orphans >= count else stop)

    def _validate_number(self, number: Any, num_pages: int) -> int:
        found = _page_number(number)
        if found is None:
            raise PageNotAnInteger(self.error_messages["invalid_page"])
        if found < 1:
            raise EmptyPage(self.error_messages["min_page"])
        if found > num_pages:
            raise EmptyPage(self.error_messages["no_results"])
        return found

    def _nearest(self, number: Any, num_pages: int) -> int:
        """Return the page to show for a number that may be none: the first, or the last."""
        try:
            return self._validate_number(number, num_pages)
        except PageNotAnInteger:
            return 1
        except EmptyPage:
            return num_pages

    def _elided(
        self, number: int, num_pages: int, on_each_side: int, on_ends: int
    ) -> Iterator[int | Any]:
        """Yield page numbers, with an ellipsis for what is neither near ``number`` nor an end."""
        if num_pages <= (on_each_side + on_ends) * 2:
            yield from range(1, num_pages + 1)
            return
        first, last = number - on_each_side, number + on_each_side
        if first > on_ends + 2:
            yield from range(1, on_ends + 1)
            yield self.ELLIPSIS
        else:
            first = 1
        # No ellipsis for a single page: its number takes no more room.
        gap = last < num_pages - on_ends - 1
        yield from range(first, (last if gap else num_pages) + 1)
        if gap:
            yield self.ELLIPSIS
            yield from range(num_pages - on_ends + 1, num_pages + 1)


def _counts(method: Any) -> bool:
    """Say whether a ``count`` method can be called without arguments: a list's cannot."""
    return method is not None and (ismethod(method) or not isbuiltin(method) and callable(method))


class Paginator(BasePaginator):
    """Splits a list or query set into pages of ``per_page`` objects."""

    def __iter__(self) -> Iterator["Page"]:
        return map(self.page, self.page_range)

    @cached_property
    def count(self) -> int:
        """The number of objects on all pages."""
        method: Any = getattr(self.object_list, "count", None)
        return method() if _counts(method) else len(self.object_list)

    @cached_property
    def num_pages(self) -> int:
        """The number of pages."""
        return self._pages_for(self.count)

    @property
    def page_range(self) -> range:
        """The numbers of the pages."""
        return range(1, self.num_pages + 1)

    def validate_number(self, number: Any) -> int:
        """Return the number of an existing page; raises an `InvalidPage`."""
        return self._validate_number(number, self.num_pages)

    def page(self, number: Any) -> "Page":
        """Return a page by its number, from 1; raises an `InvalidPage`."""
        number = self.validate_number(number)
        return self._get_page(self.object_list[self._bounds(number, self.count)], number, self)

    def get_page(self, number: Any) -> "Page":
        """Like `page()`, but the first page for what is no number, the last one for too much."""
        return self.page(self._nearest(number, self.num_pages))

    def _get_page(self, *args: Any, **kwargs: Any) -> Any:
        """Make a page; for subclasses that have their own."""
        return Page(*args, **kwargs)

    def get_elided_page_range(
        self, number: Any = 1, *, on_each_side: int = 3, on_ends: int = 2
    ) -> Iterator[Any]:
        """Yield page numbers around ``number`` and at both ends, `ELLIPSIS` between."""
        valid = self.validate_number(number)
        yield from self._elided(valid, self.num_pages, on_each_side, on_ends)


class AsyncPaginator(BasePaginator):
    """The asynchronous version of `Paginator`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._count: int | None = None

    async def __aiter__(self) -> Any:
        for number in await self.apage_range():
            yield await self.apage(number)

    async def acount(self) -> int:
        """Return the number of objects on all pages."""
        if self._count is None:
            method = getattr(self.object_list, "acount", None)
            counted = iscoroutinefunction(method)
            self._count = await method() if counted else len(self.object_list)  # type: ignore[misc]
        return self._count

    async def anum_pages(self) -> int:
        """Return the number of pages."""
        return self._pages_for(await self.acount())

    async def apage_range(self) -> range:
        """Return the numbers of the pages."""
        return range(1, await self.anum_pages() + 1)

    async def avalidate_number(self, number: Any) -> int:
        """Return the number of an existing page; raises an `InvalidPage`."""
        return self._validate_number(number, await self.anum_pages())

    async def apage(self, number: Any) -> "AsyncPage":
        """Return a page by its number, from 1; raises an `InvalidPage`."""
        number = await self.avalidate_number(number)
        bounds = self._bounds(number, await self.acount())
        return self._get_page(self.object_list[bounds], number, self)

    async def aget_page(self, number: Any) -> "AsyncPage":
        """Like `apage()`, but the first page for no number, the last one for too much."""
        return await self.apage(self._nearest(number, await self.anum_pages()))

    def _get_page(self, *args: Any, **kwargs: Any) -> Any:
        """Make a page; for subclasses that have their own."""
        return AsyncPage(*args, **kwargs)

    async def aget_elided_page_range(
        self, number: Any = 1, *, on_each_side: int = 3, on_ends: int = 2
    ) -> Any:
        """Yield page numbers around ``number`` and at both ends, `ELLIPSIS` between."""
        valid = await self.avalidate_number(number)
        for item in self._elided(valid, await self.anum_pages(), on_each_side, on_ends):
            yield item


class _BasePage:
    """A page's place in the whole."""

    def __init__(self, object_list: Any, number: int, paginator: Any) -> None:
        self.paginator, self.number = paginator, number
        self.object_list = object_list

    def _start(self, count: int) -> int:
        return 0 if count == 0 else self.paginator.per_page * (self.number - 1) + 1

    def _end(self, count: int, num_pages: int) -> int:
        return count if self.number == num_pages else self.number * self.paginator.per_page


class Page(_BasePage, Sequence[Any]):
    """The objects of one page, and where it stands among the others."""

    def __repr__(self) -> str:
        return f"<Page {self.number} of {self.paginator.num_pages}>"

    def __len__(self) -> int:
        return len(self.object_list)

    def __getitem__(self, index: Any) -> Any:
        if not isinstance(index, int | slice):
            raise TypeError(f"Page indices must be integers or slices, not {type(index).__name__}.")
        # A list, or each access would be a query.
        if not isinstance(self.object_list, list):
            self.object_list = list(self.object_list)
        return self.object_list[index]

    def has_previous(self) -> bool:
        """Say whether there is a page before."""
        return self.number > 1

    def has_next(self) -> bool:
        """Say whether there is a page after."""
        return self.number < self.paginator.num_pages

    def has_other_pages(self) -> bool:
        """Say whether there is a page before or after."""
        return self.has_next() or self.has_previous()

    def previous_page_number(self) -> int:
        """Return the number of the page before; raises an `InvalidPage`."""
        return self.paginator.validate_number(self.number - 1)

    def next_page_number(self) -> int:
        """Return the number of the page after; raises an `InvalidPage`."""
        return self.paginator.validate_number(self.number + 1)

    def start_index(self) -> int:
        """Return the position of the first object among all, from 1; 0 if there is none."""
        return self._start(self.paginator.count)

    def end_index(self) -> int:
        """Return the position of the last object among all, from 1."""
        return self._end(self.paginator.count, self.paginator.num_pages)


class AsyncPage(_BasePage):
    """The asynchronous version of `Page`; a sequence once `aget_object_list()` was awaited."""

    def __repr__(self) -> str:
        return f"<Async Page {self.number}>"

    async def __aiter__(self) -> Any:
        if hasattr(self.object_list, "__aiter__"):
            async for item in self.object_list:
                yield item
        else:
            for item in self.object_list:
                yield item

    def _fetched(self, purpose: str) -> Any:
        if not isinstance(self.object_list, Sequence):
            raise TypeError(f"AsyncPage.aget_object_list() must be awaited before {purpose}.")
        return self.object_list

    def __len__(self) -> int:
        return len(self._fetched("calling len()"))

    def __reversed__(self) -> Iterator[Any]:
        return reversed(self._fetched("calling reversed()"))

    def __getitem__(self, index: Any) -> Any:
        if not isinstance(index, int | slice):
            raise TypeError(
                f"AsyncPage indices must be integers or slices, not {type(index).__name__}."
            )
        return self._fetched("using indexing")[index]

    async def aget_object_list(self) -> list[Any]:
        """Return the objects as a list, fetched at the first call."""
        if not isinstance(self.object_list, list):
            if hasattr(self.object_list, "__aiter__"):
                self.object_list = [item async for item in self.object_list]
            else:
                self.object_list = await sync_to_async(list)(self.object_list)
        return self.object_list

    async def ahas_previous(self) -> bool:
        """Say whether there is a page before."""
        return self.number > 1

    async def ahas_next(self) -> bool:
        """Say whether there is a page after."""
        return self.number < await self.paginator.anum_pages()

    async def ahas_other_pages(self) -> bool:
        """Say whether there is a page before or after."""
        return await self.ahas_previous() or await self.ahas_next()

    async def aprevious_page_number(self) -> int:
        """Return the number of the page before; raises an `InvalidPage`."""
        return await self.paginator.avalidate_number(self.number - 1)

    async def anext_page_number(self) -> int:
        """Return the number of the page after; raises an `InvalidPage`."""
        return await self.paginator.avalidate_number(self.number + 1)

    async def astart_index(self) -> int:
        """Return the position of the first object among all, from 1; 0 if there is none."""
        return self._start(await self.paginator.acount())

    async def aend_index(self) -> int:
        """Return the position of the last object among all, from 1."""
        return self._end(await self.paginator.acount(), await self.paginator.anum_pages())
