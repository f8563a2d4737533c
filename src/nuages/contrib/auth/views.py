"""Pages to log in, log out, and change a password. Manual: "Using the Django authentication system"."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit, urlunsplit

from nuages.conf import settings
from nuages.contrib import auth
from nuages.contrib.auth import REDIRECT_FIELD_NAME, forms
from nuages.contrib.auth.decorators import login_not_required, login_required
from nuages.contrib.auth.tokens import default_token_generator
from nuages.contrib.sites.shortcuts import get_current_site
from nuages.core.exceptions import ImproperlyConfigured, ValidationError
from nuages.http import HttpResponseRedirect, QueryDict
from nuages.shortcuts import resolve_url
from nuages.urls import reverse_lazy
from nuages.utils.decorators import method_decorator
from nuages.utils.http import url_has_allowed_host_and_scheme, urlsafe_base64_decode
from nuages.utils.translation import gettext_lazy as _
from nuages.views.decorators.cache import never_cache
from nuages.views.decorators.csrf import csrf_protect
from nuages.views.decorators.debug import sensitive_post_parameters
from nuages.views.generic.base import TemplateView
from nuages.views.generic.edit import FormView

UserModel = auth.get_user_model()

INTERNAL_RESET_SESSION_TOKEN = "_password_reset_token"
INTERNAL_RESET_URL_TOKEN = "set-password"

_page = "registration/{}.html".format


def redirect_to_login(
    next: str, login_url: Any = None, redirect_field_name: str | None = REDIRECT_FIELD_NAME
) -> HttpResponseRedirect:
    """Return a redirection to the login page, which goes on to ``next``.

    Args:
        next: where to go after.
        login_url: of the page; by default ``LOGIN_URL``.
        redirect_field_name: of the parameter; with an empty one ``next`` is left out.
    """
    parts = urlsplit(resolve_url(login_url or settings.LOGIN_URL))
    if redirect_field_name:
        query = QueryDict(parts.query, mutable=True)
        query[redirect_field_name] = next
        parts = parts._replace(query=query.urlencode(safe="/"))
    return HttpResponseRedirect(urlunsplit(parts))


def logout_then_login(request: Any, login_url: Any = None) -> Any:
    """Log out, and go to the login page."""
    target = resolve_url(login_url or settings.LOGIN_URL)
    return LogoutView.as_view(next_page=target)(request)


class RedirectURLMixin:
    """Finds where a page goes on: to what the request says if that is safe, or to a default."""

    redirect_field_name = REDIRECT_FIELD_NAME
    next_page: Any = None
    success_url_allowed_hosts: set[str] = set()
    request: Any

    def get_success_url_allowed_hosts(self) -> set[str]:
        """Return the hosts that are safe."""
        return self.success_url_allowed_hosts | {self.request.get_host()}

    def get_redirect_url(self, request: Any = None) -> str:
        """Return the address in a request; an empty text if it is missing or not safe."""
        request = request or self.request
        field = self.redirect_field_name
        wanted = request.POST.get(field, request.GET.get(field))
        safe = url_has_allowed_host_and_scheme(
            url=wanted,
            allowed_hosts=self.get_success_url_allowed_hosts(),
            require_https=request.is_secure(),
        )
        return wanted if safe else ""

    def get_default_redirect_url(self) -> str:
        """Return the default.

        Raises:
            ImproperlyConfigured: there is none.
        """
        if not self.next_page:
            raise ImproperlyConfigured("No URL to redirect to. Provide a next_page.")
        return resolve_url(self.next_page)

    def get_success_url(self) -> str:
        """Return where to go on."""
        return self.get_redirect_url() or self.get_default_redirect_url()


class PasswordContextMixin:
    """Gives a page its title."""

    title: Any = None
    extra_context: Any = None

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the names for the template."""
        names = super().get_context_data(**kwargs)  # type: ignore[misc]
        return names | {"title": self.title, "subtitle": None} | (self.extra_context or {})


@method_decorator(login_not_required, name="dispatch")
class LoginView(RedirectURLMixin, FormView):
    """The page to log in."""

    template_name = _page("login")
    form_class: Any = forms.AuthenticationForm
    authentication_form: Any = None
    redirect_authenticated_user = False
    extra_context = None

    @method_decorator(sensitive_post_parameters())
    @method_decorator(csrf_protect)
    @method_decorator(never_cache)
    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """Show the page, or send those on who are logged in.

        Raises:
            ValueError: it would send them to itself.
        """
        if not (self.redirect_authenticated_user and request.user.is_authenticated):
            return super().dispatch(request, *args, **kwargs)
        target = self.get_success_url()
        if target == request.path:
            raise ValueError(
                "Redirection loop for authenticated user detected. Check that your "
                "LOGIN_REDIRECT_URL doesn't point to a login page."
            )
        return HttpResponseRedirect(target)

    def get_default_redirect_url(self) -> str:
        """Return ``next_page``, or ``LOGIN_REDIRECT_URL``."""
        return resolve_url(self.next_page or settings.LOGIN_REDIRECT_URL)

    def get_form_class(self) -> Any:
        """Return the class of the form."""
        return self.authentication_form or self.form_class

    def get_form_kwargs(self) -> dict[str, Any]:
        """Return the arguments of the form."""
        return super().get_form_kwargs() | {"request": self.request}

    def form_valid(self, form: Any) -> HttpResponseRedirect:
        """Log in, and go on."""
        auth.login(self.request, form.get_user())
        return HttpResponseRedirect(self.get_success_url())

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the names for the template."""
        site = get_current_site(self.request)
        names = {
            **super().get_context_data(**kwargs),
            self.redirect_field_name: self.get_redirect_url(),
            "site": site,
            "site_name": site.name,
        }
        return names | (self.extra_context or {})


class LogoutView(RedirectURLMixin, TemplateView):
    """Logs out, on POST."""

    http_method_names = ["post", "options"]
    template_name = _page("logged_out")
    extra_context = None

    @method_decorator(csrf_protect)
    @method_decorator(never_cache)
    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """Handle the request."""
        return super().dispatch(request, *args, **kwargs)

    def post(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """Log out, and go on or show the page."""
        auth.logout(request)
        target = self.get_success_url()
        if target != request.get_full_path():
            return HttpResponseRedirect(target)
        return super().get(request, *args, **kwargs)

    def get_default_redirect_url(self) -> str:
        """Return ``next_page`` or ``LOGOUT_REDIRECT_URL``, or else this page."""
        for candidate in (self.next_page, settings.LOGOUT_REDIRECT_URL):
            if candidate:
                return resolve_url(candidate)
        return self.request.path

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the names for the template."""
        site = get_current_site(self.request)
        names = super().get_context_data(**kwargs)
        names |= {"site": site, "site_name": site.name, "title": _("Logged out"), "subtitle": None}
        return names | (self.extra_context or {})


@method_decorator(login_not_required, name="dispatch")
class PasswordResetView(PasswordContextMixin, FormView):
    """The page to ask for a mail with a link."""

    title = _("Password reset")
    template_name = _page("password_reset_form")
    success_url = reverse_lazy("password_reset_done")
    form_class: Any = forms.PasswordResetForm
    token_generator = default_token_generator
    email_template_name = _page("password_reset_email")
    html_email_template_name: str | None = None
    subject_template_name = "registration/password_reset_subject.txt"
    extra_email_context: dict[str, Any] | None = None
    from_email: str | None = None

    @method_decorator(csrf_protect)
    def dispatch(self, *args: Any, **kwargs: Any) -> Any:
        """Handle the request."""
        return super().dispatch(*args, **kwargs)

    def form_valid(self, form: Any) -> Any:
        """Send the mail."""
        passed_on = (
            "token_generator",
            "from_email",
            "email_template_name",
            "subject_template_name",
            "html_email_template_name",
            "extra_email_context",
        )
        form.save(
            request=self.request,
            use_https=self.request.is_secure(),
            **{name: getattr(self, name) for name in passed_on},
        )
        return super().form_valid(form)


@method_decorator(login_not_required, name="dispatch")
class PasswordResetDoneView(PasswordContextMixin, TemplateView):
    """Says that the mail was sent."""

    title = _("Password reset sent")
    template_name = _page("password_reset_done")


@method_decorator([login_not_required, sensitive_post_parameters(), never_cache], name="dispatch")
class PasswordResetConfirmView(PasswordContextMixin, FormView):
    """The page behind the link in the mail."""

    title = _("Enter new password")
    template_name = _page("password_reset_confirm")
    success_url = reverse_lazy("password_reset_complete")
    form_class: Any = forms.SetPasswordForm
    token_generator = default_token_generator
    reset_url_token = INTERNAL_RESET_URL_TOKEN
    post_reset_login = False
    post_reset_login_backend: str | None = None
    user: Any = None
    validlink = False

    def dispatch(self, *args: Any, **kwargs: Any) -> Any:
        """Take the token out of the address, then show the page.

        Raises:
            ImproperlyConfigured: the address lacks user or token.
        """
        if not kwargs.keys() >= {"uidb64", "token"}:
            raise ImproperlyConfigured("The URL path must contain 'uidb64' and 'token' parameters.")
        request: Any = self.request
        session, token = request.session, kwargs["token"]
        self.user = self.get_user(kwargs["uidb64"])
        self.validlink = False
        hidden = token == self.reset_url_token
        if self.user is not None:
            good = self.token_generator.check_token(
                self.user, session.get(INTERNAL_RESET_SESSION_TOKEN) if hidden else token
            )
            if good and not hidden:
                # Pages that this one links to must not learn the token from the Referer header.
                session[INTERNAL_RESET_SESSION_TOKEN] = token
                return HttpResponseRedirect(self.request.path.replace(token, self.reset_url_token))
            if good:
                self.validlink = True
                return super().dispatch(*args, **kwargs)
        return self.render_to_response(self.get_context_data())

    def get_user(self, uidb64: str) -> Any:
        """Return the user that the address names; None if there is no such one."""
        known = UserModel._default_manager
        try:
            key = UserModel._meta.pk.to_python(urlsafe_base64_decode(uidb64).decode())
            return known.get(pk=key)
        except (TypeError, ValueError, OverflowError, UserModel.DoesNotExist, ValidationError):
            return None

    def get_form_kwargs(self) -> dict[str, Any]:
        """Return the arguments of the form."""
        return super().get_form_kwargs() | {"user": self.user}

    def form_valid(self, form: Any) -> Any:
        """Set the password, and go on."""
        user = form.save()
        request: Any = self.request
        del request.session[INTERNAL_RESET_SESSION_TOKEN]
        if self.post_reset_login:
            auth.login(self.request, user, self.post_reset_login_backend)
        return super().form_valid(form)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the names for the template."""
        names = super().get_context_data(**kwargs)
        if self.validlink:
            return names | {"validlink": True}
        unsuccessful = _("Password reset unsuccessful")
        return names | {"form": None, "title": unsuccessful, "validlink": False}


@method_decorator(login_not_required, name="dispatch")
class PasswordResetCompleteView(PasswordContextMixin, TemplateView):
    """Says that the password was set."""

    title = _("Password reset complete")
    template_name = _page("password_reset_complete")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the names for the template."""
        return super().get_context_data(**kwargs) | {"login_url": resolve_url(settings.LOGIN_URL)}


@method_decorator([sensitive_post_parameters(), csrf_protect, login_required], name="dispatch")
class PasswordChangeView(PasswordContextMixin, FormView):
    """The page to change one's password."""

    title = _("Password change")
    template_name = _page("password_change_form")
    success_url = reverse_lazy("password_change_done")
    form_class: Any = forms.PasswordChangeForm

    def get_form_kwargs(self) -> dict[str, Any]:
        """Return the arguments of the form."""
        request: Any = self.request
        return super().get_form_kwargs() | {"user": request.user}

    def form_valid(self, form: Any) -> Any:
        """Set the password; this session stays, all others end."""
        auth.update_session_auth_hash(self.request, form.save())
        return super().form_valid(form)


@method_decorator(login_required, name="dispatch")
class PasswordChangeDoneView(PasswordContextMixin, TemplateView):
    """Says that the password was changed."""

    title = _("Password change successful")
    template_name = _page("password_change_done")
