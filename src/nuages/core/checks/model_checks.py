"""Checks of all models together: names that clash, and references that lead nowhere.

Manual: "System check framework", ``models``. What concerns one model is in ``Model.check()``.
"""

from __future__ import annotations

import inspect
import types
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from nuages.apps import apps
from nuages.core.checks import CheckMessage, Error, Tags, Warning, register

if TYPE_CHECKING:
    from nuages.apps.registry import Apps

# What ``Model.check()`` reports of a name that is used twice: kind of name, ids for one model and many.
_NAMED_PARTS = (("indexes", "index", "E029", "E030"), ("constraints", "constraint", "E031", "E032"))


@register(Tags.models)
def check_all_models(app_configs: Sequence[Any] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """Run each model's own checks, and look for names that several models use."""
    if app_configs is None:
        models = list(apps.get_models())
    else:
        models = [model for config in app_configs for model in config.get_models()]
    errors: list[CheckMessage] = []
    for model in models:
        if inspect.ismethod(model.check):
            errors += model.check(**kwargs)
        else:
            errors.append(
                Error(
                    f"The '{model.__name__}.check()' class method is currently overridden by"
                    f" {model.check!r}.",
                    obj=model,
                    id="models.E020",
                )
            )
    errors += _shared_tables(models)
    for part, noun, within, among in _NAMED_PARTS:
        users: dict[str, list[str]] = defaultdict(list)
        for model in models:
            for named in getattr(model._meta, part):
                users[named.name].append(model._meta.label)
        errors += _shared_names(users, noun, within, among)
    return errors


def _shared_tables(models: Iterable[Any]) -> Iterator[CheckMessage]:
    """Report tables of several models: an error, unless routers may keep them apart."""
    from nuages.conf import settings

    users: dict[str, list[str]] = defaultdict(list)
    for model in models:
        if model._meta.managed and not model._meta.proxy:
            users[model._meta.db_table].append(model._meta.label)
    for table, labels in users.items():
        if len(labels) == 1:
            continue
        names = ", ".join(labels)
        message = f"db_table '{table}' is used by multiple models: {names}."
        if not settings.DATABASE_ROUTERS:
            yield Error(message, obj=table, id="models.E028")
            continue
        hint = (
            "You have configured settings.DATABASE_ROUTERS. Verify that"
            f" {names} are correctly routed to separate databases."
        )
        yield Warning(message, hint=hint, obj=table, id="models.W035")


def _shared_names(
    users: dict[str, list[str]], noun: str, within: str, among: str
) -> Iterator[CheckMessage]:
    for name, labels in users.items():
        if len(labels) == 1:
            continue
        distinct = sorted(set(labels))
        where = (
            f"for model {labels[0]}"
            if len(distinct) == 1
            else f"among models: {', '.join(distinct)}"
        )
        yield Error(
            f"{noun} name {name!r} is not unique {where}.",
            id=f"models.{within if len(distinct) == 1 else among}",
        )


@register(Tags.models)
def check_lazy_references(
    app_configs: Sequence[Any] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """Look for models that are referred to by name, and do not exist."""
    return _check_lazy_references(apps)


def _check_lazy_references(
    apps: Apps, ignore: Iterable[tuple[str, str]] = ()
) -> list[CheckMessage]:
    """Return an error for whatever still waits in ``apps`` for a model.

    Args:
        ignore: label and lower-case name of models that may be missing.
    """
    missing = set(apps._pending_operations).difference(ignore)
    if not missing:
        return []
    errors = [
        _lazy_reference_error(operation.function, key, apps)
        for key in missing
        for operation in apps._pending_operations[key]
    ]
    return sorted(errors, key=lambda error: error.msg)


def _lazy_reference_error(function: Any, key: tuple[str, str], apps: Apps) -> CheckMessage:
    """Describe who waits for the model ``key``, and what is wrong with it."""
    from nuages.db.models.signals import SenderLoaded

    label, name = key
    installed = label in apps.app_configs
    why = f"doesn't provide model '{name}'" if installed else "isn't installed"
    problem = f"but app '{label}' {why}."
    if isinstance(function, SenderLoaded):
        receiver = function.receiver
        return Error(
            f"{_described(receiver)} was connected to the '{_name_of_signal(function.signal)}' signal"
            f" with a lazy reference to the sender '{label}.{name}', {problem}",
            obj=_module_of(receiver),
            id="signals.E001",
        )
    field = getattr(function, "keywords", {}).get("field")
    if field is not None:
        return Error(
            f"The field {field} was declared with a lazy reference to '{label}.{name}', {problem}",
            obj=field,
            id="fields.E307",
        )
    inner = getattr(function, "func", function)
    return Error(
        f"{inner!r} contains a lazy reference to {label}.{name}, {problem}",
        obj=inner,
        id="models.E022",
    )


def _described(receiver: Any) -> str:
    if isinstance(receiver, types.FunctionType):
        return f"The function '{receiver.__name__}'"
    if isinstance(receiver, types.MethodType):
        return f"Bound method '{type(receiver.__self__).__name__}.{receiver.__name__}'"
    return f"An instance of class '{type(receiver).__name__}'"


def _module_of(receiver: Any) -> str:
    return receiver.__module__ if hasattr(receiver, "__name__") else type(receiver).__module__


def _name_of_signal(signal: Any) -> str:
    from nuages.db.models import signals

    return next((name for name, value in vars(signals).items() if value is signal), "unknown")
