"""``select_for_update(of=…)``: from names of relations to the tables of the statement."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from nuages.core.exceptions import FieldError
from nuages.db.models.constants import LOOKUP_SEP
from nuages.db.models.sql._state import CompilerState


class LockingRoom(CompilerState):
    """The part of a compiler that names what is locked."""

    def get_select_for_update_of_arguments(self) -> list[str]:
        """Return the quoted tables (or columns) that FOR UPDATE OF names."""

        selected = self.select or []

        def first_column(info: dict[str, Any]) -> Any:
            """Give a column of the model's own table, which for a child is not the first."""
            concrete = info["model"]._meta.concrete_model
            for place in info["select_fields"]:
                column = selected[place][0]
                if column.target.model._meta.concrete_model == concrete:
                    return column
            return None

        def parents(info: dict[str, Any]) -> Iterator[dict[str, Any]]:
            concrete = info["model"]._meta.concrete_model
            for parent, link in concrete._meta.parents.items():
                parent_model = parent._meta.concrete_model
                yield {
                    "model": parent_model,
                    "field": link,
                    "reverse": False,
                    "select_fields": [
                        place
                        for place in info["select_fields"]
                        # Fields of grandparents come with the parent, too.
                        if selected[place][0].target.model == parent_model
                        or selected[place][0].target.model in parent_model._meta.all_parents
                    ],
                }

        def neighbours(info: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
            for one in (*parents(info), *info.get("related_klass_infos", ())):
                field = one["field"]
                yield (field.remote_field.name if one["reverse"] else field.name), one

        def choices() -> list[str]:
            found: list[str] = []
            waiting: list[tuple[str, dict[str, Any]]] = [("", self.klass_info or {})]
            while waiting:
                path, info = waiting.pop(0)
                found.append(path or "self")
                for name, one in neighbours(info):
                    waiting.append((f"{path}{LOOKUP_SEP}{name}" if path else name, one))
            return found

        if not self.klass_info:
            return []
        result: list[str] = []
        unknown: list[str] = []
        for name in self.query.select_for_update_of:
            info: dict[str, Any] | None = self.klass_info
            for part in () if name == "self" else name.split(LOOKUP_SEP):
                known = neighbours(info) if info else ()
                info = next((one for its_name, one in known if its_name == part), None)
            if info is None:
                unknown.append(name)
                continue
            column = first_column(info)
            if column is None:
                continue
            if self.connection.features.select_for_update_of_column:
                result.append(self.compile(column)[0])
            else:
                result.append(self.quote_name(column.alias))
        if unknown:
            raise FieldError(
                f"Invalid field name(s) given in select_for_update(of=(...)): {', '.join(unknown)}. Only "
                "relational fields followed in the query are allowed. Choices are: "
                f"{', '.join(choices())}."
            )
        return result
