"""What goes with objects that are deleted, as a tree. Manual: "ModelAdmin.get_deleted_objects()"."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any

from nuages.contrib.admin._display import shown_name
from nuages.contrib.admin._keys import quote
from nuages.db import router
from nuages.db.models.deletion import Collector, ProtectedError, RestrictedError
from nuages.urls import NoReverseMatch, reverse
from nuages.utils.html import format_html
from nuages.utils.text import capfirst


class NestedObjects(Collector):
    """Finds what a deletion takes, and by what each object is reached.

    What is in the way does not stop it: that is gathered in ``protected``.

    Args:
        using: the alias of the database.
        origin: what the deletion would start from.
    """

    def __init__(self, using: str, origin: Any = None) -> None:
        # Nothing is left to the database unseen.
        super().__init__(using, origin, force_collection=True)
        self.protected: set[Any] = set()
        #: Objects, and those that were reached by them; below None what was reached by nothing.
        self.edges: dict[Any, list[Any]] = defaultdict(list)
        self._placed: set[Any] = set()

    @property
    def model_objs(self) -> dict[Any, Any]:
        """The objects to delete, by model."""
        return {model: found for model, found in self.data.items() if found}

    def collect(self, objs: Any, source: Any = None, **kwargs: Any) -> None:  # type: ignore[override]
        """Take in objects, and remember by what they were reached."""
        name = kwargs.get("source_attr")
        pointing = bool(name) and not kwargs.get("reverse_dependency")
        for each in objs:
            if each not in self._placed:
                self._placed.add(each)
                self.edges[getattr(each, name) if pointing and name else None].append(each)
        try:
            super().collect(objs, source, **kwargs)
        except ProtectedError as error:
            self.protected.update(error.protected_objects)
        except RestrictedError as error:
            self.protected.update(error.restricted_objects)

    def related_objects(self, related_model: Any, related_fields: Any, objs: Any) -> Any:
        """Return what points to ``objs``, with these in place: showing them asks nothing more."""
        found = super().related_objects(related_model, related_fields, objs)
        for field in related_fields:
            if getattr(field.remote_field.on_delete, "lazy_sub_objs", False):
                continue
            ends = {field.get_foreign_related_value(each): each for each in objs}
            for each in found:
                end = ends.get(field.get_local_related_value(each))
                if end is not None:
                    field.set_cached_value(each, end)
        return found

    def _least_of(self, pointing: Any, found: Any) -> Any:
        # They are shown, so all their columns may be needed.
        return found

    def can_fast_delete(self, objs: Any, from_field: Any = None) -> bool:
        """Nothing is deleted unseen."""
        return False

    def nested(self, format_callback: Callable[[Any], Any] | None = None) -> list[Any]:
        """Return the tree: after an object comes the list of those below it, if there are any.

        Args:
            format_callback: gives what stands for an object.
        """
        show = format_callback or (lambda each: each)

        def branch(top: Any) -> list[Any]:
            entries = []
            for each in self.edges.get(top, ()):
                entries.append(show(each))
                if deeper := branch(each):
                    entries.append(deeper)
            return entries

        return branch(None)


class _Namer:
    """Shows objects of a deletion, and notes what the user may not delete.

    Args:
        request: whose user asks.
        admin_site: where models are registered.
    """

    def __init__(self, request: Any, admin_site: Any) -> None:
        self.request, self.site = request, admin_site
        self.refused: set[Any] = set()

    def __call__(self, obj: Any) -> Any:
        options, text = obj._meta, shown_name(obj)
        kind = capfirst(options.verbose_name)
        if not self.site.is_registered(type(obj)):
            return f"{kind}: {text}"
        if not self.site.get_model_admin(type(obj)).has_delete_permission(self.request, obj):
            self.refused.add(options.verbose_name)
        name = f"{self.site.name}:{options.app_label}_{options.model_name}_change"
        try:
            address = reverse(name, args=(quote(obj.pk),))
        except NoReverseMatch:
            return f"{kind}: {text}"
        return format_html('{}: <a href="{}">{}</a>', kind, address, text)


def get_deleted_objects(
    objs: Any, request: Any, admin_site: Any
) -> tuple[list[Any], dict[Any, int], set[Any], list[Any]]:
    """Find what goes if some objects are deleted.

    Args:
        objs: objects of one model: a list or a queryset.
        request: whose user asks.
        admin_site: where models are registered.

    Returns:
        What is deleted, as nested lists of texts; the number of objects, by the plural of their
        model; models of which the user may delete nothing; what is in the way, as texts.
    """
    if not objs:
        return [], {}, set(), []
    first = objs[0]
    collector = NestedObjects(using=router.db_for_write(type(first), instance=first), origin=objs)
    collector.collect(objs)
    namer = _Namer(request, admin_site)
    tree = collector.nested(namer)
    protected = [namer(each) for each in collector.protected]
    counts = {model._meta.verbose_name_plural: len(o) for model, o in collector.model_objs.items()}
    return tree, counts, namer.refused, protected
