"""Tags and filters of translation. Manual: "Translation", "In template code"."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from nuages.conf import settings
from nuages.template import Library, Node, TemplateSyntaxError, Variable
from nuages.template.base import (
    FilterExpression,
    TokenType,
    render_value_in_context,
    token_kwargs,
)
from nuages.template.compiler import _runtime
from nuages.utils import translation
from nuages.utils.safestring import SafeData, SafeString, mark_safe

if TYPE_CHECKING:
    from nuages.template.base import Parser, Token
    from nuages.template.compiler import Compiler

register = Library()


class _SettingNode(Node):
    """Base of the tags that only set a variable: ``value(context)`` gives what to."""

    child_nodelists = ()

    def __init__(self, *args: Any) -> None:
        *self.args, self.variable = args

    def value(self, context: Any) -> Any:
        """Return what the variable is set to."""
        raise NotImplementedError("subclasses say what the variable is set to")

    def render(self, context: Any) -> str:
        """Set the variable; there is no text."""
        context[self.variable] = self.value(context)
        return ""


class GetAvailableLanguagesNode(_SettingNode):
    """Sets a variable to the languages of ``LANGUAGES``, with translated names."""

    def value(self, context: Any) -> Any:
        """Return pairs of a code and a name."""
        return [(code, translation.gettext(name)) for code, name in settings.LANGUAGES]


class GetLanguageInfoNode(_SettingNode):
    """Sets a variable to what is known of a language."""

    def value(self, context: Any) -> Any:
        """Return a dictionary."""
        return translation.get_language_info(self.args[0].resolve(context))


class GetLanguageInfoListNode(_SettingNode):
    """Sets a variable to what is known of several languages."""

    def value(self, context: Any) -> Any:
        """Return a list of dictionaries."""
        return [self._info(language) for language in self.args[0].resolve(context)]

    @staticmethod
    def _info(language: Any) -> Any:
        # A code, or a pair as in LANGUAGES (codes are longer than one character).
        return translation.get_language_info(
            str(language if len(language[0]) == 1 else language[0])
        )


class GetCurrentLanguageNode(_SettingNode):
    """Sets a variable to the code of the current language."""

    def value(self, context: Any) -> Any:
        """Return the code."""
        return translation.get_language()


class GetCurrentLanguageBidiNode(_SettingNode):
    """Sets a variable to whether the current language is written from right to left."""

    def value(self, context: Any) -> Any:
        """Return a boolean."""
        return translation.get_language_bidi()


class TranslateNode(Node):
    """A translated text."""

    child_nodelists = ()

    def __init__(
        self,
        filter_expression: Any,
        noop: bool,
        asvar: str | None = None,
        message_context: Any = None,
    ) -> None:
        self.noop, self.asvar, self.message_context = noop, asvar, message_context
        self.filter_expression = filter_expression
        if isinstance(filter_expression.var, str):
            filter_expression.is_var = True
            filter_expression.var = Variable(f"'{filter_expression.var}'")

    def render(self, context: Any) -> str:
        """Return the text, or set the variable."""
        variable = self.filter_expression.var
        variable.translate = not self.noop
        if self.message_context:
            variable.message_context = self.message_context.resolve(context)
        output = self.filter_expression.resolve(context)
        value = render_value_in_context(output, context)
        # Translators double percent signs, as in texts with placeholders.
        safe = isinstance(value, SafeData)
        value = value.replace("%%", "%")
        if safe:
            value = mark_safe(value)
        if not self.asvar:
            return value
        context[self.asvar] = value
        return ""

    def inlines(self, compiler: Compiler) -> bool:
        expression = self.filter_expression
        if type(expression) is not FilterExpression or expression.filters or not expression.is_var:
            return False
        constant = expression.var.lookups is None and isinstance(expression.var.literal, SafeData)
        return constant and not (self.asvar or self.message_context)

    def emit(self, compiler: Compiler) -> None:
        message = self.filter_expression.var.literal
        if self.noop:
            compiler.text(message.replace("%%", "%"))
            return
        translate = compiler.constant(_constant_text, "translate")
        compiler.write(f"{translate}({message.replace('%', '%%')!r})")


def _constant_text(message: str) -> str:
    return translation.gettext(message).replace("%%", "%")


class BlockTranslateNode(Node):
    """A translated text with placeholders, perhaps in singular and plural."""

    child_nodelists = ()

    def __init__(
        self,
        extra_context: dict[str, Any],
        singular: list[Token],
        plural: list[Token] | None = None,
        countervar: str | None = None,
        counter: Any = None,
        message_context: Any = None,
        trimmed: bool = False,
        asvar: str | None = None,
        tag_name: str = "blocktranslate",
    ) -> None:
        self.extra_context, self.singular, self.plural = extra_context, singular, plural
        self.countervar, self.counter, self.message_context = countervar, counter, message_context
        self.trimmed, self.asvar, self.tag_name = trimmed, asvar, tag_name

    def __repr__(self) -> str:
        return (
            f"<{type(self).__qualname__}: extra_context={self.extra_context!r} "
            f"singular={self.singular!r} plural={self.plural!r}>"
        )

    def render_token_list(self, tokens: list[Token]) -> tuple[str, list[str]]:
        """Return the message that tokens stand for, and the names of its placeholders."""
        names = [t.contents for t in tokens if t.token_type is TokenType.VAR]
        message = "".join(
            f"%({t.contents})s" if t.token_type is TokenType.VAR else t.contents.replace("%", "%%")
            for t in tokens
            if t.token_type in (TokenType.TEXT, TokenType.VAR)
        )
        if self.trimmed:
            message = " ".join(filter(None, map(str.strip, message.splitlines())))
        return message, names

    def render(self, context: Any, nested: bool = False) -> str:
        """Return the text, or set the variable.

        Raises:
            TemplateSyntaxError: the translation has placeholders that are not in the message.
        """
        variant = self.message_context.resolve(context) if self.message_context else None
        # The layer is there for the names in the text only.
        layer = {name: value.resolve(context) for name, value in self.extra_context.items()}
        context.update(layer)
        try:
            message, names = self._translated(context, variant)
            text = self._filled(message, names, context)
        finally:
            context.pop()
        if text is None:
            if nested:
                raise TemplateSyntaxError(
                    f"{self.tag_name!r} is unable to format string returned by gettext: "
                    f"{message!r} using {names!r}"
                )
            # A translation that does not fit; the original does.
            with translation.override(None):
                text = self.render(context, nested=True)
                return text
        if not self.asvar:
            return text
        context[self.asvar] = SafeString(text)
        return ""

    def inlines(self, compiler: Compiler) -> bool:
        if self.plural or self.asvar or self.message_context:
            return False
        names = {*self.render_token_list(self.singular)[1], *self.extra_context}
        return (
            all(map(str.isidentifier, names))
            and names.isdisjoint(("forloop", "block"))
            and all(map(compiler.can_resolve, self.extra_context.values()))
        )

    def emit(self, compiler: Compiler) -> None:
        message, names = self.render_token_list(self.singular)
        with compiler.names(compiler.values(self.extra_context)):
            values = [compiler.name(name) for name in names]
            translate = compiler.constant(self._inline, "translate")
            compiler.write(
                f"{translate}({message!r}, {tuple(names)!r}, ({''.join(f'{v}, ' for v in values)}), "
                f"context, {compiler.autoescape})"
            )

    def _inline(
        self, message: str, names: tuple[str, ...], values: Any, context: Any, escaped: bool
    ) -> str:
        """Return the text, with the values of its placeholders: what compiled templates call."""
        display = _runtime.display_escaped if escaped else _runtime.display_raw
        found = {
            name: display(
                _runtime.invalid(name, context) if value is _runtime.MISSING else value, context
            )
            for name, value in zip(names, values, strict=True)
        }
        try:
            return translation.gettext(message) % found
        except (KeyError, ValueError):
            # A translation that does not fit; the original does.
            return message % found

    def _translated(self, context: Any, variant: str | None) -> tuple[str, list[str]]:
        singular, names = self.render_token_list(self.singular)
        prefix = () if variant is None else (variant,)
        if not (self.plural and self.countervar and self.counter):
            translate: Any = translation.gettext if variant is None else translation.pgettext
            return translate(*prefix, singular), names
        count = self.counter.resolve(context)
        if not isinstance(count, (Decimal, float, int)):
            raise TemplateSyntaxError(
                f"{self.countervar!r} argument to {self.tag_name!r} tag must be a number."
            )
        context[self.countervar] = count
        plural, more = self.render_token_list(self.plural)
        choose: Any = translation.ngettext if variant is None else translation.npgettext
        return choose(*prefix, singular, plural, count), names + more

    def _filled(self, message: str, names: list[str], context: Any) -> str | None:
        """Return a message with the values of its placeholders; None if others are wanted."""
        values = {name: self._shown(name, context) for name in names}
        try:
            return message % values
        except (KeyError, ValueError):
            return None

    @staticmethod
    def _shown(name: str, context: Any) -> str:
        if name in context:
            value = context[name]
        else:
            invalid = context.template.engine.string_if_invalid
            value = invalid % name if "%s" in invalid else invalid
        return render_value_in_context(value, context)


class LanguageNode(Node):
    """Sets the language for what is inside."""

    def __init__(self, nodelist: Any, language: Any) -> None:
        self.language, self.nodelist = language, nodelist

    def render(self, context: Any) -> str:
        """Return the text inside."""
        with translation.override(self.language.resolve(context)):
            return self.nodelist.render(context)


def _as_tag(node: type[_SettingNode]) -> Any:
    """Return the compile function of a tag ``{% name as variable %}``."""

    def build(parser: Parser, token: Token) -> Node:
        words = token.contents.split()
        if len(words) != 3 or words[1] != "as":
            raise TemplateSyntaxError(f"'{words[0]}' requires 'as variable' (got {words!r})")
        return node(words[2])

    build.__doc__ = node.__doc__
    return build


def _for_tag(node: type[_SettingNode], what: str) -> Any:
    """Return the compile function of a tag ``{% name for value as variable %}``."""

    def build(parser: Parser, token: Token) -> Node:
        tag, *words = token.split_contents()
        if len(words) != 4 or (words[0], words[2]) != ("for", "as"):
            raise TemplateSyntaxError(f"'{tag}' requires 'for {what} as variable' (got {words!r})")
        return node(parser.compile_filter(words[1]), words[3])

    build.__doc__ = node.__doc__
    return build


do_get_available_languages = register.tag(
    "get_available_languages", _as_tag(GetAvailableLanguagesNode)
)
do_get_current_language = register.tag("get_current_language", _as_tag(GetCurrentLanguageNode))
do_get_current_language_bidi = register.tag(
    "get_current_language_bidi", _as_tag(GetCurrentLanguageBidiNode)
)
do_get_language_info = register.tag("get_language_info", _for_tag(GetLanguageInfoNode, "string"))
do_get_language_info_list = register.tag(
    "get_language_info_list", _for_tag(GetLanguageInfoListNode, "sequence")
)


def _language_filter(name: str, text: str, key: str) -> Any:
    def value(lang_code: str) -> Any:
        return translation.get_language_info(lang_code)[key]

    value.__name__ = name
    value.__doc__ = text
    return register.filter(name, value)


language_name = _language_filter("language_name", "Return a language's English name.", "name")
language_name_local = _language_filter(
    "language_name_local", "Return a language's name for itself.", "name_local"
)
language_bidi = _language_filter(
    "language_bidi", "Whether a language is written from right to left.", "bidi"
)


@register.filter
def language_name_translated(lang_code: str) -> str:
    """Return a language's name in the current language."""
    return translation.gettext(translation.get_language_info(lang_code)["name"])


@register.tag("translate")
@register.tag("trans")
def do_translate(parser: Parser, token: Token) -> Node:
    """Compile a ``translate`` tag."""
    tag, *words = token.split_contents()
    if not words:
        raise TemplateSyntaxError(f"'{tag}' takes at least one argument")
    message = parser.compile_filter(words.pop(0))

    def argument(option: str) -> Any:
        def take(rest: list[str]) -> str:
            if not rest:
                raise TemplateSyntaxError(
                    f"No argument provided to the '{tag}' tag for the {option} option."
                )
            value = rest.pop(0)
            if option == "context" and value in ("as", "noop"):
                raise TemplateSyntaxError(
                    f"Invalid argument '{value}' provided to the '{tag}' tag for the context option"
                )
            return value

        return take

    found: dict[str, Any] = {}
    takes = {"noop": lambda rest: True, "context": argument("context"), "as": argument("as")}
    while words:
        option = words.pop(0)
        if option in found:
            raise TemplateSyntaxError(f"The '{option}' option was specified more than once.")
        if option not in takes:
            raise TemplateSyntaxError(
                f"Unknown argument for '{tag}' tag: '{option}'. The only options available are "
                "'noop', 'context' \"xxx\", and 'as VAR'."
            )
        found[option] = takes[option](words)
    variant = parser.compile_filter(found["context"]) if "context" in found else None
    return TranslateNode(message, found.get("noop", False), found.get("as"), variant)


@register.tag("blocktranslate")
@register.tag("blocktrans")
def do_block_translate(parser: Parser, token: Token) -> Node:
    """Compile a ``blocktranslate`` tag."""
    tag, *words = token.split_contents()

    def names(option: str, exactly_one: bool) -> Any:
        def take(rest: list[str]) -> dict[str, Any]:
            value = token_kwargs(rest, parser, support_legacy=True)
            if exactly_one and len(value) != 1:
                raise TemplateSyntaxError(
                    f'"{option}" in {tag!r} tag expected exactly one keyword argument.'
                )
            if not value:
                raise TemplateSyntaxError(
                    f'"{option}" in {tag!r} tag needs at least one keyword argument.'
                )
            return value

        return take

    def variant(rest: list[str]) -> Any:
        try:
            return parser.compile_filter(rest.pop(0))
        except Exception as error:
            raise TemplateSyntaxError(
                f'"context" in {tag!r} tag expected exactly one argument.'
            ) from error

    def target(rest: list[str]) -> str:
        if not rest:
            raise TemplateSyntaxError(
                f"No argument provided to the '{tag}' tag for the asvar option."
            )
        return rest.pop(0)

    takes = {
        "with": names("with", exactly_one=False),
        "count": names("count", exactly_one=True),
        "context": variant,
        "trimmed": lambda rest: True,
        "asvar": target,
    }
    found: dict[str, Any] = {}
    while words:
        option = words.pop(0)
        if option in found:
            raise TemplateSyntaxError(f"The {option!r} option was specified more than once.")
        if option not in takes:
            raise TemplateSyntaxError(f"Unknown argument for {tag!r} tag: {option!r}.")
        found[option] = takes[option](words)
    countervar, counter = next(iter(found.get("count", {}).items()), (None, None))
    singular, end = _tokens_until_tag(parser)
    plural: list[Token] = []
    if countervar and counter:
        if end.contents.strip() != "plural":
            raise TemplateSyntaxError(f"{tag!r} doesn't allow other block tags inside it")
        plural, end = _tokens_until_tag(parser)
    if end.contents.strip() != f"end{tag}":
        raise TemplateSyntaxError(
            f"{tag!r} doesn't allow other block tags (seen {end.contents!r}) inside it"
        )
    return BlockTranslateNode(
        found.get("with", {}),
        singular,
        plural,
        countervar,
        counter,
        found.get("context"),
        trimmed=found.get("trimmed", False),
        asvar=found.get("asvar"),
        tag_name=tag,
    )


def _tokens_until_tag(parser: Parser) -> tuple[list[Token], Token]:
    """Take the text and variables that come next; return them, and the token after them."""
    taken: list[Token] = []
    while True:
        token = parser.next_token()
        # Where the template ends, what is said of the last token tells the place.
        if token.token_type not in (TokenType.VAR, TokenType.TEXT) or not parser.tokens:
            return taken, token
        taken.append(token)


@register.tag
def language(parser: Parser, token: Token) -> Node:
    """Compile a ``language`` tag."""
    tag, *words = token.split_contents()
    if len(words) != 1:
        raise TemplateSyntaxError(f"'{tag}' takes one argument (language)")
    code = parser.compile_filter(words[0])
    nodelist = parser.parse(("endlanguage",))
    parser.delete_first_token()
    return LanguageNode(nodelist, code)
