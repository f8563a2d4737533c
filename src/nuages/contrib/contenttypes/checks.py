"""System checks of content types."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

from nuages.core.checks import Error

#: What the column of ``ContentType.model`` holds.
LONGEST_MODEL_NAME = 100


def _models(app_configs: Sequence[Any] | None) -> Iterator[Any]:
    from nuages.apps import apps

    configs = apps.get_app_configs() if app_configs is None else app_configs
    return chain.from_iterable(config.get_models() for config in configs)


def check_generic_foreign_keys(
    app_configs: Sequence[Any] | None = None, **kwargs: Any
) -> list[Any]:
    """Return what is wrong with the generic foreign keys of all models."""
    from nuages.contrib.contenttypes.fields import GenericForeignKey

    return [
        problem
        for model in _models(app_configs)
        for field in model._meta.private_fields
        # Those of parents are looked at there.
        if isinstance(field, GenericForeignKey) and field.model is model
        for problem in field.check()
    ]


def check_model_name_lengths(app_configs: Sequence[Any] | None = None, **kwargs: Any) -> list[Any]:
    """Return errors for models whose name does not fit into a content type."""
    return [
        Error(
            f"Model names must be at most {LONGEST_MODEL_NAME} characters "
            f"(got {len(model._meta.model_name)}).",
            obj=model,
            id="contenttypes.E005",
        )
        for model in _models(app_configs)
        if len(model._meta.model_name) > LONGEST_MODEL_NAME
    ]
