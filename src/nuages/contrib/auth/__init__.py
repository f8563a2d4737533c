"""Users, and who may do what. Manual: "User authentication in Django"."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from nuages.apps import apps as django_apps
from nuages.conf import settings
from nuages.core.exceptions import ImproperlyConfigured, PermissionDenied
from nuages.utils.crypto import constant_time_compare
from nuages.utils.inspect import signature
from nuages.utils.module_loading import import_string

from .signals import user_logged_in, user_logged_out, user_login_failed

# Names in the session.
SESSION_KEY = "_auth_user_id"
BACKEND_SESSION_KEY = "_auth_user_backend"
HASH_SESSION_KEY = "_auth_user_hash"
REDIRECT_FIELD_NAME = "next"

#: What stands for a secret among credentials that receivers of a signal see.
CLEANSED = "********************"
_SENSITIVE = ("api", "token", "key", "secret", "password", "signature")


def load_backend(path: str) -> Any:
    """Return an instance of the backend at a dotted path."""
    return import_string(path)()


def _get_backends(return_tuples: bool = False) -> list[Any]:
    paths = settings.AUTHENTICATION_BACKENDS
    loaded = [(load_backend(path), path) for path in paths]
    if not loaded:
        raise ImproperlyConfigured(
            "No authentication backends have been defined. Does AUTHENTICATION_BACKENDS contain "
            "anything?"
        )
    return loaded if return_tuples else [backend for backend, _ in loaded]


def get_backends() -> list[Any]:
    """Return the backends of ``AUTHENTICATION_BACKENDS``.

    Raises:
        ImproperlyConfigured: there are none.
    """
    return _get_backends()


def _takes(method: Any, request: Any, credentials: dict[str, Any]) -> bool:
    try:
        signature(method).bind(request, **credentials)
    except TypeError:
        return False
    return True


def _backends_for(
    method: str, request: Any, credentials: dict[str, Any]
) -> Iterator[tuple[Any, str]]:
    """Yield backends (and their paths) that accept such credentials."""
    for backend, path in _get_backends(return_tuples=True):
        # The synchronous method is the one that every backend describes itself by.
        if _takes(backend.authenticate, request, credentials):
            yield backend, path


def _cleaned(credentials: dict[str, Any]) -> dict[str, Any]:
    return {
        name: CLEANSED if any(word in name.lower() for word in _SENSITIVE) else value
        for name, value in credentials.items()
    }


def authenticate(request: Any = None, **credentials: Any) -> Any:
    """Return the user that the credentials belong to; None if no backend knows one.

    The user remembers the backend as ``user.backend``.
    """
    for backend, path in _backends_for("authenticate", request, credentials):
        try:
            user = backend.authenticate(request, **credentials)
        except PermissionDenied:
            # The backend forbids that others be asked.
            break
        if user is not None:
            user.backend = path
            return user
    user_login_failed.send(sender=__name__, credentials=_cleaned(credentials), request=request)
    return None


authenticate.sensitive_variables = "__ALL__"  # type: ignore[attr-defined]


async def aauthenticate(request: Any = None, **credentials: Any) -> Any:
    """Asynchronous twin of ``authenticate``."""
    for backend, path in _backends_for("aauthenticate", request, credentials):
        try:
            user = await backend.aauthenticate(request, **credentials)
        except PermissionDenied:
            break
        if user is not None:
            user.backend = path
            return user
    await user_login_failed.asend(
        sender=__name__, credentials=_cleaned(credentials), request=request
    )
    return None


aauthenticate.sensitive_variables = "__ALL__"  # type: ignore[attr-defined]


def _get_user_session_key(request: Any) -> Any:
    return _session_id(request.session[SESSION_KEY])


async def _aget_user_session_key(request: Any) -> Any:
    session_key = await request.session.aget(SESSION_KEY)
    if session_key is None:
        raise KeyError
    return _session_id(session_key)


def _session_id(text: Any) -> Any:
    # Sessions hold the key as text.
    return get_user_model()._meta.pk.to_python(text)


def _session_hash(user: Any) -> str:
    make = getattr(user, "get_session_auth_hash", None)
    return make() if make is not None else ""


def _backend_path(user: Any, backend: Any) -> str:
    """Return the path of the backend that a session remembers."""
    if backend is not None and not isinstance(backend, str):
        raise TypeError(f"backend must be a dotted import path string (got {backend!r}).")
    path = backend or getattr(user, "backend", None)
    if path:
        return path
    known = settings.AUTHENTICATION_BACKENDS
    if len(known) == 1:
        return known[0]
    raise ValueError(
        "You have multiple authentication backends configured and therefore must provide the "
        "`backend` argument or set the `backend` attribute on the user."
    )


def login(request: Any, user: Any, backend: str | None = None) -> None:
    """Remember the user in the session.

    Args:
        request: its session is used.
        user: who logs in.
        backend: path of the backend; needed if there are several and the user names none.

    Raises:
        ValueError: it is not known which backend to remember.
    """
    session = request.session
    session_hash = _session_hash(user)
    if SESSION_KEY in session:
        same = _get_user_session_key(request) == user.pk and (
            not session_hash
            or constant_time_compare(session.get(HASH_SESSION_KEY, ""), session_hash)
        )
        if not same:
            # Another user must not get what this one left in the session.
            session.flush()
    else:
        session.cycle_key()
    path = _backend_path(user, backend)
    session[SESSION_KEY] = user._meta.pk.value_to_string(user)
    session[BACKEND_SESSION_KEY] = path
    session[HASH_SESSION_KEY] = session_hash
    if hasattr(request, "user"):
        request.user = user
    _rotate_token(request)
    user_logged_in.send(sender=type(user), request=request, user=user)


async def alogin(request: Any, user: Any, backend: str | None = None) -> None:
    """Asynchronous twin of ``login``."""
    session = request.session
    session_hash = _session_hash(user)
    if await session.ahas_key(SESSION_KEY):
        same = await _aget_user_session_key(request) == user.pk and (
            not session_hash
            or constant_time_compare(await session.aget(HASH_SESSION_KEY, ""), session_hash)
        )
        if not same:
            await session.aflush()
    else:
        await session.acycle_key()
    path = _backend_path(user, backend)
    await session.aset(SESSION_KEY, user._meta.pk.value_to_string(user))
    await session.aset(BACKEND_SESSION_KEY, path)
    await session.aset(HASH_SESSION_KEY, session_hash)
    if hasattr(request, "user"):
        request.user = user
    if hasattr(request, "auser"):

        async def auser() -> Any:
            return user

        request.auser = auser
    _rotate_token(request)
    await user_logged_in.asend(sender=type(user), request=request, user=user)


def _rotate_token(request: Any) -> None:
    from nuages.middleware.csrf import rotate_token

    rotate_token(request)


def logout(request: Any) -> None:
    """Forget the user of the session, and all else in it."""
    user = _known(getattr(request, "user", None))
    user_logged_out.send(sender=type(user), request=request, user=user)
    request.session.flush()
    if hasattr(request, "user"):
        request.user = _anonymous()


async def alogout(request: Any) -> None:
    """Asynchronous twin of ``logout``."""
    find = getattr(request, "auser", None)
    user = _known(await find() if find is not None else None)
    await user_logged_out.asend(sender=type(user), request=request, user=user)
    await request.session.aflush()
    if find is not None:

        async def auser() -> Any:
            return _anonymous()

        request.auser = auser
    if hasattr(request, "user"):
        request.user = _anonymous()


def _known(user: Any) -> Any:
    return user if getattr(user, "is_authenticated", True) else None


def _anonymous() -> Any:
    from .models import AnonymousUser

    return AnonymousUser()


def get_user_model() -> Any:
    """Return the model of ``AUTH_USER_MODEL``.

    Raises:
        ImproperlyConfigured: the setting names none.
    """
    try:
        return django_apps.get_model(settings.AUTH_USER_MODEL, require_ready=False)
    except ValueError:
        raise ImproperlyConfigured(
            "AUTH_USER_MODEL must be of the form 'app_label.model_name'"
        ) from None
    except LookupError:
        raise ImproperlyConfigured(
            f"AUTH_USER_MODEL refers to model '{settings.AUTH_USER_MODEL}' that has not been "
            "installed"
        ) from None


def _verification(user: Any, session_hash: str | None) -> str:
    """Return how the hash in a session fits the user: "current", "fallback" or "" for not."""
    if not session_hash:
        return ""
    if constant_time_compare(session_hash, user.get_session_auth_hash()):
        return "current"
    older = user.get_session_auth_fallback_hash()
    return "fallback" if any(constant_time_compare(session_hash, one) for one in older) else ""


def get_user(request: Any) -> Any:
    """Return the user of the session, or an ``AnonymousUser``."""
    session = request.session
    try:
        user_id = _get_user_session_key(request)
        path = session[BACKEND_SESSION_KEY]
    except KeyError:
        return _anonymous()
    if path not in settings.AUTHENTICATION_BACKENDS:
        return _anonymous()
    user = load_backend(path).get_user(user_id)
    if user is not None and hasattr(user, "get_session_auth_hash"):
        match _verification(user, session.get(HASH_SESSION_KEY)):
            case "":
                session.flush()
                user = None
            case "fallback":
                session.cycle_key()
                session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    return _anonymous() if user is None else user


async def aget_user(request: Any) -> Any:
    """Asynchronous twin of ``get_user``."""
    session = request.session
    try:
        user_id = await _aget_user_session_key(request)
        path = await session.aget(BACKEND_SESSION_KEY)
    except KeyError:
        return _anonymous()
    if path not in settings.AUTHENTICATION_BACKENDS:
        return _anonymous()
    user = await load_backend(path).aget_user(user_id)
    if user is not None and hasattr(user, "get_session_auth_hash"):
        match _verification(user, await session.aget(HASH_SESSION_KEY)):
            case "":
                await session.aflush()
                user = None
            case "fallback":
                await session.acycle_key()
                await session.aset(HASH_SESSION_KEY, user.get_session_auth_hash())
    return _anonymous() if user is None else user


def get_permission_codename(action: str, opts: Any) -> str:
    """Return the codename of a permission, e.g. ``"change_article"``."""
    return f"{action}_{opts.model_name}"


def update_session_auth_hash(request: Any, user: Any) -> None:
    """Keep the session of a user who changed their password."""
    request.session.cycle_key()
    if hasattr(user, "get_session_auth_hash") and request.user == user:
        request.session[HASH_SESSION_KEY] = user.get_session_auth_hash()


async def aupdate_session_auth_hash(request: Any, user: Any) -> None:
    """Asynchronous twin of ``update_session_auth_hash``."""
    await request.session.acycle_key()
    if hasattr(user, "get_session_auth_hash") and await request.auser() == user:
        await request.session.aset(HASH_SESSION_KEY, user.get_session_auth_hash())


