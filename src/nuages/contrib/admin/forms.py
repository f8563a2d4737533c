"""Forms of the admin's own pages."""

from __future__ import annotations

from typing import Any

from nuages.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from nuages.core.exceptions import ValidationError
from nuages.utils.translation import gettext_lazy as _


class AdminAuthenticationForm(AuthenticationForm):
    """A login form for staff only."""

    required_css_class = "required"
    error_messages = AuthenticationForm.error_messages | {
        "invalid_login": _(
            "Please enter the correct %(username)s and password for a staff account. Note that "
            "both fields may be case-sensitive."
        )
    }

    def confirm_login_allowed(self, user: Any) -> None:
        """Raise ``ValidationError`` for users who are no staff."""
        super().confirm_login_allowed(user)
        if user.is_staff:
            return
        raise ValidationError(
            self.error_messages["invalid_login"],
            code="invalid_login",
            params={"username": self.username_field.verbose_name},
        )


class AdminPasswordChangeForm(PasswordChangeForm):
    """A form for one's own password."""

    required_css_class = "required"
