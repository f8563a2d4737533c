"""The parents of a model, and the ways to them. Manual: "Model _meta API", "Multi-table inheritance"."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from nuages.db.models._derived import derived
from nuages.db.models.query_utils import PathInfo

if TYPE_CHECKING:
    from nuages.db.models.base import Model


class Lineage:
    """What options know of the models above theirs."""

    model: type[Model]
    concrete_model: Any
    parents: dict[Any, Any]

    @derived
    def all_parents(self) -> tuple[type[Model], ...]:
        """All models above this one (through parent links), the nearest first."""
        found = dict.fromkeys(self.parents)
        for parent in self.parents:
            found |= dict.fromkeys(parent._meta.all_parents)
        return tuple(found)

    def get_parent_list(self) -> list[type[Model]]:
        """Return :attr:`all_parents` as a list."""
        return list(self.all_parents)

    def get_base_chain(self, model: type[Model]) -> list[type[Model]]:
        """Return the models between this one and ``model``, the nearest first, ``model`` last."""
        if not self.parents:
            return []
        if model in self.parents:
            return [model]
        for parent in self.parents:
            if chain := parent._meta.get_base_chain(model):
                return [parent, *chain]
        return []

    def get_ancestor_link(self, ancestor: type[Model]) -> Any:
        """Return the field with which the way from here to ``ancestor`` starts, or ``None``."""
        if ancestor in self.parents:
            return self.parents[ancestor]
        for parent, link in self.parents.items():
            if beyond := parent._meta.get_ancestor_link(ancestor):
                # A proxy's parent has no link: the way starts with the parent's own.
                return link or beyond
        return None

    def get_path_to_parent(self, parent: type[Model]) -> list[PathInfo]:
        """Return the hops that lead from this model to its ancestor ``parent``."""
        if self.model is parent:
            return []
        path = []
        options = self
        for ancestor in self._concrete_chain(parent):
            if ancestor._meta is options:
                continue
            link = options.get_ancestor_link(ancestor)
            if link is None:
                continue
            path.append(
                PathInfo(
                    from_opts=options,
                    to_opts=ancestor._meta,
                    target_fields=tuple(target for _source, target in link.related_fields),
                    join_field=link,
                    m2m=False,
                    direct=True,
                    filtered_relation=None,
                )
            )
            options = ancestor._meta
        return path

    def _concrete_chain(self, parent: type[Model]) -> Iterator[type[Model]]:
        # From the first model that has a table: a proxy joins nothing.
        proxied = self.concrete_model
        for model in self.get_base_chain(parent):
            if model is not proxied:
                yield model

    def get_path_from_parent(self, parent: type[Model]) -> list[PathInfo]:
        """Return the hops that lead from the ancestor ``parent`` to this model."""
        if self.model is parent:
            return []
        model = self.concrete_model
        chain = [*reversed(model._meta.get_base_chain(parent)), model]
        path: list[PathInfo] = []
        for above, below in zip(chain, chain[1:], strict=False):
            path += below._meta.get_ancestor_link(above).reverse_path_infos
        return path
