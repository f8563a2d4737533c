"""Checks of the security settings, most of them for deployments only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nuages.conf import settings
from nuages.core.checks import Error, Tags, Warning, register
from nuages.core.exceptions import ImproperlyConfigured

CROSS_ORIGIN_OPENER_POLICY_VALUES = {"same-origin", "same-origin-allow-popups", "unsafe-none"}
REFERRER_POLICY_VALUES = {
    "no-referrer",
    "no-referrer-when-downgrade",
    "origin",
    "origin-when-cross-origin",
    "same-origin",
    "strict-origin",
    "strict-origin-when-cross-origin",
    "unsafe-url",
}
SECRET_KEY_INSECURE_PREFIX = "django-insecure-"
SECRET_KEY_MIN_LENGTH = 50
SECRET_KEY_MIN_UNIQUE_CHARACTERS = 5

_SECURITY = "django.middleware.security.SecurityMiddleware"
_XFRAME = "django.middleware.clickjacking.XFrameOptionsMiddleware"
_CSP = "django.middleware.csp.ContentSecurityPolicyMiddleware"
_CSP_PROCESSOR = "django.template.context_processors.csp"

SECRET_KEY_WARNING_MSG = (
    f"Your %s has less than {SECRET_KEY_MIN_LENGTH} characters, less than "
    f"{SECRET_KEY_MIN_UNIQUE_CHARACTERS} unique characters, or it's prefixed with "
    f"'{SECRET_KEY_INSECURE_PREFIX}' indicating that it was generated automatically by Django. "
    "Please generate a long and random value, otherwise many of Django's security-critical "
    "features will be vulnerable to attack."
)


def _warning(number: int, text: str, hint: str | None = None) -> Warning:
    return Warning(text, hint=hint, id=f"security.W{number:03}")


W001 = _warning(
    1,
    f"You do not have '{_SECURITY}' in your MIDDLEWARE so the SECURE_HSTS_SECONDS, "
    "SECURE_CONTENT_TYPE_NOSNIFF, SECURE_REFERRER_POLICY, SECURE_CROSS_ORIGIN_OPENER_POLICY, "
    "and SECURE_SSL_REDIRECT settings will have no effect.",
)
W002 = _warning(
    2,
    f"You do not have '{_XFRAME}' in your MIDDLEWARE, so your pages will not be served with an "
    "'x-frame-options' header. Unless there is a good reason for your site to be served in a "
    "frame, you should consider enabling this header to help prevent clickjacking attacks.",
)
W004 = _warning(
    4,
    "You have not set a value for the SECURE_HSTS_SECONDS setting. If your entire site is served "
    "only over SSL, you may want to consider setting a value and enabling HTTP Strict Transport "
    "Security. Be sure to read the documentation first; enabling HSTS carelessly can cause "
    "serious, irreversible problems.",
)
W005 = _warning(
    5,
    "You have not set the SECURE_HSTS_INCLUDE_SUBDOMAINS setting to True. Without this, your "
    "site is potentially vulnerable to attack via an insecure connection to a subdomain. Only "
    "set this to True if you are certain that all subdomains of your domain should be served "
    "exclusively via SSL.",
)
W006 = _warning(
    6,
    "Your SECURE_CONTENT_TYPE_NOSNIFF setting is not set to True, so your pages will not be "
    "served with an 'X-Content-Type-Options: nosniff' header. You should consider enabling this "
    "header to prevent the browser from identifying content types incorrectly.",
)
W008 = _warning(
    8,
    "Your SECURE_SSL_REDIRECT setting is not set to True. Unless your site should be available "
    "over both SSL and non-SSL connections, you may want to either set this setting True or "
    "configure a load balancer or reverse-proxy server to redirect all connections to HTTPS.",
)
W009 = _warning(9, SECRET_KEY_WARNING_MSG % "SECRET_KEY")
W018 = _warning(18, "You should not have DEBUG set to True in deployment.")
W019 = _warning(
    19,
    f"You have '{_XFRAME}' in your MIDDLEWARE, but X_FRAME_OPTIONS is not set to 'DENY'. Unless "
    "there is a good reason for your site to serve other parts of itself in a frame, you should "
    "change it to 'DENY'.",
)
W020 = _warning(20, "ALLOWED_HOSTS must not be empty in deployment.")
W021 = _warning(
    21,
    "You have not set the SECURE_HSTS_PRELOAD setting to True. Without this, your site cannot be "
    "submitted to the browser preload list.",
)
W022 = _warning(
    22,
    "You have not set the SECURE_REFERRER_POLICY setting. Without this, your site will not send "
    "a Referrer-Policy header. You should consider enabling this header to protect user privacy.",
)
E023 = Error(
    "You have set the SECURE_REFERRER_POLICY setting to an invalid value.",
    hint=f"Valid values are: {', '.join(sorted(REFERRER_POLICY_VALUES))}.",
    id="security.E023",
)
E024 = Error(
    "You have set the SECURE_CROSS_ORIGIN_OPENER_POLICY setting to an invalid value.",
    hint=f"Valid values are: {', '.join(sorted(CROSS_ORIGIN_OPENER_POLICY_VALUES))}.",
    id="security.E024",
)
W025 = _warning(25, SECRET_KEY_WARNING_MSG)
E026 = Error(
    "The Content Security Policy setting '%s' must be a dictionary (got %r instead).",
    id="security.E026",
)
W027 = _warning(
    27,
    f"Your Content Security Policy includes CSP.NONCE and '{_CSP}' is enabled, but "
    f"'{_CSP_PROCESSOR}' is not configured. The nonce will appear in the response header but not "
    "in rendered templates, so nonce-based protection will not take effect.",
    hint=(
        f"Add '{_CSP_PROCESSOR}' to the 'context_processors' option of at least one template "
        "backend."
    ),
)


def _uses(middleware: str) -> bool:
    return middleware in settings.MIDDLEWARE


def _deployment(
    name: str, doc: str, message: Warning, is_fine: Callable[[], Any]
) -> Callable[..., list[Warning]]:
    """Return a registered deployment check that gives ``message`` unless ``is_fine()``."""

    def check(app_configs: Any, **kwargs: Any) -> list[Warning]:
        return [] if is_fine() else [message]

    check.__name__ = check.__qualname__ = name
    check.__doc__ = doc
    checked: Callable[..., list[Warning]] = register(Tags.security, deploy=True)(check)
    return checked


def _unless_security(condition: Callable[[], Any]) -> Callable[[], Any]:
    """Settings that SecurityMiddleware acts on are of no interest without it."""
    return lambda: not _uses(_SECURITY) or condition()


check_security_middleware = _deployment(
    "check_security_middleware",
    "Find SecurityMiddleware missing.",
    W001,
    lambda: _uses(_SECURITY),
)
check_xframe_options_middleware = _deployment(
    "check_xframe_options_middleware",
    "Find XFrameOptionsMiddleware missing.",
    W002,
    lambda: _uses(_XFRAME),
)
check_sts = _deployment(
    "check_sts",
    "Find HSTS off.",
    W004,
    _unless_security(lambda: settings.SECURE_HSTS_SECONDS),
)
check_sts_include_subdomains = _deployment(
    "check_sts_include_subdomains",
    "Find subdomains left out of HSTS.",
    W005,
    _unless_security(
        lambda: not settings.SECURE_HSTS_SECONDS or settings.SECURE_HSTS_INCLUDE_SUBDOMAINS is True
    ),
)
check_sts_preload = _deployment(
    "check_sts_preload",
    "Find HSTS without preload.",
    W021,
    _unless_security(
        lambda: not settings.SECURE_HSTS_SECONDS or settings.SECURE_HSTS_PRELOAD is True
    ),
)
check_content_type_nosniff = _deployment(
    "check_content_type_nosniff",
    "Find content type sniffing allowed.",
    W006,
    _unless_security(lambda: settings.SECURE_CONTENT_TYPE_NOSNIFF is True),
)
check_ssl_redirect = _deployment(
    "check_ssl_redirect",
    "Find plain HTTP served.",
    W008,
    _unless_security(lambda: settings.SECURE_SSL_REDIRECT is True),
)
check_debug = _deployment("check_debug", "Find DEBUG on.", W018, lambda: not settings.DEBUG)
check_xframe_deny = _deployment(
    "check_xframe_deny",
    "Find pages allowed in frames.",
    W019,
    lambda: not _uses(_XFRAME) or settings.X_FRAME_OPTIONS == "DENY",
)
check_allowed_hosts = _deployment(
    "check_allowed_hosts", "Find no host allowed.", W020, lambda: settings.ALLOWED_HOSTS
)


def _is_strong_key(key: Any) -> bool:
    return (
        len(set(key)) >= SECRET_KEY_MIN_UNIQUE_CHARACTERS
        and len(key) >= SECRET_KEY_MIN_LENGTH
        and not str(key).startswith(SECRET_KEY_INSECURE_PREFIX)
    )


@register(Tags.security, deploy=True)
def check_secret_key(app_configs: Any, **kwargs: Any) -> list[Warning]:
    """Find a weak or missing key."""
    try:
        strong = _is_strong_key(settings.SECRET_KEY)
    except (ImproperlyConfigured, AttributeError, TypeError):
        strong = False
    return [] if strong else [W009]


@register(Tags.security, deploy=True)
def check_secret_key_fallbacks(app_configs: Any, **kwargs: Any) -> list[Warning]:
    """Find weak keys among those that are still accepted."""
    try:
        keys = list(settings.SECRET_KEY_FALLBACKS)
    except (ImproperlyConfigured, AttributeError, TypeError):
        return [Warning(W025.msg % "SECRET_KEY_FALLBACKS", id=W025.id)]
    return [
        Warning(W025.msg % f"SECRET_KEY_FALLBACKS[{index}]", id=W025.id)
        for index, key in enumerate(keys)
        if not _is_strong_key(key)
    ]


@register(Tags.security, deploy=True)
def check_referrer_policy(app_configs: Any, **kwargs: Any) -> list[Any]:
    """Find a referrer policy that is missing or unknown."""
    if not _uses(_SECURITY):
        return []
    policy = settings.SECURE_REFERRER_POLICY
    if policy is None:
        return [W022]
    values = policy.split(",") if isinstance(policy, str) else policy
    return [] if {value.strip() for value in values} <= REFERRER_POLICY_VALUES else [E023]


@register(Tags.security, deploy=True)
def check_cross_origin_opener_policy(app_configs: Any, **kwargs: Any) -> list[Error]:
    """Find an unknown opener policy."""
    policy = settings.SECURE_CROSS_ORIGIN_OPENER_POLICY
    if not _uses(_SECURITY) or policy is None or policy in CROSS_ORIGIN_OPENER_POLICY_VALUES:
        return []
    return [E024]


@register(Tags.security)
def check_csp_settings(app_configs: Any, **kwargs: Any) -> list[Error]:
    """Find content security policies that are no dictionaries."""
    return [
        Error(E026.msg % (name, value), id=E026.id)
        for name in ("SECURE_CSP", "SECURE_CSP_REPORT_ONLY")
        if (value := getattr(settings, name, None)) is not None and not isinstance(value, dict)
    ]


@register(Tags.security, deploy=True)
def check_csp_nonce_context_processor(app_configs: Any, **kwargs: Any) -> list[Warning]:
    """Find nonces that templates cannot know."""
    policies = (settings.SECURE_CSP, settings.SECURE_CSP_REPORT_ONLY)
    if not _uses(_CSP) or not any(map(_names_nonce, policies)):
        return []
    for engine in settings.TEMPLATES:
        if _CSP_PROCESSOR in engine.get("OPTIONS", {}).get("context_processors", ()):
            return []
    return [W027]


def _names_nonce(policy: Any) -> bool:
    from nuages.utils.csp import CSP

    if not isinstance(policy, dict):
        return False
    for values in policy.values():
        if isinstance(values, str):
            values = [values]
        try:
            if CSP.NONCE in values:
                return True
        except TypeError:
            # A flag such as upgrade-insecure-requests.
            continue
    return False
