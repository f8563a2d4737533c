"""Forms for users and passwords. Manual: "Using the Django authentication system", "Built-in forms"."""

from __future__ import annotations

import logging
import unicodedata
from collections.abc import Iterator
from functools import partial
from typing import Any

from nuages import forms
from nuages.contrib.auth import authenticate, get_user_model, password_validation
from nuages.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from nuages.contrib.auth.models import User
from nuages.contrib.auth.tokens import default_token_generator
from nuages.contrib.sites.shortcuts import get_current_site
from nuages.core.exceptions import ValidationError
from nuages.core.mail import EmailMultiAlternatives
from nuages.template import loader
from nuages.utils.encoding import force_bytes
from nuages.utils.http import urlsafe_base64_encode
from nuages.utils.text import capfirst
from nuages.utils.translation import gettext_lazy as _
from nuages.views.decorators.debug import sensitive_variables

logger = logging.getLogger("django.contrib.auth")

UserModel = get_user_model()


def _unicode_ci_compare(s1: str, s2: str) -> bool:
    """Whether two texts are equal but for case, without look-alikes passing for each other."""
    first, second = (unicodedata.normalize("NFKC", text).casefold() for text in (s1, s2))
    return first == second


def _password(label: Any, autocomplete: str, **options: Any) -> Any:
    """Return a field for a password, which may begin or end with white space."""
    focus = {"autofocus": True} if options.pop("autofocus", False) else {}
    widget = forms.PasswordInput(attrs={"autocomplete": autocomplete, **focus})
    return forms.CharField(label=label, strip=False, widget=widget, **options)


def _saved(user: Any, commit: bool) -> Any:
    if commit:
        user.save()
    return user


class ReadOnlyPasswordHashWidget(forms.Widget):
    """Shows what may be shown of a stored password."""

    template_name = "auth/widgets/read_only_password_hash.html"

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        """Return the names for the template."""
        usable = bool(value) and not value.startswith(UNUSABLE_PASSWORD_PREFIX)
        names = super().get_context(name, value, attrs)
        # Widgets leave empty values out.
        names["widget"]["value"] = value
        return {**names, "button_label": _("Reset password") if usable else _("Set password")}

    def id_for_label(self, id_: Any) -> None:  # type: ignore[override]
        """Return None: there is nothing that a label could be for."""
        return None


class ReadOnlyPasswordHashField(forms.Field):
    """A password that is shown, and cannot be changed."""

    widget = ReadOnlyPasswordHashWidget

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **({"required": False, "disabled": True} | kwargs))


class UsernameField(forms.CharField):
    """A user name, in the form that makes look-alikes equal."""

    def to_python(self, value: Any) -> Any:
        """Return the name; too long ones are left as they are, for the validator to refuse."""
        name = super().to_python(value)
        too_long = self.max_length is not None and len(name or "") > self.max_length
        return name if too_long else unicodedata.normalize("NFKC", name)

    def widget_attrs(self, widget: Any) -> dict[str, Any]:
        """Return attributes that keep browsers from changing names."""
        return super().widget_attrs(widget) | {
            "autocapitalize": "none",
            "autocomplete": "username",
        }


class SetPasswordMixin:
    """A password that is entered twice, for a form to take part in.

    Manual: "Using the Django authentication system", section "SetPasswordMixin".
    """

    error_messages = {"password_mismatch": _("The two password fields didn’t match.")}
    cleaned_data: dict[str, Any]
    add_error: Any

    @staticmethod
    def create_password_fields(
        label1: Any = _("Password"), label2: Any = _("Password confirmation")
    ) -> tuple[Any, Any]:
        """Return the two fields."""
        new = partial(_password, autocomplete="new-password")
        return (
            new(label1, help_text=password_validation.password_validators_help_text_html()),
            new(label2, help_text=_("Enter the same password as before, for verification.")),
        )

    @sensitive_variables("password1", "password2")
    def validate_passwords(
        self, password1_field_name: str = "password1", password2_field_name: str = "password2"
    ) -> None:
        """Add an error if the two are not equal."""
        fields = (password1_field_name, password2_field_name)
        password1, password2 = map(self.cleaned_data.get, fields)
        if password1 and password2 and password1 != password2:
            mismatch = self.error_messages["password_mismatch"]
            self.add_error(
                password2_field_name, ValidationError(mismatch, code="password_mismatch")
            )

    def set_password_and_save(
        self, user: Any, password_field_name: str = "password1", commit: bool = True
    ) -> Any:
        """Set the password of a user, who is saved if ``commit``; return the user."""
        user.set_password(self.cleaned_data[password_field_name])
        return _saved(user, commit)

    __class_getitem__ = classmethod(lambda cls, *args, **kwargs: cls)

    @sensitive_variables("password")
    def validate_password_for_user(self, user: Any, password_field_name: str = "password2") -> None:
        """Add errors for a password that breaks the rules."""
        if password := self.cleaned_data.get(password_field_name):
            try:
                password_validation.validate_password(password, user)
            except ValidationError as objections:
                self.add_error(password_field_name, objections)


class SetUnusablePasswordMixin:
    """The choice that a user logs in without a password, for forms of the admin."""

    usable_password_help_text = _(
        "Whether the user will be able to authenticate using a password or not. If disabled, they "
        "may still be able to authenticate using other backends, such as Single Sign-On or LDAP."
    )

    @staticmethod
    def create_usable_password_field(help_text: Any = usable_password_help_text) -> Any:
        """Return the field."""
        return forms.ChoiceField(
            label=_("Password-based authentication"),
            required=False,
            choices={"true": _("Enabled"), "false": _("Disabled")},
            initial="true",
            widget=forms.RadioSelect(attrs={"class": "radiolist inline"}),
            help_text=help_text,
        )

    def _let_passwords_be_empty(self) -> None:
        """Leave it to the choice whether passwords are needed."""
        for name in ("password1", "password2"):
            self.fields[name].required = False  # type: ignore[attr-defined]

    @sensitive_variables("password", "password1", "password2", "kept", "entered")
    def validate_passwords(
        self,
        password1_field_name: str = "password1",
        password2_field_name: str = "password2",
        usable_password_field_name: str = "usable_password",
    ) -> None:
        """Add errors for passwords that are empty or not equal, if there is to be one."""
        kept = self.cleaned_data  # type: ignore[attr-defined]
        kept["set_usable_password"] = kept.pop(usable_password_field_name, None) != "false"
        if not kept["set_usable_password"]:
            return
        names = (password1_field_name, password2_field_name)
        entered = password1, password2 = tuple(map(kept.get, names))
        for name, password in zip(names, entered, strict=True):
            if not password and name not in self.errors:  # type: ignore[attr-defined]
                message = self.fields[name].error_messages["required"]  # type: ignore[attr-defined]
                self.add_error(name, ValidationError(message, code="required"))  # type: ignore[attr-defined]
        super().validate_passwords(*names)  # type: ignore[misc]

    def _takes_password(self) -> bool:
        return self.cleaned_data["set_usable_password"]  # type: ignore[attr-defined]

    def set_password_and_save(
        self, user: Any, *args: Any, commit: bool = True, **kwargs: Any
    ) -> Any:
        """Set or take away the password of a user; return the user."""
        if not self._takes_password():
            user.set_unusable_password()
            return _saved(user, commit)
        return super().set_password_and_save(user, *args, **kwargs, commit=commit)  # type: ignore[misc]

    def validate_password_for_user(self, user: Any, **kwargs: Any) -> None:
        """Add errors for a password that breaks the rules, if there is to be one."""
        if self._takes_password():
            super().validate_password_for_user(user, **kwargs)  # type: ignore[misc]


class BaseUserCreationForm(SetPasswordMixin, forms.ModelForm):
    """A new user, with a password."""

    class Meta:
        field_classes = {"username": UsernameField}
        fields = ("username",)
        model = User

    password1, password2 = SetPasswordMixin.create_password_fields()

    def _post_clean(self) -> None:
        super()._post_clean()
        # Only now the instance has the data that the password must not be like.
        self.validate_password_for_user(self.instance)

    def clean(self) -> Any:
        """Compare the two passwords."""
        self.validate_passwords()
        return super().clean()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        name_field = self.fields.get(self._meta.model.USERNAME_FIELD)
        if name_field is not None:
            name_field.widget.attrs["autofocus"] = True

    def save(self, commit: bool = True) -> Any:
        """Return the user."""
        made = super().save(commit=False)
        user = self.set_password_and_save(made, commit=commit)
        # Without saving, that is left to the caller.
        if commit:
            getattr(self, "save_m2m", bool)()
        return user


class UserCreationForm(BaseUserCreationForm):
    """A new user, whose name no other has in any case."""

    def clean_username(self) -> Any:
        """Raise ``ValidationError`` for a name that differs from another in case only."""
        name = self.cleaned_data.get("username")
        if not name or not self._meta.model.objects.filter(username__iexact=name).exists():
            return name
        taken = self.instance.unique_error_message(self._meta.model, ["username"])
        self._update_errors(ValidationError({"username": taken}))
        return None


class UserChangeForm(forms.ModelForm):
    """All data of a user."""

    password = ReadOnlyPasswordHashField(
        label=_("Password"),
        help_text=_("Raw passwords are not stored, so there is no way to see the user’s password."),
    )

    class Meta:
        field_classes = {"username": UsernameField}
        model, fields = User, "__all__"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        shown = self.fields.get("password")
        if shown and self.instance and not self.instance.has_usable_password():
            shown.help_text = _(
                "Enable password-based authentication for this user by setting a password."
            )
        permissions = self.fields.get("user_permissions")
        if permissions:
            # Each is shown with its content type.
            permissions.queryset = permissions.queryset.select_related("content_type")


class AuthenticationForm(forms.Form):
    """Name and password.

    Args:
        request: given to the backends.
    """

    username = UsernameField(widget=forms.TextInput(attrs={"autofocus": True}))
    password = _password(_("Password"), "current-password")

    error_messages = {
        "inactive": _("This account is inactive."),
        "invalid_login": _(
            "Please enter a correct %(username)s and password. Note that both fields may be "
            "case-sensitive."
        ),
    }

    def __init__(self, request: Any = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request, self.user_cache = request, None
        field = self.fields["username"]
        self.username_field = UserModel._meta.get_field(UserModel.USERNAME_FIELD)
        field.max_length = self.username_field.max_length or 254
        field.widget.attrs["maxlength"] = field.max_length
        if field.label is None:
            field.label = capfirst(self.username_field.verbose_name)

    def get_invalid_login_error(self) -> ValidationError:
        """Return the error for a wrong name or password."""
        names = {"username": self.username_field.verbose_name}
        return ValidationError(
            self.error_messages["invalid_login"], code="invalid_login", params=names
        )

    def get_user(self) -> Any:
        """Return the user."""
        return self.user_cache

    def confirm_login_allowed(self, user: Any) -> None:
        """Raise ``ValidationError`` if a known user may not log in: one who is inactive."""
        if user.is_active:
            return
        code = "inactive"
        raise ValidationError(self.error_messages[code], code=code)

    @sensitive_variables()
    def clean(self) -> dict[str, Any]:
        """Find the user."""
        entered = self.cleaned_data
        if entered.get("username") is not None and entered.get("password"):
            given = {name: entered[name] for name in ("username", "password")}
            self.user_cache = authenticate(self.request, **given)
            if self.user_cache is None:
                raise self.get_invalid_login_error()
            self.confirm_login_allowed(self.user_cache)
        return entered


class PasswordResetForm(forms.Form):
    """A mail address to which a link is sent."""

    email = forms.EmailField(
        label=_("Email"), max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "email"})
    )

    def get_users(self, email: str) -> Iterator[Any]:
        """Yield the active users of an address who have a password."""
        field = UserModel.get_email_field_name()
        known = UserModel._default_manager.filter(**{f"{field}__iexact": email, "is_active": True})
        return (
            user
            for user in known
            if user.has_usable_password() and _unicode_ci_compare(email, getattr(user, field))
        )

    def send_mail(
        self,
        subject_template_name: str,
        email_template_name: str,
        context: dict[str, Any],
        from_email: str | None,
        to_email: str,
        html_email_template_name: str | None = None,
    ) -> None:
        """Send the mail; a failure is logged, so that nobody learns which addresses are known."""
        shown = partial(loader.render_to_string, context=context)
        # A subject is one line.
        subject = "".join(shown(subject_template_name).splitlines())
        mail = EmailMultiAlternatives(subject, shown(email_template_name), from_email, [to_email])
        if html_email_template_name:
            mail.attach_alternative(shown(html_email_template_name), "text/html")
        try:
            mail.send()
        except Exception:
            logger.exception("Failed to send password reset email to %s", context["user"].pk)

    def save(
        self,
        domain_override: str | None = None,
        subject_template_name: str = "registration/password_reset_subject.txt",
        email_template_name: str = "registration/password_reset_email.html",
        use_https: bool = False,
        token_generator: Any = default_token_generator,
        from_email: str | None = None,
        request: Any = None,
        html_email_template_name: str | None = None,
        extra_email_context: dict[str, Any] | None = None,
    ) -> None:
        """Send a link to each user of the address."""
        site_name = domain = domain_override
        if not domain_override:
            site = get_current_site(request)
            site_name, domain = site.name, site.domain
        field = UserModel.get_email_field_name()
        for user in self.get_users(self.cleaned_data["email"]):
            address = getattr(user, field)
            key = UserModel._meta.pk.value_to_string(user)
            names = {
                "user": user,
                "email": address,
                "uid": urlsafe_base64_encode(force_bytes(key)),
                "token": token_generator.make_token(user),
                "protocol": "https" if use_https else "http",
                "domain": domain,
                "site_name": site_name,
            }
            self.send_mail(
                subject_template_name,
                email_template_name,
                names | (extra_email_context or {}),
                from_email,
                address,
                html_email_template_name=html_email_template_name,
            )


class SetPasswordForm(SetPasswordMixin, forms.Form):
    """A new password, for a user who need not know the old one.

    Args:
        user: whose it is.
    """

    new_password1, new_password2 = SetPasswordMixin.create_password_fields(
        label1=_("New password"), label2=_("New password confirmation")
    )

    def __init__(self, user: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def save(self, commit: bool = True) -> Any:
        """Return the user, with the new password."""
        first, _second = self._names
        return self.set_password_and_save(self.user, first, commit=commit)

    _names = ("new_password1", "new_password2")

    def clean(self) -> Any:
        """Compare the two passwords, and check them."""
        self.validate_passwords(*self._names)
        self.validate_password_for_user(self.user, self._names[1])
        return super().clean()


class PasswordChangeForm(SetPasswordForm):
    """A new password, for a user who knows the old one."""

    old_password = _password(_("Old password"), "current-password", autofocus=True)

    field_order = ["old_password", "new_password1", "new_password2"]
    error_messages = SetPasswordForm.error_messages | {
        "password_incorrect": _("Your old password was entered incorrectly. Please enter it again.")
    }

    @sensitive_variables("old_password")
    def clean_old_password(self) -> Any:
        """Raise ``ValidationError`` unless it is right."""
        old_password = self.cleaned_data["old_password"]
        if self.user.check_password(old_password):
            return old_password
        wrong = self.error_messages["password_incorrect"]
        raise ValidationError(wrong, code="password_incorrect")


class AdminPasswordChangeForm(SetUnusablePasswordMixin, SetPasswordMixin, forms.Form):
    """A new password for any user, or none at all.

    Args:
        user: whose it is.
    """

    required_css_class = "required"
    usable_password_help_text = (
        SetUnusablePasswordMixin.usable_password_help_text
        + '<ul id="id_unusable_warning" class="messagelist"><li class="warning">'
        + _("If disabled, the current password for this user will be lost.")
        + "</li></ul>"
    )
    password1, password2 = SetPasswordMixin.create_password_fields()

    def __init__(self, user: Any, *args: Any, **kwargs: Any) -> None:
        self.user = user
        super().__init__(*args, **kwargs)
        self._let_passwords_be_empty()
        self.fields["password1"].widget.attrs["autofocus"] = True
        if user.has_usable_password():
            choice = self.create_usable_password_field(self.usable_password_help_text)
            self.fields["usable_password"] = choice

    def save(self, commit: bool = True) -> Any:
        """Return the user."""
        user = self.user
        return self.set_password_and_save(user, commit=commit)

    def clean(self) -> Any:
        """Compare the two passwords, and check them."""
        for check in (self.validate_passwords, partial(self.validate_password_for_user, self.user)):
            check()
        return super().clean()

    @property
    def changed_data(self) -> list[str]:
        """``["password"]`` if it changed."""
        changed = {*super().changed_data}
        both = {"password1", "password2"} <= changed
        return ["password"] if both or "set_usable_password" in changed else []


class AdminUserCreationForm(SetUnusablePasswordMixin, UserCreationForm):
    """A new user, perhaps without a password."""

    usable_password = SetUnusablePasswordMixin.create_usable_password_field()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._let_passwords_be_empty()
