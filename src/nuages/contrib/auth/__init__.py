"""Users, and who may do what. Manual: "User authentication in Django"."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any

from nuages.apps import apps as django_apps
from nuages.conf import settings
from nuages.core.exceptions import ImproperlyConfigured, PermissionDenied
from nuages.utils.concurrency import sync_to_async
from nuages.utils.crypto import constant_time_compare
from nuages.utils.inspect import signature
from nuages.utils.module_loading import import_string
from nuages.utils.twins import Calls, arun, call, run
from nuages.views.decorators.debug import sensitive_variables

from .signals import user_logged_in, user_logged_out, user_login_failed

REDIRECT_FIELD_NAME = "next"

# What a session remembers: the user, the backend that knew the user, and a hash that changes with
# the password.
SESSION_KEY, BACKEND_SESSION_KEY, HASH_SESSION_KEY = (
    f"_auth_user_{part}" for part in ("id", "backend", "hash")
)

#: What stands for a secret among credentials that receivers of a signal see.
CLEANSED = "*" * 20
_SECRETS = frozenset({"api", "token", "key", "secret", "password", "signature"})


def _pair(calls: Callable[..., Calls[Any]]) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Return the blocking and the awaiting function for a generator (see ``utils.twins``)."""

    @wraps(calls)
    def blocking(*args: Any, **kwargs: Any) -> Any:
        return run(calls(*args, **kwargs))

    @wraps(calls)
    async def awaiting(*args: Any, **kwargs: Any) -> Any:
        return await arun(calls(*args, **kwargs))

    awaiting.__name__ = awaiting.__qualname__ = f"a{calls.__name__}"
    return blocking, awaiting


def load_backend(path: str) -> Any:
    """Return an instance of the backend at a dotted path."""
    return import_string(path)()


def _get_backends(return_tuples: bool = False) -> list[Any]:
    loaded = {path: load_backend(path) for path in settings.AUTHENTICATION_BACKENDS}
    if loaded:
        return [(b, path) for path, b in loaded.items()] if return_tuples else [*loaded.values()]
    raise ImproperlyConfigured(
        "No authentication backends have been defined. Does AUTHENTICATION_BACKENDS contain "
        "anything?"
    )


def get_backends() -> list[Any]:
    """Return the backends of ``AUTHENTICATION_BACKENDS``.

    Raises:
        ImproperlyConfigured: there are none.
    """
    return _get_backends()


def _accepting(request: Any, credentials: dict[str, Any]) -> Iterator[tuple[Any, str]]:
    """Yield the backends (and their paths) whose ``authenticate()`` takes such credentials."""
    for backend, path in _get_backends(return_tuples=True):
        try:
            signature(backend.authenticate).bind(request, **credentials)
        except TypeError:
            continue
        yield backend, path


@sensitive_variables("credentials")
def _clean_credentials(credentials: dict[str, Any]) -> dict[str, Any]:
    """Return credentials with stars in the place of secrets."""
    return {
        name: CLEANSED if any(secret in name.lower() for secret in _SECRETS) else credentials[name]
        for name in map(str.__str__, credentials)
    }


def _rejected(request: Any, credentials: dict[str, Any]) -> dict[str, Any]:
    shown = _clean_credentials(credentials)
    return {"sender": __name__, "credentials": shown, "request": request}


# These two are not made from one: what stands between would show the password in reports of errors.


@sensitive_variables("credentials")
def authenticate(request: Any = None, **credentials: Any) -> Any:
    """Return the user that the credentials belong to; None if no backend knows one.

    The user remembers the backend as ``user.backend``.
    """
    user = None
    for backend, path in _accepting(request, credentials):
        try:
            user = backend.authenticate(request, **credentials)
        except PermissionDenied:
            break  # it forbids that others be asked
        if user is not None:
            user.backend = path
            return user
    user_login_failed.send(**_rejected(request, credentials))
    return user


@sensitive_variables("credentials")
async def aauthenticate(request: Any = None, **credentials: Any) -> Any:
    """Asynchronous twin of ``authenticate``."""
    user = None
    for backend, path in _accepting(request, credentials):
        ask = call(backend, "authenticate").awaiting
        try:
            user = await ask(request, **credentials)
        except PermissionDenied:
            break
        if user is not None:
            user.backend = path
            return user
    await user_login_failed.asend(**_rejected(request, credentials))
    return user


def _remembered_user_id(stored: Any) -> Any:
    return get_user_model()._meta.pk.to_python(stored)


def _session_hash(user: Any) -> str:
    return user.get_session_auth_hash() if hasattr(user, "get_session_auth_hash") else ""


def _path_to_remember(user: Any, backend: Any) -> str:
    if not isinstance(backend, (str, type(None))):
        raise TypeError(f"backend must be a dotted import path string (got {backend!r}).")
    named: str | None = backend or getattr(user, "backend", None)
    candidates = settings.AUTHENTICATION_BACKENDS if named is None else [named]
    if len(candidates) == 1:
        return candidates[0]
    raise ValueError(
        "You have multiple authentication backends configured and therefore must provide the "
        "`backend` argument or set the `backend` attribute on the user."
    )


def _answer(user: Any) -> Callable[[], Any]:
    async def auser() -> Any:
        return user

    return auser


def _put_on_request(request: Any, user: Any) -> None:
    if hasattr(request, "user"):
        request.user = user
    if hasattr(request, "auser"):
        request.auser = _answer(user)


def login(request: Any, user: Any, backend: str | None = None) -> Calls[None]:
    """Remember the user in the session.

    Args:
        request: its session is used.
        user: who logs in.
        backend: path of the backend; needed if there are several and the user names none.

    Raises:
        ValueError: it is not known which backend to remember.
    """
    session, current = request.session, user.get_session_auth_hash()
    stored = yield call(session, "get", SESSION_KEY)
    if stored is None:
        yield call(session, "cycle_key")
    else:
        known = yield call(session, "get", HASH_SESSION_KEY, "")
        same_password = not current or constant_time_compare(known, current)
        if not same_password or _remembered_user_id(stored) != user.pk:
            # Nobody gets what another user has left in the session.
            yield call(session, "flush")
    path = _path_to_remember(user, backend)
    remembered = {
        SESSION_KEY: user._meta.pk.value_to_string(user),
        BACKEND_SESSION_KEY: path,
        HASH_SESSION_KEY: current,
    }
    yield call(session, "update", remembered)
    _put_on_request(request, user)
    from nuages.middleware.csrf import rotate_token

    rotate_token(request)
    yield call(user_logged_in, "send", sender=user.__class__, request=request, user=user)


def logout(request: Any) -> Calls[None]:
    """Forget the user of the session, and all else in it."""
    from .models import AnonymousUser

    user = yield _user_of(request)
    who = user if getattr(user, "is_authenticated", True) else None
    yield call(user_logged_out, "send", sender=who.__class__, request=request, user=who)
    yield call(request.session, "flush")
    _put_on_request(request, AnonymousUser())


def _user_of(request: Any) -> Any:
    from nuages.utils.twins import either

    async def find() -> Any:
        if hasattr(request, "auser"):
            return await request.auser()
        return getattr(request, "user", None)

    return either(lambda: getattr(request, "user", None), find)


def get_user_model() -> Any:
    """Return the model of ``AUTH_USER_MODEL``.

    Raises:
        ImproperlyConfigured: the setting names none.
    """
    name = settings.AUTH_USER_MODEL
    problem = f"AUTH_USER_MODEL refers to model '{name}' that has not been installed"
    try:
        return django_apps.get_model(name, require_ready=False)
    except LookupError:
        pass
    except ValueError:
        problem = "AUTH_USER_MODEL must be of the form 'app_label.model_name'"
    raise ImproperlyConfigured(problem)


def get_user(request: Any) -> Calls[Any]:
    """Return the user of the session, or an ``AnonymousUser``."""
    from .models import AnonymousUser

    session = request.session
    stored = yield call(session, "get", SESSION_KEY)
    path = yield call(session, "get", BACKEND_SESSION_KEY)
    user = None
    if stored is not None and path in settings.AUTHENTICATION_BACKENDS:
        user = yield call(load_backend(path), "get_user", _remembered_user_id(stored))
    if user is not None and hasattr(user, "get_session_auth_hash"):
        known = yield call(session, "get", HASH_SESSION_KEY)
        if not known:
            accepted = False
        elif constant_time_compare(known, user.get_session_auth_hash()):
            accepted = True
        else:
            older = user.get_session_auth_fallback_hash()
            accepted = any(constant_time_compare(known, one) for one in older)
            if accepted:
                # From before the secret key changed: from now on, with the new key.
                yield call(session, "cycle_key")
                yield call(session, "update", {HASH_SESSION_KEY: user.get_session_auth_hash()})
        if not accepted:
            yield call(session, "flush")
            user = None
    return AnonymousUser() if user is None else user


def update_session_auth_hash(request: Any, user: Any) -> Calls[None]:
    """Keep the session of a user who changed their password."""
    yield call(request.session, "cycle_key")
    current = _session_hash(user)
    if current and (yield _user_of(request)) == user:
        yield call(request.session, "update", {HASH_SESSION_KEY: current})


login, alogin = _pair(login)
logout, alogout = _pair(logout)
get_user, aget_user = _pair(get_user)
update_session_auth_hash, aupdate_session_auth_hash = _pair(update_session_auth_hash)


async def afake_hashing(password: Any) -> None:
    """Work as long as for a known user, so that nobody learns who is known."""
    await sync_to_async(get_user_model()().set_password)(password)


def get_permission_codename(action: str, opts: Any) -> str:
    """Return the codename of a permission, e.g. ``"change_article"``."""
    return f"{action}_{opts.model_name}"
