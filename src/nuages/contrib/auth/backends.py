"""Backends know users and permissions. Manual: "Customizing authentication in Django"."""

from __future__ import annotations

from typing import Any

from nuages.contrib.auth import afake_hashing, get_user_model
from nuages.contrib.auth.models import Permission
from nuages.db.models import Exists, OuterRef, Q
from nuages.utils.twins import Calls, Either, call, either, twin
from nuages.views.decorators.debug import sensitive_variables


class BaseBackend:
    """A backend that knows nobody; subclasses override what they know."""

    @twin
    def authenticate(self, request: Any, **kwargs: Any) -> Calls[Any]:
        """Return the user that the credentials belong to, or None."""
        return None
        yield

    @twin
    def get_user(self, user_id: Any) -> Calls[Any]:
        """Return the user of a primary key, or None."""
        return None
        yield

    @twin
    def get_user_permissions(self, user_obj: Any, obj: Any = None) -> Calls[set[str]]:
        """Return the permissions that a user has directly."""
        return set()
        yield

    @twin
    def get_group_permissions(self, user_obj: Any, obj: Any = None) -> Calls[set[str]]:
        """Return the permissions that a user has through groups."""
        return set()
        yield

    @twin
    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> Calls[set[str]]:
        """Return all permissions of a user."""
        found: set[str] = set()
        for origin in ("user", "group"):
            found.update((yield call(self, f"get_{origin}_permissions", user_obj, obj=obj)))
        return found

    @twin
    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> Calls[bool]:
        """Whether a user has a permission."""
        return perm in (yield call(self, "get_all_permissions", user_obj, obj=obj))


def _rows_of(rows: Any) -> Either:
    """Return the step that fetches all rows of a queryset."""

    async def fetch() -> list[Any]:
        return [row async for row in rows]

    return either(lambda: list(rows), fetch)


class ModelBackend(BaseBackend):
    """Knows the users, groups and permissions in the database."""

    @staticmethod
    def _name(username: str | None, credentials: dict[str, Any]) -> Any:
        key = get_user_model().USERNAME_FIELD
        return credentials.get(key) if username is None else username

    # As in the package: one for each colour, so that reports of errors do not show the password.

    @sensitive_variables("password")
    def authenticate(
        self, request: Any, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> Any:
        """Return the active user of that name and password, or None."""
        model, name = get_user_model(), self._name(username, kwargs)
        if password is None or name is None:
            return None
        try:
            user = model._default_manager.get_by_natural_key(name)
        except model.DoesNotExist:
            # As much work as for a known name, so that nobody learns who is known.
            model().set_password(password)
            return None
        right = user.check_password(password)
        return user if right and self.user_can_authenticate(user) else None

    @sensitive_variables("password")
    async def aauthenticate(
        self, request: Any, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> Any:
        """Asynchronous twin of ``authenticate``."""
        model, name = get_user_model(), self._name(username, kwargs)
        if password is None or name is None:
            return None
        try:
            user = await model._default_manager.aget_by_natural_key(name)
        except model.DoesNotExist:
            await afake_hashing(password)
            return None
        right = await user.acheck_password(password)
        return user if right and self.user_can_authenticate(user) else None

    def user_can_authenticate(self, user: Any) -> bool:
        """Whether a user may log in: not so with ``is_active`` off."""
        return getattr(user, "is_active", True)

    # Which permissions a user has from where; others override these to give more.

    def _get_user_permissions(self, user_obj: Any) -> Any:
        return user_obj.user_permissions.all()

    def _get_group_permissions(self, user_obj: Any) -> Any:
        return Permission.objects.filter(group__in=user_obj.groups.all())

    @staticmethod
    def _knows(user_obj: Any, obj: Any) -> bool:
        """Whether this backend has anything to say: not about single objects."""
        return obj is None and user_obj.is_active and not user_obj.is_anonymous

    @twin
    def _get_permissions(self, user_obj: Any, obj: Any, from_name: str) -> Calls[set[str]]:
        """Return the permissions from one origin, which the user remembers."""
        if not self._knows(user_obj, obj):
            return set()
        memory, key = user_obj.__dict__, f"_{from_name}_perm_cache"
        if key not in memory:
            permissions = (
                Permission.objects.all()
                if user_obj.is_superuser
                else getattr(self, f"_get_{from_name}_permissions")(user_obj)
            )
            pairs = permissions.values_list("content_type__app_label", "codename").order_by()
            memory[key] = {".".join(pair) for pair in (yield _rows_of(pairs))}
        return memory[key]

    @twin
    def get_user_permissions(self, user_obj: Any, obj: Any = None) -> Calls[set[str]]:
        """Return the permissions that a user has directly."""
        return (yield call(self, "_get_permissions", user_obj, obj, "user"))

    @twin
    def get_group_permissions(self, user_obj: Any, obj: Any = None) -> Calls[set[str]]:
        """Return the permissions that a user has through groups."""
        return (yield call(self, "_get_permissions", user_obj, obj, "group"))

    @twin
    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> Calls[set[str]]:
        """Return all permissions of a user, remembered with the user."""
        if not self._knows(user_obj, obj):
            return set()
        memory = user_obj.__dict__
        if "_perm_cache" not in memory:
            found: set[str] = set()
            for origin in ("user", "group"):
                found |= yield call(self, f"get_{origin}_permissions", user_obj)
            memory["_perm_cache"] = found
        return memory["_perm_cache"]

    @twin
    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> Calls[bool]:
        """Whether an active user has a permission."""
        if not user_obj.is_active:
            return False
        return perm in (yield call(self, "get_all_permissions", user_obj, obj=obj))

    @twin
    def has_module_perms(self, user_obj: Any, app_label: str) -> Calls[bool]:
        """Whether an active user has any permission in an application."""
        if not user_obj.is_active:
            return False
        held = yield call(self, "get_all_permissions", user_obj)
        return any(perm.partition(".")[0] == app_label for perm in held)

    @twin
    def get_user(self, user_id: Any) -> Calls[Any]:
        """Return the user of a primary key who may log in, or None."""
        model = get_user_model()
        try:
            user = yield call(model._default_manager, "get", pk=user_id)
        except model.DoesNotExist:
            return None
        return user if self.user_can_authenticate(user) else None

    def with_perm(
        self,
        perm: Any,
        is_active: bool | None = True,
        include_superusers: bool = True,
        obj: Any = None,
    ) -> Any:
        """Return the users who have a permission.

        Args:
            perm: a ``Permission``, or ``"app_label.codename"``.
            is_active: only such users; None for all.
            include_superusers: whether they count.
            obj: this backend knows of no permissions for single objects.

        Raises:
            TypeError: ``perm`` is neither.
            ValueError: ``perm`` is malformed.
        """
        match perm:
            case str():
                app_label, dot, codename = perm.partition(".")
                if not dot or "." in codename:
                    raise ValueError(
                        "Permission name should be in the form app_label.permission_codename."
                    )
                wanted = {"codename": codename, "content_type__app_label": app_label}
            case Permission():
                wanted = {"pk": perm.pk}
            case _:
                raise TypeError("The `perm` argument must be a string or a permission instance.")
        model = get_user_model()
        if obj is not None:
            return model._default_manager.none()
        holders = Q(group__user=OuterRef("pk")) | Q(user=OuterRef("pk"))
        condition = Q(Exists(Permission.objects.filter(holders, **wanted)))
        if include_superusers:
            condition |= Q(is_superuser=True)
        if is_active is not None:
            condition &= Q(is_active=is_active)
        return model._default_manager.filter(condition)


class RemoteUserBackend(ModelBackend):
    """Trusts the name that the web server found.

    Attributes:
        create_unknown_user: whether a user is made for a new name.
    """

    create_unknown_user = True

    def clean_username(self, username: str) -> str:
        """Return the user name that stands for a name of the web server."""
        return username

    @twin
    def configure_user(self, request: Any, user: Any, created: bool = True) -> Calls[Any]:
        """Return the user, perhaps changed, who was just made if ``created``."""
        return user
        yield

    @twin
    def authenticate(self, request: Any, remote_user: str | None) -> Calls[Any]:
        """Return the user of the name, who is made if need be; None if they may not log in."""
        if not remote_user:
            return None
        model = get_user_model()
        known, name = model._default_manager, self.clean_username(remote_user)
        created = False
        try:
            if self.create_unknown_user:
                user, created = yield call(known, "get_or_create", **{model.USERNAME_FIELD: name})
            else:
                user = yield call(known, "get_by_natural_key", name)
        except model.DoesNotExist:
            return None
        user = yield call(self, "configure_user", request, user, created=created)
        return user if self.user_can_authenticate(user) else None


def _lets_all_in(self: Any, user: Any) -> bool:
    """Return True."""
    return True


class AllowAllUsersModelBackend(ModelBackend):
    """Lets users log in whose ``is_active`` is off."""

    user_can_authenticate = _lets_all_in


class AllowAllUsersRemoteUserBackend(RemoteUserBackend):
    """Trusts the web server also for users whose ``is_active`` is off."""

    user_can_authenticate = _lets_all_in
