"""System checks of users and permissions."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from itertools import chain
from types import MethodType
from typing import Any

from nuages.apps import apps
from nuages.conf import settings
from nuages.core import checks
from nuages.utils.module_loading import import_string

from .management import _get_builtin_permissions

_MIDDLEWARE = "django.contrib.auth.middleware"


def _subclass_index(class_name: str, candidates: Sequence[str]) -> int:
    """Return where a list of paths has a middleware of ours or a subclass of it; -1 if nowhere."""
    for index, path in enumerate(candidates):
        try:
            candidate = import_string(path)
        except ImportError:
            continue  # reported by others
        # Whatever derives from the class has imported its module.
        home = sys.modules.get(_MIDDLEWARE)
        if (
            home
            and isinstance(candidate, type)
            and issubclass(candidate, getattr(home, class_name))
        ):
            return index
    return -1


def check_user_model(app_configs: Sequence[Any] | None = None, **kwargs: Any) -> list[Any]:
    """Return what is wrong with the user model."""
    if app_configs is None:
        cls = apps.get_model(settings.AUTH_USER_MODEL)
    else:
        app_label, model_name = settings.AUTH_USER_MODEL.split(".")
        config = next((config for config in app_configs if config.label == app_label), None)
        if config is None:
            return []  # not asked about
        cls = config.get_model(model_name)
    return list(_user_model_problems(cls))


def _user_model_problems(cls: Any) -> Iterator[Any]:
    name = cls.USERNAME_FIELD
    if not isinstance(cls.REQUIRED_FIELDS, (list, tuple)):
        yield checks.Error("'REQUIRED_FIELDS' must be a list or tuple.", obj=cls, id="auth.E001")
    if name in cls.REQUIRED_FIELDS:
        yield checks.Error(
            "The field named as the 'USERNAME_FIELD' for a custom user model must not be included "
            "in 'REQUIRED_FIELDS'.",
            hint=f"The 'USERNAME_FIELD' is currently set to '{name}', you should remove '{name}' "
            "from the 'REQUIRED_FIELDS'.",
            obj=cls,
            id="auth.E002",
        )
    by_constraint = any(
        constraint.fields == (name,) for constraint in cls._meta.total_unique_constraints
    )
    if not cls._meta.get_field(name).unique and not by_constraint:
        label = f"'{cls._meta.object_name}.{name}'"
        if settings.AUTHENTICATION_BACKENDS == ["django.contrib.auth.backends.ModelBackend"]:
            yield checks.Error(
                f"{label} must be unique because it is named as the 'USERNAME_FIELD'.",
                obj=cls,
                id="auth.E003",
            )
        else:
            yield checks.Warning(
                f"{label} is named as the 'USERNAME_FIELD', but it is not unique.",
                hint="Ensure that your authentication backend(s) can handle non-unique usernames.",
                obj=cls,
                id="auth.W004",
            )
    for attribute, number in (("is_anonymous", "C009"), ("is_authenticated", "C010")):
        value = getattr(cls(), attribute)
        is_static = isinstance(vars(cls).get(attribute), staticmethod)
        if isinstance(value, MethodType) or is_static:
            yield checks.Critical(
                f"{cls}.{attribute} must be an attribute or property rather than a method. "
                "Ignoring this is a security issue as anonymous users will be treated as "
                "authenticated!",
                obj=cls,
                id=f"auth.{number}",
            )


def check_models_permissions(app_configs: Sequence[Any] | None = None, **kwargs: Any) -> list[Any]:
    """Return what is wrong with the permissions that models declare."""
    configs = apps.get_app_configs() if app_configs is None else app_configs
    models = chain.from_iterable(config.get_models() for config in configs)
    permission = apps.get_model("auth", "Permission")
    longest_name = permission._meta.get_field("name").max_length
    longest_codename = permission._meta.get_field("codename").max_length
    return [
        problem
        for model in models
        for problem in _permission_problems(model, longest_name, longest_codename)
    ]


def _permission_problems(model: Any, longest_name: int, longest_codename: int) -> Iterator[Any]:
    opts = model._meta
    label = f"{opts.app_label}.{opts.object_name}"
    builtin = dict(_get_builtin_permissions(opts))
    longest_action = max(map(len, opts.default_permissions), default=0)
    room = longest_name - len(f"Can {'x' * longest_action} ")
    if len(str(opts.verbose_name)) > room:
        yield checks.Error(
            f"The verbose_name of model '{label}' must be at most {room} characters for its "
            f"builtin permission names to be at most {longest_name} characters.",
            obj=model,
            id="auth.E007",
        )
    room = longest_codename - len(f"{'x' * longest_action}_")
    if len(opts.model_name) > room:
        yield checks.Error(
            f"The name of model '{label}' must be at most {room} characters for its builtin "
            f"permission codenames to be at most {longest_codename} characters.",
            obj=model,
            id="auth.E011",
        )
    seen: set[str] = set()
    for codename, name in opts.permissions:
        if len(name) > longest_name:
            yield checks.Error(
                f"The permission named '{name}' of model '{label}' is longer than {longest_name} "
                "characters.",
                obj=model,
                id="auth.E008",
            )
        if len(codename) > longest_codename:
            yield checks.Error(
                f"The permission codenamed '{codename}' of model '{label}' is longer than "
                f"{longest_codename} characters.",
                obj=model,
                id="auth.E012",
            )
        if codename in builtin:
            yield checks.Error(
                f"The permission codenamed '{codename}' clashes with a builtin permission for "
                f"model '{label}'.",
                obj=model,
                id="auth.E005",
            )
        elif codename in seen:
            yield checks.Error(
                f"The permission codenamed '{codename}' is duplicated for model '{label}'.",
                obj=model,
                id="auth.E006",
            )
        seen.add(codename)


def check_middleware(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[Any]:
    """Return an error if the middleware that demands a login runs before that which knows users."""
    demanding = _subclass_index("LoginRequiredMiddleware", settings.MIDDLEWARE)
    knowing = _subclass_index("AuthenticationMiddleware", settings.MIDDLEWARE)
    if demanding == -1 or -1 < knowing < demanding:
        return []
    return [
        checks.Error(
            f"In order to use {_MIDDLEWARE}.LoginRequiredMiddleware, "
            f"{_MIDDLEWARE}.AuthenticationMiddleware must be defined before it in MIDDLEWARE.",
            id="auth.E013",
        )
    ]
