"""``iterator()`` on a trail: chunks of the rows of a compiled query, each made to results at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from nuages.db import connections
from nuages.db.models import trails
from nuages.db.models._plans import Plan
from nuages.db.models._query.iterables import BaseIterable
from nuages.db.models.sql import compiler
from nuages.db.models.sql._rows import cursor_iter, open_cursor
from nuages.db.models.sql.slots import LeavesTrail

__all__ = ["TrailIterable"]


class TrailIterable(BaseIterable):
    """What its iterable class would give for the rows of a QuerySet on a trail."""

    #: The iterable of the plain road, where that is taken.
    _plain: Any = None

    def __iter__(self) -> Iterator[Any]:
        queryset = self.queryset
        opened = self._open()
        if opened is None:
            self._plain = queryset._iterable_class(
                queryset, chunked_fetch=self.chunked_fetch, chunk_size=self.chunk_size
            )
            yield from self._plain
            return
        plan, using, self._chunks = opened
        for rows in self._chunks:
            try:
                # (They take the places of the rows; and a driver may give another kind of sequence.)
                results = trails.results_of(queryset, plan, [*rows], using)
            except Exception:
                # What comes before the row that is to blame is given first.
                for row in rows:
                    yield from trails.results_of(queryset, plan, [row], using)
                raise
            yield from results

    def _opened(self) -> Any:
        return super()._opened() if self._plain is None else self._plain._opened()

    def _open(self) -> tuple[Plan, str, Iterator[list[Any]]] | None:
        """Run the query; return its plan, the database and lists of rows, ``None`` if by the plain road."""
        queryset = self.queryset
        path, using = queryset._path, queryset.db
        if path is None or path.empty or not trails.streams(queryset):
            return None
        plan = path.plan(using)
        if plan is None:
            return None
        try:
            return self._run_plan(plan, connections[using])
        except LeavesTrail:
            return None

    def _run_plan(self, plan: Plan, connection: Any) -> Any:
        params = self.queryset._params
        chunked, size = self.chunked_fetch, self.chunk_size
        if chunked and compiler.cursor_iter is cursor_iter:
            text, bound = plan.statement.bind(params)
            found = connection.stream_compiled(text, bound, size, plan.bare)
            if found is not None:
                return plan, connection.alias, found
        if plan.bare is not None:
            return None
        text, bound = plan.as_compiled().bind(params)
        cursor = open_cursor(connection, text, tuple(bound), chunked)
        features = connection.features
        # (By the name that somebody may have put another function under.)
        chunks: Any = compiler.cursor_iter(cursor, features.empty_fetchmany_value, None, size)
        if not (chunked and features.can_use_chunked_reads):
            # Another statement may come before the rows are used.
            chunks = list(chunks)
        return plan, connection.alias, chunks
