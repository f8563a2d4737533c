"""Functions generated for the rows of one query: lists of instances, with all that belongs to them.

What a row has for an instance of its own, for annotations, and for the instances that ``select_related()``
ties to it is written out in one function, converters included. It can also tie each instance to its
*owner*, the object whose related manager or prefetch asked, and sort instances by a column. The plain twin
is ``instance_builder`` and ``_finishing`` in ``_query/iterables.py``, row by row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from nuages.db.models import base
from nuages.db.models._compiled import lay_out_rows, loads_plainly, source_of_instance
from nuages.db.models.fetch_modes import FETCH_ONE
from nuages.db.models.fields.mixins import FieldCacheMixin
from nuages.db.models.signals import listened_to, post_init, pre_init
from nuages.db.models.sql._rows import conversion_lines, opening_lines
from nuages.utils.codegen import compile_function

#: ``load(rows, using, owners, groups)``; the last two are ``None`` where nothing is said of them.
type BatchLoader = Callable[[list[Any], str, Any, Any], list[Any] | None]


class Part:
    """One instance of a row.

    Args:
        places: the column of each attribute.
        cache_name: under which name the instance that it belongs to keeps it.
        keys: the columns of its key; it is missing if one is null.
    """

    __slots__ = ("cache_name", "keys", "model", "parts", "places")

    def __init__(
        self,
        model: Any,
        places: dict[str, int],
        cache_name: str = "",
        keys: tuple[int, ...] = (),
    ) -> None:
        self.model, self.places, self.cache_name, self.keys = model, places, cache_name, keys
        self.parts: list[Part] = []

    def all(self) -> Iterable[Part]:
        """Yield this part and those behind it, the furthest first."""
        for part in self.parts:
            yield from part.all()
        yield self


class Batches:
    """The loaders for the rows of one compiled query; each is made when it is first wanted."""

    __slots__ = ("bare", "connection", "converters", "loaders", "root", "width")

    def __init__(
        self, root: Part, width: int, converters: dict[int, Any], connection: Any, bare: Any
    ) -> None:
        self.root, self.width = root, width
        self.converters, self.connection, self.bare = converters, connection, bare
        self.loaders: dict[Any, BatchLoader | None] = {}

    @classmethod
    def of(cls, compiler: Any, bare: Any = None) -> Batches | None:
        """Return the loaders for a compiler's rows; ``None`` if some of it takes the plain road.

        Args:
            bare: what the connection's ``bare_columns()`` said, if columns are read so.
        """
        root = _part_of(compiler.klass_info, compiler.select)
        if root is None:
            return None
        for name, place in (compiler.annotation_col_map or {}).items():
            if name in root.places or hasattr(root.model, name):
                return None
            root.places[name] = place
        columns = [item[0] for item in compiler.select[: compiler.col_count]]
        converters = compiler.get_converters(columns)
        return cls(root, len(compiler.select), converters, compiler.connection, bare)

    def loader(self, tie: tuple[str, str] | None = None, group: str | None = None) -> Any:
        """Return the function that makes instances; ``None`` if there can be none.

        The function puts instances in the place of rows, and returns that list; ``None``, with the rows as
        they were, if someone has begun to listen to the models' signals.

        Args:
            tie: the attribute with the key of the owner, and the name under which that is kept.
            group: the attribute by whose values instances are put into ``groups``.
        """
        wanted = tie, group
        if wanted not in self.loaders:
            places, parts = self.root.places, self.root.parts
            fits = (tie is None or tie[0] in places) and (group is None or group in places)
            if tie is not None and any(part.cache_name == tie[1] for part in parts):
                # What came with the row is as good.
                fits = False
            self.loaders[wanted] = self._compile(tie, group) if fits else None
        return self.loaders[wanted]

    def _compile(self, tie: tuple[str, str] | None, group: str | None) -> BatchLoader:
        scope: dict[str, Any] = {
            "pre": pre_init,
            "post": post_init,
            "heard": listened_to,
            "states": base.StatesOfRows(FETCH_ONE),
            "connection": self.connection,
        }
        if tie is not None:
            scope["tied"] = base.StatesOfRows(FETCH_ONE, tie[1])
        lines = list(conversion_lines(self.converters, self.bare, scope))
        #: Whether the owner of an instance is the one of its group.
        in_groups = tie is not None and tie[0] == group
        if group is not None:
            value = f"v{self.root.places[group]}"
            if in_groups:
                lines += [
                    f"try: owner, members = homes[{value}]",
                    "except KeyError:",
                    f"    owner, members = owners.get({value}), []",
                    f"    homes[{value}], groups[{value}] = (owner, members), members",
                ]
            else:
                lines += [
                    f"try: members = groups[{value}]",
                    f"except KeyError: members = groups[{value}] = []",
                ]
        ordered = list(self.root.all())
        numbers = {id(part): number for number, part in enumerate(ordered)}
        for part in ordered:
            number = numbers[id(part)]
            scope[f"C{number}"], scope[f"newC{number}"] = part.model, part.model.__new__
            related = [f"{each.cache_name!r}: o{numbers[id(each)]}" for each in part.parts]
            caches = [f"s.fields_cache = {{{', '.join(related)}}}"] if related else []
            if caches:
                caches.insert(0, "s = S()")
            if part is self.root and tie is not None:
                attname, cache_name = tie
                if not in_groups:
                    lines.append(f"owner = owners.get(v{part.places[attname]})")
                if related:
                    caches.append(f"if owner is not None: s.fields_cache[{cache_name!r}] = owner")
                else:
                    caches += ["if owner is None: s = S()", "else:", "    s = T()"]
                    caches.append("    s.owner = owner")
            lay_out_rows(part.model)
            body = source_of_instance(
                f"o{number}",
                f"C{number}",
                "s" if caches else "S()",
                {name: f"v{place}" for name, place in part.places.items()},
                part.model,
            )
            body = [*caches, *body]
            if part.keys:
                missing = " or ".join(f"v{place} is None" for place in part.keys)
                body = [
                    f"if {missing}: o{number} = None",
                    "else:",
                    *(f"    {line}" for line in body),
                ]
            lines += body
        last = f"o{len(ordered) - 1}"
        # The row goes as its instance comes: fewer objects for the collector to look at.
        lines += [f"rows[place] = {last}", "place += 1"]
        if group is not None:
            lines.append(f"members.append({last})")
        heard = " or ".join(f"heard(pre, post, C{number})" for number in range(len(ordered)))
        source = "\n".join(
            [
                "def load(rows, using, owners, groups):",
                f"    if (pre.receivers or post.receivers) and ({heard}): return None",
                "    S = states[using]",
                *(f"    {line}" for line in opening_lines(self.bare, scope)),
                *(["    T = tied[using]"] if tie is not None else []),
                *(["    homes = {}"] if in_groups else []),
                "    place = 0",
                f"    for {''.join(f'v{n}, ' for n in range(self.width))}in rows:",
                *(f"        {line}" for line in lines),
                "    return rows",
            ]
        )
        label = f"lists of {self.root.model._meta.label}"
        return compile_function(source, "load", scope, label)


def _part_of(info: dict[str, Any], select: Any) -> Part | None:
    model = info["model"]
    places = {select[place][0].target.attname: place for place in info["select_fields"]}
    if not (loads_plainly(model) and all(map(str.isidentifier, places))):
        return None
    part = Part(model, places)
    for each in info.get("related_klass_infos", ()):
        behind = _related_part_of(each, select)
        if behind is None:
            return None
        part.parts.append(behind)
    return part


def _related_part_of(info: dict[str, Any], select: Any) -> Part | None:
    """Return the part for what a foreign key points to; ``None`` for other relations."""
    relation = info.get("field")
    if (
        info.get("from_parent")
        or info.get("reverse")
        or relation is None
        or relation.remote_field is None
        or not relation.many_to_one
        or info["local_setter"] != relation.set_cached_value
        or not caches_plainly(relation)
        or relation.unique
        or (part := _part_of(info, select)) is None
    ):
        return None
    part.cache_name = relation.cache_name
    part.keys = tuple(part.places[each.attname] for each in info["model"]._meta.pk_fields)
    # As a loader of one row would have it.
    order = [each.attname for each in info["model"]._meta.concrete_fields]
    part.places = {name: part.places[name] for name in order if name in part.places}
    return part


def caches_plainly(relation: Any) -> bool:
    """Whether a relation keeps its object where all do."""
    cls = type(relation)
    return (
        getattr(cls, "set_cached_value", None) is FieldCacheMixin.set_cached_value
        and getattr(cls, "is_cached", None) is FieldCacheMixin.is_cached
        and cls._cache_of is FieldCacheMixin._cache_of
    )
