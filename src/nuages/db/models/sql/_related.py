"""``select_related()``: the columns of related models in the same row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from itertools import chain
from typing import Any

from nuages.core.exceptions import FieldError
from nuages.db.models.constants import LOOKUP_SEP
from nuages.db.models.query_utils import select_related_descend


def _tie_nothing(obj: Any, from_obj: Any) -> None:
    """For the side that does not remember the other."""


class RelatedSelection:
    """Adds columns to ``select`` and describes which model they make (``klass_info``).

    A description has ``model``, ``field``, ``reverse``, ``local_setter(from_obj, obj)``,
    ``remote_setter(obj, from_obj)``, ``from_parent``, ``select_fields`` (positions) and
    ``related_klass_infos``.
    """

    def __init__(self, compiler: Any, select: list[Any]) -> None:
        self.compiler = compiler
        self.query = compiler.query
        self.select = select

    def below(
        self,
        opts: Any,
        alias: str,
        mask: Mapping[Any, Any],
        depth: int = 1,
        requested: Mapping[str, Any] | None = None,
        restricted: bool | None = None,
    ) -> list[dict[str, Any]]:
        """Describe all relations followed from the model of ``opts``."""
        query = self.query
        if restricted is None:
            restricted = isinstance(query.select_related, dict)
            if restricted:
                requested = query.select_related
        if not restricted and depth > query.max_depth:
            return []
        requested = requested or {}
        found: list[dict[str, Any]] = []
        known: set[str] = set()

        def describe(
            setup: list[str], start_opts: Any, model: Any, name: str, below_mask: Any, **info: Any
        ) -> None:
            joined = query.setup_joins(setup, start_opts, alias)
            here = joined.joins[-1]
            from_parent = info.get("from_parent", False)
            info.setdefault("from_parent", False)
            columns = self.compiler.get_default_columns(
                below_mask,
                start_alias=here,
                opts=model._meta,
                from_parent=opts.model if from_parent else None,
            )
            described = {"model": model, **info, "select_fields": self._add(columns)}
            found.append(described)
            described["related_klass_infos"] = self.below(
                model._meta, here, below_mask, depth + 1, requested.get(name, {}), restricted
            )

        for field in opts.fields:
            model = field.model._meta.concrete_model
            known.add(field.name)
            if restricted:
                further = requested.get(field.name, {})
                if not field.is_relation:
                    if further or field.name in requested:
                        options = ", ".join(self._choices(opts, requested)) or "(none)"
                        raise FieldError(
                            f"Non-relational field given in select_related: '{field.name}'. Choices are: "
                            f"{options}"
                        )
            if not select_related_descend(field, restricted, requested, mask):
                continue
            describe(
                [field.name],
                opts,
                field.remote_field.model,
                field.name,
                mask.get(field) or {},
                field=field,
                reverse=False,
                local_setter=field.set_cached_value,
                remote_setter=field.remote_field.set_cached_value if field.unique else _tie_nothing,
            )
        if not restricted:
            return found

        for relation in opts.related_objects:
            field = relation.field
            if not (field.unique and not relation.many_to_many):
                continue
            name = field.related_query_name()
            known.add(name)
            if name not in requested:
                continue
            related_mask = mask.get(relation) or {}
            if mask and relation in mask and related_mask and field not in related_mask:
                raise FieldError(
                    f"Field {field.model._meta.object_name}.{field.name} cannot be both deferred and "
                    "traversed using select_related at the same time."
                )
            model = relation.related_model
            describe(
                [name],
                opts,
                model,
                name,
                related_mask,
                field=field,
                reverse=True,
                local_setter=relation.set_cached_value,
                remote_setter=field.set_cached_value,
                from_parent=issubclass(model, opts.model) and model is not opts.model,
            )

        for name in list(requested):
            if name in known or name not in query._filtered_relations:
                continue
            if depth > 1:
                continue
            known.add(name)
            found.append(self._filtered(name, opts, alias, depth, requested, restricted, mask))

        unknown = set(requested) - known
        if unknown:
            names = ", ".join(f"'{name}'" for name in sorted(unknown))
            choices = ", ".join(self._choices(opts, requested)) or "(none)"
            raise FieldError(
                f"Invalid field name(s) given in select_related: {names}. Choices are: {choices}"
            )
        return found

    def _filtered(
        self,
        name: str,
        opts: Any,
        alias: str,
        depth: int,
        requested: Mapping[str, Any],
        restricted: bool,
        mask: Mapping[Any, Any],
    ) -> dict[str, Any]:
        query = self.query
        joined = query.setup_joins([name], opts, alias)
        final, here = joined.final_field, joined.joins[-1]
        model = joined.opts.model
        from_parent = issubclass(model, opts.model) and model is not opts.model
        way = query._filtered_relations[name].relation_name
        if LOOKUP_SEP in way:
            # The way goes over other models, whose instances are not there to be tied to.
            local: Callable[[Any, Any], None] = _tie_nothing
        else:
            local = final.remote_field.set_cached_value
        below_mask = mask.get(name) or {}
        columns = self.compiler.get_default_columns(
            below_mask,
            start_alias=here,
            opts=model._meta,
            from_parent=opts.model if from_parent else None,
        )
        described = {
            "model": model,
            "field": final,
            "reverse": True,
            "local_setter": _tie_nothing if LOOKUP_SEP in way else partial(_tie_origin, local),
            "remote_setter": partial(_tie_named, name),
            "from_parent": from_parent,
            "select_fields": self._add(columns),
        }
        described["related_klass_infos"] = self.below(
            model._meta, here, below_mask, depth + 1, requested.get(name, {}), restricted
        )
        return described

    def _add(self, columns: list[Any]) -> list[int]:
        start = len(self.select)
        self.select.extend((column, None) for column in columns)
        return list(range(start, start + len(columns)))

    def _choices(self, opts: Any, requested: Mapping[str, Any]) -> list[str]:
        forward = (field.name for field in opts.fields if field.is_relation)
        reverse = (
            relation.field.related_query_name()
            for relation in opts.related_objects
            if relation.field.unique
        )
        return list(chain(forward, reverse, self.query._filtered_relations))


def _tie_origin(setter: Any, from_obj: Any, obj: Any) -> None:
    if obj:
        setter(obj, from_obj)


def _tie_named(name: str, obj: Any, from_obj: Any) -> None:
    if from_obj:
        setattr(from_obj, name, obj)
