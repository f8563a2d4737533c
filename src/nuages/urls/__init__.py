"""URLs: from a path to a view and back. Manual: "URL dispatcher", "django.urls utility functions"."""

from typing import TYPE_CHECKING

from nuages.utils._lazy import names_from

if TYPE_CHECKING:
    from nuages.urls.base import (
        clear_script_prefix,
        clear_url_caches,
        get_script_prefix,
        get_urlconf,
        is_valid_path,
        resolve,
        reverse,
        reverse_lazy,
        set_script_prefix,
        set_urlconf,
        translate_url,
    )
    from nuages.urls.conf import include, path, re_path
    from nuages.urls.converters import register_converter
    from nuages.urls.exceptions import NoReverseMatch, Resolver404
    from nuages.urls.resolvers import (
        LocalePrefixPattern,
        ResolverMatch,
        URLPattern,
        URLResolver,
        get_ns_resolver,
        get_resolver,
    )
    from nuages.urls.utils import get_callable, get_mod_func

__getattr__ = names_from(
    __name__,
    {
        "base": (
            "clear_script_prefix",
            "clear_url_caches",
            "get_script_prefix",
            "get_urlconf",
            "is_valid_path",
            "resolve",
            "reverse",
            "reverse_lazy",
            "set_script_prefix",
            "set_urlconf",
            "translate_url",
        ),
        "conf": ("include", "path", "re_path"),
        "converters": ("register_converter",),
        "exceptions": ("NoReverseMatch", "Resolver404"),
        "resolvers": (
            "LocalePrefixPattern",
            "ResolverMatch",
            "URLPattern",
            "URLResolver",
            "get_ns_resolver",
            "get_resolver",
        ),
        "utils": ("get_callable", "get_mod_func"),
    },
)

__all__ = [
    "LocalePrefixPattern",
    "NoReverseMatch",
    "Resolver404",
    "ResolverMatch",
    "URLPattern",
    "URLResolver",
    "clear_script_prefix",
    "clear_url_caches",
    "get_callable",
    "get_mod_func",
    "get_ns_resolver",
    "get_resolver",
    "get_script_prefix",
    "get_urlconf",
    "include",
    "is_valid_path",
    "path",
    "re_path",
    "register_converter",
    "resolve",
    "reverse",
    "reverse_lazy",
    "set_script_prefix",
    "set_urlconf",
    "translate_url",
]
