"""Users, groups and permissions. Manual: "django.contrib.auth"."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from nuages.apps import apps
from nuages.contrib import auth
from nuages.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from nuages.contrib.auth.hashers import make_password
from nuages.contrib.contenttypes.models import ContentType
from nuages.core.exceptions import PermissionDenied
from nuages.db import models
from nuages.db.models.manager import EmptyManager
from nuages.utils import timezone
from nuages.utils.translation import gettext_lazy as _

from .validators import UnicodeUsernameValidator


def update_last_login(sender: Any, user: Any, **kwargs: Any) -> None:
    """Set the time of a login that just happened; receives ``user_logged_in``."""
    user.last_login = timezone.now()
    user.save(update_fields=["last_login"])


class PermissionManager(models.Manager):
    """Finds permissions by natural key."""

    use_in_migrations = True

    def get_by_natural_key(self, codename: str, app_label: str, model: str) -> Permission:
        """Return the permission of that name for a model."""
        of_model = ContentType.objects.db_manager(self.db).get_by_natural_key(app_label, model)
        return self.get(codename=codename, content_type=of_model)


class Permission(models.Model):
    """Leave to do something with the objects of a model."""

    name = models.CharField(_("name"), max_length=255)
    content_type = models.ForeignKey(ContentType, models.CASCADE, verbose_name=_("content type"))
    codename = models.CharField(_("codename"), max_length=100)
    objects = PermissionManager()

    class Meta:
        verbose_name = _("permission")
        verbose_name_plural = _("permissions")
        unique_together = [["content_type", "codename"]]
        ordering = ["content_type__app_label", "content_type__model", "codename"]

    def __str__(self) -> str:
        return f"{self.content_type} | {self.name}"

    def natural_key(self) -> tuple[str, ...]:
        """Return codename, application label and model name."""
        return (self.codename, *self.content_type.natural_key())

    natural_key.dependencies = ["contenttypes.contenttype"]  # type: ignore[attr-defined]

    @property
    def user_perm_str(self) -> str:
        """What ``has_perm()`` wants: ``"app_label.codename"``."""
        return f"{self.content_type.app_label}.{self.codename}"


class GroupManager(models.Manager):
    """Finds groups by name."""

    use_in_migrations = True

    def get_by_natural_key(self, name: str) -> Group:
        """Return the group of that name."""
        return self.get(name=name)

    async def aget_by_natural_key(self, name: str) -> Group:
        """Asynchronous twin of ``get_by_natural_key``."""
        return await self.aget(name=name)


class Group(models.Model):
    """Users who share permissions."""

    name = models.CharField(_("name"), max_length=150, unique=True)
    permissions = models.ManyToManyField(Permission, verbose_name=_("permissions"), blank=True)
    objects = GroupManager()

    class Meta:
        verbose_name = _("group")
        verbose_name_plural = _("groups")

    def __str__(self) -> str:
        return self.name

    def natural_key(self) -> tuple[str]:
        """Return the name."""
        return (self.name,)


class UserManager(BaseUserManager):
    """Creates and finds users."""

    use_in_migrations = True

    def _new(
        self, username: str, email: str | None, password: str | None, fields: dict[str, Any]
    ) -> Any:
        if not username:
            raise ValueError("The given username must be set")
        # Looked up anew, because in migrations the model lacks its methods.
        described = apps.get_model(self.model._meta.app_label, self.model._meta.object_name)
        user = self.model(
            username=described.normalize_username(username),
            email=self.normalize_email(email),
            **fields,
        )
        user.password = make_password(password)
        return user

    @staticmethod
    def _superuser(fields: dict[str, Any]) -> dict[str, Any]:
        fields = {"is_staff": True, "is_superuser": True} | fields
        for name in ("is_staff", "is_superuser"):
            if fields[name] is not True:
                raise ValueError(f"Superuser must have {name}=True.")
        return fields

    def create_user(
        self,
        username: str,
        email: str | None = None,
        password: str | None = None,
        **extra_fields: Any,
    ) -> Any:
        """Create a user.

        Raises:
            ValueError: the name is empty.
        """
        fields = {"is_staff": False, "is_superuser": False} | extra_fields
        user = self._new(username, email, password, fields)
        user.save(using=self._db)
        return user

    create_user.alters_data = True  # type: ignore[attr-defined]

    async def acreate_user(
        self,
        username: str,
        email: str | None = None,
        password: str | None = None,
        **extra_fields: Any,
    ) -> Any:
        """Asynchronous twin of ``create_user``."""
        fields = {"is_staff": False, "is_superuser": False} | extra_fields
        user = self._new(username, email, password, fields)
        await user.asave(using=self._db)
        return user

    acreate_user.alters_data = True  # type: ignore[attr-defined]

    def create_superuser(
        self,
        username: str,
        email: str | None = None,
        password: str | None = None,
        **extra_fields: Any,
    ) -> Any:
        """Create a user who may do everything.

        Raises:
            ValueError: the name is empty, or a flag says otherwise.
        """
        user = self._new(username, email, password, self._superuser(extra_fields))
        user.save(using=self._db)
        return user

    create_superuser.alters_data = True  # type: ignore[attr-defined]

    async def acreate_superuser(
        self,
        username: str,
        email: str | None = None,
        password: str | None = None,
        **extra_fields: Any,
    ) -> Any:
        """Asynchronous twin of ``create_superuser``."""
        user = self._new(username, email, password, self._superuser(extra_fields))
        await user.asave(using=self._db)
        return user

    acreate_superuser.alters_data = True  # type: ignore[attr-defined]

    def with_perm(
        self,
        perm: Any,
        is_active: bool | None = True,
        include_superusers: bool = True,
        backend: str | None = None,
        obj: Any = None,
    ) -> Any:
        """Return the users who have a permission.

        Args:
            perm: a ``Permission``, or ``"app_label.codename"``.
            is_active: only such users; None for all.
            include_superusers: whether they count.
            backend: path of the backend to ask; needed if there are several.
            obj: the object it is about.

        Raises:
            ValueError: there are several backends.
            TypeError: ``backend`` is no text.
        """
        if backend is None:
            backends = auth.get_backends()
            if len(backends) != 1:
                raise ValueError(
                    "You have multiple authentication backends configured and therefore must "
                    "provide the `backend` argument."
                )
            chosen = backends[0]
        elif isinstance(backend, str):
            chosen = auth.load_backend(backend)
        else:
            raise TypeError(f"backend must be a dotted import path string (got {backend!r}).")
        if not hasattr(chosen, "with_perm"):
            return self.none()
        return chosen.with_perm(
            perm, is_active=is_active, include_superusers=include_superusers, obj=obj
        )


# Every user, also an anonymous one, answers these questions by asking the backends.


def _user_get_permissions(user: Any, obj: Any, from_name: str) -> set[str]:
    method = f"get_{from_name}_permissions"
    return set().union(
        *(getattr(b, method)(user, obj) for b in auth.get_backends() if hasattr(b, method))
    )


async def _auser_get_permissions(user: Any, obj: Any, from_name: str) -> set[str]:
    method = f"aget_{from_name}_permissions"
    found: set[str] = set()
    for backend in auth.get_backends():
        if hasattr(backend, method):
            found |= await getattr(backend, method)(user, obj)
    return found


def _ask(method: str, *args: Any) -> bool:
    for backend in auth.get_backends():
        if hasattr(backend, method):
            try:
                if getattr(backend, method)(*args):
                    return True
            except PermissionDenied:
                # The backend forbids that others be asked.
                return False
    return False


async def _aask(method: str, *args: Any) -> bool:
    for backend in auth.get_backends():
        if hasattr(backend, method):
            try:
                if await getattr(backend, method)(*args):
                    return True
            except PermissionDenied:
                return False
    return False


def _user_has_perm(user: Any, perm: str, obj: Any) -> bool:
    return _ask("has_perm", user, perm, obj)


def _user_has_module_perms(user: Any, app_label: str) -> bool:
    return _ask("has_module_perms", user, app_label)


def _listed(perm_list: Any) -> Iterable[str]:
    if isinstance(perm_list, str) or not isinstance(perm_list, Iterable):
        raise ValueError("perm_list must be an iterable of permissions.")
    return perm_list


class PermissionsMixin(models.Model):
    """Groups and permissions for a user model."""

    is_superuser = models.BooleanField(
        _("superuser status"),
        default=False,
        help_text=_(
            "Designates that this user has all permissions without explicitly assigning them."
        ),
    )
    groups = models.ManyToManyField(
        Group,
        verbose_name=_("groups"),
        blank=True,
        help_text=_(
            "The groups this user belongs to. A user will get all permissions granted to each of "
            "their groups."
        ),
        related_name="user_set",
        related_query_name="user",
    )
    user_permissions = models.ManyToManyField(
        Permission,
        verbose_name=_("user permissions"),
        blank=True,
        help_text=_("Specific permissions for this user."),
        related_name="user_set",
        related_query_name="user",
    )

    class Meta:
        abstract = True

    @property
    def _unlimited(self) -> bool:
        return bool(self.is_active and self.is_superuser)

    def get_user_permissions(self, obj: Any = None) -> set[str]:
        """Return the permissions that the user has directly."""
        return _user_get_permissions(self, obj, "user")

    async def aget_user_permissions(self, obj: Any = None) -> set[str]:
        """Asynchronous twin of ``get_user_permissions``."""
        return await _auser_get_permissions(self, obj, "user")

    def get_group_permissions(self, obj: Any = None) -> set[str]:
        """Return the permissions that the user has through groups."""
        return _user_get_permissions(self, obj, "group")

    async def aget_group_permissions(self, obj: Any = None) -> set[str]:
        """Asynchronous twin of ``get_group_permissions``."""
        return await _auser_get_permissions(self, obj, "group")

    def get_all_permissions(self, obj: Any = None) -> set[str]:
        """Return all permissions of the user."""
        return _user_get_permissions(self, obj, "all")

    async def aget_all_permissions(self, obj: Any = None) -> set[str]:
        """Asynchronous twin of ``get_all_permissions``."""
        return await _auser_get_permissions(self, obj, "all")

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        """Whether the user has a permission (for an object, if one is given)."""
        return self._unlimited or _user_has_perm(self, perm, obj)

    async def ahas_perm(self, perm: str, obj: Any = None) -> bool:
        """Asynchronous twin of ``has_perm``."""
        return self._unlimited or await _aask("ahas_perm", self, perm, obj)

    def has_perms(self, perm_list: Iterable[str], obj: Any = None) -> bool:
        """Whether the user has all of several permissions.

        Raises:
            ValueError: they are no list.
        """
        return all(self.has_perm(perm, obj) for perm in _listed(perm_list))

    async def ahas_perms(self, perm_list: Iterable[str], obj: Any = None) -> bool:
        """Asynchronous twin of ``has_perms``."""
        for perm in _listed(perm_list):
            if not await self.ahas_perm(perm, obj):
                return False
        return True

    def has_module_perms(self, app_label: str) -> bool:
        """Whether the user has any permission in an application."""
        return self._unlimited or _user_has_module_perms(self, app_label)

    async def ahas_module_perms(self, app_label: str) -> bool:
        """Asynchronous twin of ``has_module_perms``."""
        return self._unlimited or await _aask("ahas_module_perms", self, app_label)


class AbstractUser(AbstractBaseUser, PermissionsMixin):
    """All of the usual user model, for models that add to it."""

    username_validator = UnicodeUsernameValidator()

    username = models.CharField(
        _("username"),
        max_length=150,
        unique=True,
        help_text=_("Required. 150 characters or fewer. Letters, digits and @/./+/-/_ only."),
        validators=[username_validator],
        error_messages={"unique": _("A user with that username already exists.")},
    )
    first_name = models.CharField(_("first name"), max_length=150, blank=True)
    last_name = models.CharField(_("last name"), max_length=150, blank=True)
    email = models.EmailField(_("email address"), blank=True)
    is_staff = models.BooleanField(
        _("staff status"),
        default=False,
        help_text=_("Designates whether the user can log into this admin site."),
    )
    is_active = models.BooleanField(
        _("active"),
        default=True,
        help_text=_(
            "Designates whether this user should be treated as active. Unselect this instead of "
            "deleting accounts."
        ),
    )
    date_joined = models.DateTimeField(_("date joined"), default=timezone.now)

    objects = UserManager()

    EMAIL_FIELD = "email"
    USERNAME_FIELD = "username"
    REQUIRED_FIELDS = ["email"]

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        abstract = True

    def clean(self) -> None:
        """Bring user name and mail address into their normal form."""
        super().clean()
        self.email = type(self).objects.normalize_email(self.email)

    def get_full_name(self) -> str:
        """Return first and last name."""
        return f"{self.first_name} {self.last_name}".strip()

    def get_short_name(self) -> str:
        """Return the first name."""
        return self.first_name

    def email_user(
        self, subject: str, message: str, from_email: str | None = None, **kwargs: Any
    ) -> None:
        """Send the user a mail."""
        from nuages.core.mail import send_mail

        send_mail(subject, message, from_email, [self.email], **kwargs)


class User(AbstractUser):
    """A user, with a name, a password, and permissions."""

    class Meta(AbstractUser.Meta):
        swappable = "AUTH_USER_MODEL"


class AnonymousUser:
    """Somebody who is not logged in; reads like a user."""

    id = None
    pk = None
    username = ""
    is_staff = False
    is_active = False
    is_superuser = False
    _groups = EmptyManager(Group)
    _user_permissions = EmptyManager(Permission)

    def __str__(self) -> str:
        return "AnonymousUser"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, self.__class__)

    def __hash__(self) -> int:
        return 1  # all are the same

    def __int__(self) -> int:
        raise TypeError(
            "Cannot cast AnonymousUser to int. Are you trying to use it in place of User?"
        )

    def _not_a_row(self, *args: Any, **kwargs: Any) -> None:
        raise NotImplementedError("Django doesn't provide a DB representation for AnonymousUser.")

    save = delete = set_password = check_password = _not_a_row

    @property
    def groups(self) -> Any:
        """No groups."""
        return self._groups

    @property
    def user_permissions(self) -> Any:
        """No permissions."""
        return self._user_permissions

    @property
    def is_anonymous(self) -> bool:
        """True."""
        return True

    @property
    def is_authenticated(self) -> bool:
        """False."""
        return False

    def get_username(self) -> str:
        """Return an empty text."""
        return self.username

    def get_user_permissions(self, obj: Any = None) -> set[str]:
        """Return the permissions that backends give to everybody."""
        return _user_get_permissions(self, obj, "user")

    async def aget_user_permissions(self, obj: Any = None) -> set[str]:
        """Asynchronous twin of ``get_user_permissions``."""
        return await _auser_get_permissions(self, obj, "user")

    def get_group_permissions(self, obj: Any = None) -> set[str]:
        """Return the permissions that backends give to everybody through groups."""
        return _user_get_permissions(self, obj, "group")

    async def aget_group_permissions(self, obj: Any = None) -> set[str]:
        """Asynchronous twin of ``get_group_permissions``."""
        return await _auser_get_permissions(self, obj, "group")

    def get_all_permissions(self, obj: Any = None) -> set[str]:
        """Return all permissions that backends give to everybody."""
        return _user_get_permissions(self, obj, "all")

    async def aget_all_permissions(self, obj: Any = None) -> set[str]:
        """Asynchronous twin of ``get_all_permissions``."""
        return await _auser_get_permissions(self, obj, "all")

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        """Whether backends give a permission to everybody."""
        return _user_has_perm(self, perm, obj)

    async def ahas_perm(self, perm: str, obj: Any = None) -> bool:
        """Asynchronous twin of ``has_perm``."""
        return await _aask("ahas_perm", self, perm, obj)

    has_perms = PermissionsMixin.has_perms
    ahas_perms = PermissionsMixin.ahas_perms

    def has_module_perms(self, module: str) -> bool:
        """Whether backends give everybody a permission in an application."""
        return _user_has_module_perms(self, module)

    async def ahas_module_perms(self, module: str) -> bool:
        """Asynchronous twin of ``has_module_perms``."""
        return await _aask("ahas_module_perms", self, module)
