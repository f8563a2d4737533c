"""Checks of all models together. Manual: "System check framework", section "Models"."""

from __future__ import annotations

import types
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import chain
from typing import Any

from nuages.apps import apps
from nuages.conf import settings
from nuages.core.checks.messages import CheckMessage, Error, Warning
from nuages.core.checks.registry import Tags, register


@register(Tags.models)
def check_all_models(app_configs: Iterable[Any] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """Check each model, and that tables, indexes and constraints have names of their own."""
    if app_configs is None:
        models = list(apps.get_models())
    else:
        models = list(chain.from_iterable(config.get_models() for config in app_configs))
    found: list[CheckMessage] = []
    tables: dict[str, list[str]] = defaultdict(list)
    named: dict[str, dict[str, list[str]]] = {
        "index": defaultdict(list),
        "constraint": defaultdict(list),
    }
    for model in models:
        options = model._meta
        if options.managed and not options.proxy:
            tables[options.db_table].append(options.label)
        if isinstance(model.check, types.MethodType):
            found += model.check(**kwargs)
        else:
            found.append(
                Error(
                    f"The '{model.__name__}.check()' class method is currently overridden by "
                    f"{model.check!r}.",
                    obj=model,
                    id="models.E020",
                )
            )
        for kind, declared in (("index", options.indexes), ("constraint", options.constraints)):
            for each in declared:
                named[kind][each.name].append(options.label)
    found += _shared_tables(tables)
    for kind, first_number in (("index", 29), ("constraint", 31)):
        found += _shared_names(kind, named[kind], first_number)
    return found


def _shared_tables(tables: dict[str, list[str]]) -> Iterator[CheckMessage]:
    """E028, W035."""
    for table, labels in tables.items():
        if len(labels) < 2:
            continue
        listed = ", ".join(labels)
        message = f"db_table '{table}' is used by multiple models: {listed}."
        if settings.DATABASE_ROUTERS:
            yield Warning(
                message,
                obj=table,
                hint=(
                    f"You have configured settings.DATABASE_ROUTERS. Verify that {listed} are "
                    "correctly routed to separate databases."
                ),
                id="models.W035",
            )
        else:
            yield Error(message, obj=table, id="models.E028")


def _shared_names(
    kind: str, named: dict[str, list[str]], first_number: int
) -> Iterator[CheckMessage]:
    """E029-E032."""
    for name, labels in named.items():
        if len(labels) < 2:
            continue
        distinct = sorted(set(labels))
        if len(distinct) > 1:
            where, number = f"among models: {', '.join(distinct)}", first_number + 1
        else:
            where, number = f"for model {distinct[0]}", first_number
        yield Error(f"{kind} name '{name}' is not unique {where}.", id=f"models.E0{number}")


@register(Tags.models)
def check_lazy_references(
    app_configs: Iterable[Any] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """Find what still waits for models that nobody declares."""
    return _check_lazy_references(apps)


def _check_lazy_references(registry: Any, ignore: Iterable[Any] = ()) -> list[CheckMessage]:
    """Return the messages about the models that ``registry`` still waits for.

    Args:
        ignore: models, as ``(label, name)``, that are known to be missing.
    """
    waiting = set(registry._pending_operations) - set(ignore)
    # Constructed here, so that nothing of models is needed where none wait.
    if not waiting:
        return []
    found: list[CheckMessage] = []
    for key in waiting:
        for operation in registry._pending_operations[key]:
            function, arguments, keywords = _unwrapped(operation.function)
            describe = _how_to_describe(function)
            message = describe(_missing(registry, key), key, function, arguments, keywords)
            if message is not None:
                found.append(message)
    return sorted(found, key=lambda message: message.msg)


def _unwrapped(function: Callable[..., Any]) -> tuple[Any, tuple[Any, ...], dict[str, Any]]:
    arguments: tuple[Any, ...] = ()
    keywords: dict[str, Any] = {}
    while isinstance(function, partial):
        arguments, keywords = function.args + arguments, {**function.keywords, **keywords}
        function = function.func
    return function, arguments, keywords


def _missing(registry: Any, key: tuple[str, str]) -> str:
    label, name = key
    try:
        registry.get_app_config(label)
    except LookupError:
        return f"app '{label}' isn't installed"
    return f"app '{label}' doesn't provide model '{name}'"


type Describe = Callable[..., CheckMessage | None]


def _how_to_describe(function: Any) -> Describe:
    from nuages.db.models.signals import SenderLoaded

    if isinstance(function, SenderLoaded):
        return _describe_receiver
    module, name = (getattr(function, part, "") for part in ("__module__", "__qualname__"))
    ours = module.startswith("django.")
    if ours and name.endswith("contribute_to_class.<locals>.resolve"):
        return _describe_field
    if ours and ("_manage_with_both" in name or "_add_order_accessors" in name):
        # The field that is behind it has a message already.
        return lambda *_args: None
    return _describe_other


def _describe_field(
    missing: str, key: tuple[str, str], function: Any, arguments: Any, keywords: Any
) -> CheckMessage:
    field = keywords["field"]
    return Error(
        f"The field {field} was declared with a lazy reference to '{'.'.join(key)}', but "
        f"{missing}.",
        obj=field,
        id="fields.E307",
    )


def _describe_receiver(
    missing: str, key: tuple[str, str], function: Any, arguments: Any, keywords: Any
) -> CheckMessage:
    from nuages.db.models import signals

    receiver = function.receiver
    match receiver:
        case types.FunctionType():
            what = f"The function '{receiver.__name__}'"
        case types.MethodType():
            what = f"Bound method '{type(receiver.__self__).__name__}.{receiver.__name__}'"
        case _:
            what = f"An instance of class '{type(receiver).__name__}'"
    name = next(
        (name for name, value in vars(signals).items() if value is function.signal), "unknown"
    )
    return Error(
        f"{what} was connected to the '{name}' signal with a lazy reference to the sender "
        f"'{'.'.join(key)}', but {missing}.",
        obj=receiver.__module__,
        id="signals.E001",
    )


def _describe_other(
    missing: str, key: tuple[str, str], function: Any, arguments: Any, keywords: Any
) -> CheckMessage:
    return Error(
        f"{function!r} contains a lazy reference to {'.'.join(key)}, but {missing}.",
        obj=function,
        id="models.E022",
    )
