"""What the documentation says about a model: its fields, and the attributes that say something."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

from nuages.contrib.admindocs.utils import parse_docstring, parse_rst
from nuages.utils.functional import cached_property
from nuages.utils.translation import gettext as _

#: Methods whose names begin so are left out.
MODEL_METHODS_EXCLUDE = ("_", "add_", "delete", "save", "set_")


def get_return_data_type(func_name: str) -> str:
    """Return what a method gives back, as far as its name tells."""
    if func_name.startswith("get_"):
        for ending, what in (("_list", "List"), ("_count", "Integer")):
            if func_name.endswith(ending):
                return what
    return ""


def get_readable_field_data_type(field: Any) -> str:
    """Return what a field holds, in words."""
    return field.description % vars(field)


def _about(text: str, opts: Any) -> Any:
    return parse_rst(text, "model", _("model:") + opts.model_name)


def _many(name: str, relation: Any, opts: Any) -> Iterator[dict[str, Any]]:
    """Yield what can be asked of a manager of related objects."""
    related = f"`{relation._meta.app_label}.{relation._meta.object_name}`"
    for method, kind, text in (
        ("all", "List", _("all related %s objects")),
        ("count", "Integer", _("number of related %s objects")),
    ):
        yield {
            "name": f"{name}.{method}",
            "data_type": kind,
            "verbose": _about(text % related, opts),
        }


def _of_fields(opts: Any) -> Iterator[dict[str, Any]]:
    for field in opts.fields:
        related = field.remote_field and field.remote_field.model
        if related:
            label = f"`{related._meta.app_label}.{related._meta.object_name}`"
            kind: Any = related._meta.object_name
            verbose: Any = _about(_("the related %s object") % label, opts)
        else:
            kind, verbose = get_readable_field_data_type(field), field.verbose_name
        yield {
            "name": field.name,
            "data_type": kind,
            "verbose": verbose or "",
            "help_text": field.help_text,
        }
    for field in opts.many_to_many:
        yield from _many(field.name, field.remote_field.model, opts)


def _documented(docstring: str | None, opts: Any) -> Any:
    title, body, _metadata = parse_docstring(docstring)
    text = "\n\n".join(filter(None, (title, body)))
    return _about(text, opts) if text else ""


def _shown_methods(model: Any) -> Iterator[tuple[str, Any]]:
    for name, value in vars(model).items():
        shown = inspect.isfunction(value) or isinstance(value, (property, cached_property))
        if shown and not name.startswith(MODEL_METHODS_EXCLUDE):
            yield name, value


def _arguments(function: Any) -> str:
    """Return the arguments of a method, without the instance and without annotations."""
    parameters = list(inspect.signature(function).parameters.values())[1:]
    stars: dict[Any, str] = {
        inspect.Parameter.VAR_POSITIONAL: "*",
        inspect.Parameter.VAR_KEYWORD: "**",
    }
    texts = []
    for each in parameters:
        text = stars.get(each.kind, "") + each.name
        if each.default is not inspect.Parameter.empty:
            text += f"={each.default!r}"
        texts.append(text)
    return ", ".join(texts)


def describe(model: Any) -> dict[str, Any]:
    """Return the fields (and what can be read like one), and the methods with arguments."""
    opts = model._meta
    fields, methods = list(_of_fields(opts)), []
    for name, value in _shown_methods(model):
        function = inspect.isfunction(value)
        arguments = _arguments(value) if function else ""
        verbose = _documented(getattr(value, "__doc__", None), opts)
        if arguments:
            methods.append({"name": name, "arguments": arguments, "verbose": verbose})
            continue
        kind = get_return_data_type(name) if function else ""
        fields.append({"name": name, "data_type": kind, "verbose": verbose})
    for relation in opts.related_objects:
        accessor = relation.get_accessor_name()
        if relation.one_to_one:
            related = relation.related_model._meta
            label = f"`{related.app_label}.{related.object_name}`"
            fields.append(
                {
                    "name": accessor,
                    "data_type": related.object_name,
                    "verbose": _about(_("the related %s object") % label, opts),
                }
            )
        else:
            fields.extend(_many(accessor, relation.related_model, opts))
    return {"fields": fields, "methods": methods}
