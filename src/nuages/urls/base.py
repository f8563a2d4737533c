"""``reverse()``, ``resolve()`` and the script prefix and URLconf of the running request."""

from __future__ import annotations

from contextlib import suppress
from contextvars import ContextVar
from typing import Any
from urllib.parse import unquote, urlencode, urlsplit, urlunsplit

from nuages.http import QueryDict
from nuages.urls.exceptions import NoReverseMatch, Resolver404
from nuages.urls.resolvers import (
    ResolverMatch,
    URLResolver,
    _get_cached_resolver,
    get_ns_resolver,
    get_resolver,
)
from nuages.urls.utils import get_callable
from nuages.utils.functional import lazy

# Each request has its own, threads that serve it see them too.
_prefix: ContextVar[str] = ContextVar("script_prefix", default="/")
_urlconf: ContextVar[Any] = ContextVar("urlconf", default=None)


def resolve(path: str, urlconf: Any = None) -> ResolverMatch:
    """Return what the URLconf says about ``path``. Manual: "resolve()".

    Raises:
        Resolver404: no pattern matches.
    """
    return get_resolver(_urlconf.get() if urlconf is None else urlconf).resolve(path)


def reverse(
    viewname: Any,
    urlconf: Any = None,
    args: Any = None,
    kwargs: dict[str, Any] | None = None,
    current_app: str | None = None,
    *,
    query: Any = None,
    fragment: str | None = None,
) -> str:
    """Return the path of a view. Manual: "reverse()".

    Args:
        viewname: a name (``"namespace:name"``), or the view itself.
        current_app: which instance of an application is meant, where there are several.
        query: appended as a query string.
        fragment: appended as it is.

    Raises:
        NoReverseMatch: no pattern fits.
    """
    resolver = get_resolver(_urlconf.get() if urlconf is None else urlconf)
    prefix = _prefix.get()
    view = viewname
    if isinstance(viewname, str) and ":" in viewname:
        *namespaces, view = viewname.split(":")
        resolver = _resolver_of(resolver, namespaces, current_app)
    url = resolver._reverse_with_prefix(view, prefix, *(args or ()), **(kwargs or {}))
    if query is not None:
        encoded = (
            query.urlencode() if isinstance(query, QueryDict) else urlencode(query, doseq=True)
        )
        if encoded:
            url += "?" + encoded
    if fragment is not None:
        url += "#" + fragment
    return url


def is_name(text: str) -> bool:
    """Whether ``text`` is the name of a pattern that is in no namespace, and not a URL."""
    return bool(get_resolver(_urlconf.get())._roads_to(text))


def _resolver_of(
    resolver: URLResolver, namespaces: list[str], current_app: str | None
) -> URLResolver:
    """Walk down the namespaces. Manual: "Reversing namespaced URLs"."""
    hints = current_app.split(":")[::-1] if current_app else []
    walked: list[str] = []
    lead, converters = "", {}
    for namespace in namespaces:
        hint = hints.pop() if hints else None
        instances = resolver.app_dict.get(namespace)
        if instances:
            # An application's name: the current instance, or the default one, or any.
            if hint in instances:
                namespace = hint
            elif namespace not in instances:
                namespace = instances[0]
        if namespace != hint:
            hints = []
        found = resolver._index.namespaces.get(namespace)
        if found is None:
            inside = f" inside '{':'.join(walked)}'" if walked else ""
            raise NoReverseMatch(f"{namespace!r} is not a registered namespace{inside}")
        step, resolver, captured = found
        walked.append(namespace)
        lead += step
        converters.update(captured)
    if not lead:
        return resolver
    return get_ns_resolver(lead, resolver, tuple(converters.items()))


reverse_lazy = lazy(reverse, str)


def clear_url_caches() -> None:
    """Forget all URLconfs that were read, and what was compiled from them."""
    for cached in (get_callable, _get_cached_resolver, get_ns_resolver):
        cached.cache_clear()


def set_script_prefix(prefix: str) -> None:
    """Set what comes before every path of this project."""
    if not prefix.endswith("/"):
        prefix += "/"
    if _prefix.get() != prefix:
        _prefix.set(prefix)


def get_script_prefix() -> str:
    """Return what comes before every path of this project; ``"/"`` where that is nothing."""
    return _prefix.get()


def clear_script_prefix() -> None:
    """Go back to the prefix ``"/"``."""
    _prefix.set("/")


def set_urlconf(urlconf_name: Any) -> None:
    """Replace ``ROOT_URLCONF`` for the running request; ``None`` undoes it."""
    _urlconf.set(urlconf_name)


def get_urlconf(default: Any = None) -> Any:
    """Return the URLconf of the running request, or ``default`` where it is ``ROOT_URLCONF``."""
    chosen = _urlconf.get()
    return default if chosen is None else chosen


def is_valid_path(path: str, urlconf: Any = None) -> ResolverMatch | bool:
    """Return the match for ``path``, or False."""
    with suppress(Resolver404):
        return resolve(path, urlconf)
    return False


def translate_url(url: str, lang_code: str) -> str:
    """Return ``url`` as it is in another language; unchanged where that has no such view."""
    from nuages.utils.translation import override

    parts = urlsplit(url)
    try:
        # The path arrives escaped; patterns match what it means.
        match = resolve(unquote(parts.path))
    except Resolver404:
        return url
    if not match.url_name:
        # Another pattern of the same view need not be the same page.
        return url
    name = match.view_name
    with override(lang_code):
        try:
            translated = reverse(name, args=match.args, kwargs=match.kwargs)
        except NoReverseMatch:
            return url
    return urlunsplit(parts._replace(path=translated))
