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
            return caches["template_fragments" if "template_fragments" in caches.settings else "default"]
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
        text = cache.get(key)
        if text is None:
            text = self.nodelist.render(context)
            cache.set(key, text, seconds)
        return text


@register.tag("cache")
def do_cache(parser: Parser, token: Token) -> Node:
    """Compile a ``cache`` tag."""
    nodelist = parser.parse(("endcache",))
    parser.delete_first_token()
    tag, *words = token.split_contents()
    if len(words) < 2:
        raise TemplateSyntaxError(f"'{tag}' tag requires at least 2 arguments.")
    cache_name = None
    if len(words) > 2 and words[-1].startswith("using="):
        cache_name = parser.compile_filter(words.pop()[len("using=") :])
    expire_time, fragment, *vary_on = words
    return CacheNode(
        nodelist,
        parser.compile_filter(expire_time),
        fragment,  # a plain word
        [parser.compile_filter(word) for word in vary_on],
        cache_name,
    )
