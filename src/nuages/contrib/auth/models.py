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
from nuages.utils.twins import Calls, call, either, twin

from .validators import UnicodeUsernameValidator


def _text(label: Any, length: int, **options: Any) -> Any:
    """Return a field for a short text."""
    return models.CharField(label, **{"max_length": length, **options})


def _flag(label: Any, default: bool, help_text: Any) -> Any:
    """Return a field for yes or no."""
    return models.BooleanField(label, default=default, help_text=help_text)


def _many(target: type[models.Model], label: Any, **options: Any) -> Any:
    """Return a field for any number of objects, or none."""
    return models.ManyToManyField(target, **{"verbose_name": label, "blank": True, **options})


def update_last_login(sender: Any, user: Any, **kwargs: Any) -> None:
    """Set the time of a login that just happened; receives ``user_logged_in``."""
    setattr(user, "last_login", timezone.now())  # noqa: B010 - the model may lack the field
    user.save(update_fields=("last_login",))


class _NaturalManager(models.Manager):
    """Base of managers that migrations see too."""

    use_in_migrations = True


class PermissionManager(_NaturalManager):
    """Finds permissions by natural key."""

    def get_by_natural_key(self, codename: str, app_label: str, model: str) -> Permission:
        """Return the permission of that name for a model."""
        types = ContentType.objects.db_manager(self.db)
        return self.get(content_type=types.get_by_natural_key(app_label, model), codename=codename)


class GroupManager(_NaturalManager):
    """Finds groups by name."""

    @twin
    def get_by_natural_key(self, name: str) -> Calls[Group]:
        """Return the group of that name."""
        return (yield call(self, "get", name=name))


class Permission(models.Model):
    """Leave to do something with the objects of a model."""

    class Meta:
        ordering = [f"content_type__{name}" for name in ("app_label", "model")] + ["codename"]
        unique_together = [["content_type", "codename"]]
        verbose_name, verbose_name_plural = _("permission"), _("permissions")

    name = _text(_("name"), 255)
    content_type = models.ForeignKey(
        ContentType, on_delete=models.CASCADE, verbose_name=_("content type")
    )
    codename = _text(_("codename"), 100)

    objects = PermissionManager()

    def natural_key(self) -> tuple[str, ...]:
        """Return codename, application label and model name."""
        return self.codename, *self.content_type.natural_key()

    natural_key.dependencies = [ContentType._meta.label_lower]  # type: ignore[attr-defined]

    def __str__(self) -> str:
        return " | ".join((str(self.content_type), self.name))

    @property
    def user_perm_str(self) -> str:
        """What ``has_perm()`` wants: ``"app_label.codename"``."""
        return ".".join((self.content_type.app_label, self.codename))


class Group(models.Model):
    """Users who share permissions."""

    class Meta:
        verbose_name, verbose_name_plural = _("group"), _("groups")

    name = _text(_("name"), 150, unique=True)
    permissions = _many(Permission, _("permissions"))

    objects = GroupManager()

    def natural_key(self) -> tuple[str]:
        """Return the name."""
        return (self.name,)

    def __str__(self) -> str:
        (name,) = self.natural_key()
        return name


#: What sets superusers apart.
_POWERS = ("is_staff", "is_superuser")


class UserManager(BaseUserManager):
    """Creates and finds users."""

    use_in_migrations = True

    @twin
    def _create_user(
        self, username: str, email: str | None, password: str | None, **fields: Any
    ) -> Calls[Any]:
        if not username:
            raise ValueError("The given username must be set")
        # Looked up anew, because in migrations the model lacks its methods.
        real: Any = apps.get_model(self.model._meta.label)
        fields["username"] = real.normalize_username(username)
        fields["email"] = self.normalize_email(email)
        user = self.model(**fields)
        user.password = yield either(make_password, None, password)
        yield call(user, "save", using=self._db)
        return user

    @twin
    def create_user(
        self,
        username: str,
        email: str | None = None,
        password: str | None = None,
        **extra_fields: Any,
    ) -> Calls[Any]:
        """Create a user.

        Raises:
            ValueError: the name is empty.
        """
        fields = {**dict.fromkeys(_POWERS, False), **extra_fields}
        return (yield call(self, "_create_user", username, email, password, **fields))

    @twin
    def create_superuser(
        self,
        username: str,
        email: str | None = None,
        password: str | None = None,
        **extra_fields: Any,
    ) -> Calls[Any]:
        """Create a user who may do everything.

        Raises:
            ValueError: the name is empty, or a flag says otherwise.
        """
        fields = {**dict.fromkeys(_POWERS, True), **extra_fields}
        for flag in _POWERS:
            if fields[flag] is not True:
                raise ValueError(f"Superuser must have {flag}=True.")
        return (yield call(self, "_create_user", username, email, password, **fields))

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
        if not isinstance(backend, (str, type(None))):
            raise TypeError(f"backend must be a dotted import path string (got {backend!r}).")
        asked = auth.get_backends() if backend is None else [auth.load_backend(backend)]
        if len(asked) > 1:
            raise ValueError(
                "You have multiple authentication backends configured and therefore must provide "
                "the `backend` argument."
            )
        find = getattr(asked[0], "with_perm", None)
        if find is None:
            return self.none()
        return find(perm, is_active=is_active, include_superusers=include_superusers, obj=obj)


for _name in ("create_user", "acreate_user", "create_superuser", "acreate_superuser"):
    # Templates must not call them.
    getattr(UserManager, _name).alters_data = True


def _collected(user: Any, obj: Any, origin: str) -> Calls[set[str]]:
    """Return the permissions that all backends together give from one origin."""
    method = f"get_{origin}_permissions"
    found: set[str] = set()
    for backend in auth.get_backends():
        if hasattr(backend, method):
            found.update((yield call(backend, method, user, obj)))
    return found


def _granted(method: str, *args: Any) -> Calls[bool]:
    """Return whether any backend says yes; one may forbid that others be asked."""
    for backend in auth.get_backends():
        if not hasattr(backend, method):
            continue
        try:
            if (yield call(backend, method, *args)):
                return True
        except PermissionDenied:
            break
    return False


class _Asks:
    """The questions that every user answers, also an anonymous one, by asking the backends."""

    is_active: Any
    is_superuser: Any

    @twin
    def get_user_permissions(self, obj: Any = None) -> Calls[set[str]]:
        """Return the permissions that the user has directly."""
        return (yield from _collected(self, obj, "user"))

    @twin
    def get_group_permissions(self, obj: Any = None) -> Calls[set[str]]:
        """Return the permissions that the user has through groups."""
        return (yield from _collected(self, obj, "group"))

    @twin
    def get_all_permissions(self, obj: Any = None) -> Calls[set[str]]:
        """Return all permissions of the user."""
        return (yield from _collected(self, obj, "all"))

    @twin
    def has_perm(self, perm: str, obj: Any = None) -> Calls[bool]:
        """Whether the user has a permission (for an object, if one is given)."""
        if self.is_active and self.is_superuser:
            return True
        return (yield from _granted("has_perm", self, perm, obj))

    @twin
    def has_perms(self, perm_list: Iterable[str], obj: Any = None) -> Calls[bool]:
        """Whether the user has all of several permissions.

        Raises:
            ValueError: they are no list.
        """
        if isinstance(perm_list, str) or not isinstance(perm_list, Iterable):
            raise ValueError("perm_list must be an iterable of permissions.")
        for perm in perm_list:
            if not (yield call(self, "has_perm", perm, obj)):
                return False
        return True

    @twin
    def has_module_perms(self, app_label: str) -> Calls[bool]:
        """Whether the user has any permission in an application."""
        if self.is_active and self.is_superuser:
            return True
        return (yield from _granted("has_module_perms", self, app_label))


#: The questions whose answers for a superuser are known beforehand.
OWN_ANSWERS = {name: getattr(_Asks, name) for name in ("has_perm", "has_module_perms")}


def _of_users(target: type[models.Model], label: Any, help_text: Any) -> Any:
    back = {"related_name": "user_set", "related_query_name": "user"}
    return _many(target, label, help_text=help_text, **back)


class PermissionsMixin(_Asks, models.Model):
    """Groups and permissions for a user model."""

    class Meta:
        abstract = True

    is_superuser = _flag(
        _("superuser status"),
        False,
        _("Designates that this user has all permissions without explicitly assigning them."),
    )
    groups = _of_users(
        Group,
        _("groups"),
        _(
            "The groups this user belongs to. A user will get all permissions granted to each of "
            "their groups."
        ),
    )
    user_permissions = _of_users(
        Permission, _("user permissions"), _("Specific permissions for this user.")
    )


class AbstractUser(AbstractBaseUser, PermissionsMixin):
    """All of the usual user model, for models that add to it."""

    class Meta:
        abstract = True
        verbose_name, verbose_name_plural = _("user"), _("users")

    REQUIRED_FIELDS = ["email"]
    EMAIL_FIELD, USERNAME_FIELD = "email", "username"

    username_validator = UnicodeUsernameValidator()

    username = _text(
        _("username"),
        150,
        unique=True,
        validators=[username_validator],
        help_text=_("Required. 150 characters or fewer. Letters, digits and @/./+/-/_ only."),
        error_messages={"unique": _("A user with that username already exists.")},
    )
    first_name = _text(_("first name"), 150, blank=True)
    last_name = _text(_("last name"), 150, blank=True)
    email = models.EmailField(verbose_name=_("email address"), blank=True)
    is_staff = _flag(
        _("staff status"),
        False,
        _("Designates whether the user can log into this admin site."),
    )
    is_active = _flag(
        _("active"),
        True,
        _(
            "Designates whether this user should be treated as active. Unselect this instead of "
            "deleting accounts."
        ),
    )
    date_joined = models.DateTimeField(verbose_name=_("date joined"), default=timezone.now)

    objects = UserManager()

    def get_short_name(self) -> str:
        """Return the first name."""
        return self.first_name

    def get_full_name(self) -> str:
        """Return first and last name."""
        return " ".join(filter(None, (self.first_name, self.last_name))).strip()

    def email_user(
        self, subject: str, message: str, from_email: str | None = None, **kwargs: Any
    ) -> None:
        """Send the user a mail."""
        recipients = [self.email]
        from nuages.core.mail import send_mail

        send_mail(subject, message, from_email, recipients, **kwargs)

    def clean(self) -> None:
        """Bring user name and mail address into their normal form."""
        super().clean()
        normalize = self.__class__.objects.normalize_email
        self.email = normalize(self.email)


class User(AbstractUser):
    """A user, with a name, a password, and permissions."""

    class Meta(AbstractUser.Meta):
        swappable = "AUTH_USER_MODEL"


def _not_a_row(self: Any, *args: Any, **kwargs: Any) -> None:
    raise NotImplementedError("Django doesn't provide a DB representation for AnonymousUser.")


class AnonymousUser(_Asks):
    """Somebody who is not logged in; reads like a user."""

    id = pk = None
    username = ""
    is_active = is_staff = is_superuser = False
    groups = property(lambda self: EmptyManager(Group), doc="No groups.")
    user_permissions = property(lambda self: EmptyManager(Permission), doc="No permissions.")
    is_anonymous = property(lambda self: True, doc="True.")
    is_authenticated = property(lambda self: False, doc="False.")

    save = delete = set_password = check_password = _not_a_row

    def get_username(self) -> str:
        """Return an empty text."""
        return self.username

    # All of them are one and the same.

    def __hash__(self) -> int:
        return 1

    def __eq__(self, other: object) -> bool:
        return isinstance(other, type(self))

    def __str__(self) -> str:
        return type(self).__name__

    def __int__(self) -> int:
        raise TypeError(
            "Cannot cast AnonymousUser to int. Are you trying to use it in place of User?"
        )
