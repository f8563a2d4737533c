"""The tag that keeps rendered text. Manual: "Django's cache framework", "Template fragment caching"."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nuages.core.cache import InvalidCacheBackendError, caches
from nuages.core.cache.utils import make_template_fragment_key
from nuages.template import Library, Node, TemplateSyntaxError, VariableDoesNotExist

if TYPE_CHECKING:
    from nuages.template.base import Parser, Token

register = Library()


class CacheNode(Node):
    """Text that is kept.

    Args:
        nodelist: the nodes inside.
        expire_time_var: how long, in seconds.
        fragment_name: names the text.
        vary_on: what the text depends on.
        cache_name: alias of the cache; by default ``template_fragments``, or else ``default``.
    """

    def __init__(
        self,
        nodelist: Any,
        expire_time_var: Any,
        fragment_name: str,
        vary_on: list[Any],
        cache_name: Any,
    ) -> None:
        self.nodelist, self.fragment_name, self.vary_on = nodelist, fragment_name, vary_on
        self.expire_time_var, self.cache_name = expire_time_var, cache_name

    def _seconds(self, context: Any) -> int | None:
        name = repr(self.expire_time_var.token)
        try:
            value = self.expire_time_var.resolve(context)
            return value if value is None else int(value)
        except VariableDoesNotExist:
            raise TemplateSyntaxError(f'"cache" tag got an unknown variable: {name}') from None
        except (ValueError, TypeError):
            raise TemplateSyntaxError(
                f'"cache" tag got a non-integer timeout value: {value!r}'
            ) from None

    def _cache(self, context: Any) -> Any:
        if not self.cache_name:
            return caches[
                "template_fragments" if "template_fragments" in caches.settings else "default"
            ]
        try:
            name = self.cache_name.resolve(context)
        except VariableDoesNotExist:
            raise TemplateSyntaxError(
                f'"cache" tag got an unknown variable: {self.cache_name.var!r}'
            ) from None
        try:
            return caches[name]
        except InvalidCacheBackendError:
            raise TemplateSyntaxError(
                f"Invalid cache name specified for cache tag: {name!r}"
            ) from None

    def render(self, context: Any) -> str:
        """Return the text, from the cache if it is there."""
        seconds, cache = self._seconds(context), self._cache(context)
        values = [expression.resolve(context) for expression in self.vary_on]
        key = make_template_fragment_key(self.fragment_name, values)
        known = cache.get(key)
        if known is not None:
            return known
        made = self.nodelist.render(context)
        cache.set(key, made, seconds)
        return made


@register.tag("cache")
def do_cache(parser: Parser, token: Token) -> Node:
    """Compile a ``cache`` tag."""
    inside = parser.parse(("endcache",))
    parser.delete_first_token()
    name = None
    tag, *words = token.split_contents()
    if len(words) < 2:
        raise TemplateSyntaxError(f"'{tag!r}' tag requires at least 2 arguments.")
    seconds, fragment, *vary_on = words
    if vary_on and vary_on[-1].startswith("using="):
        name = parser.compile_filter(vary_on.pop().removeprefix("using="))
    keys = [*map(parser.compile_filter, vary_on)]
    # The name of the fragment is a plain word.
    return CacheNode(inside, parser.compile_filter(seconds), fragment, keys, name)
