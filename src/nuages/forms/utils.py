"""Shared parts of the forms room: renderable objects, error containers, HTML attributes, time zones.

Manual: "The Forms API", sections "How errors are displayed" and "Customizing the error list format".
"""

from __future__ import annotations

import json
from collections import UserList
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, cast

from nuages.core.exceptions import ValidationError
from nuages.utils import timezone
from nuages.utils.functional import lazy
from nuages.utils.html import escape, format_html
from nuages.utils.safestring import SafeString, mark_safe
from nuages.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from nuages.forms.renderers import BaseRenderer


def standard_renderer() -> BaseRenderer:
    """Return the renderer that the ``FORM_RENDERER`` setting names."""
    # The renderers know bound fields, which know this module: the import has to wait.
    from nuages.forms.renderers import get_default_renderer

    return get_default_renderer()


def _blank_label() -> str:
    from nuages.conf import settings

    if settings.USE_BLANK_CHOICE_DASH:
        return "---------"
    from nuages.db.models.fields import BLANK_CHOICE_LABEL

    return str(BLANK_CHOICE_LABEL)


#: The label of the empty choice, as the settings want it at the time it is shown.
blank_label = lazy(_blank_label, str)()


def pretty_name(name: str | None) -> str:
    """Return ``name`` as a label: ``"first_name"`` becomes ``"First name"``."""
    if not name:
        return ""
    words = name.replace("_", " ")
    return words[0].upper() + words[1:]


def flatatt(attrs: Mapping[str, Any]) -> SafeString:
    """Return HTML attributes as text with a leading space, boolean ones last.

    ``True`` gives an attribute without a value; ``False`` and ``None`` give nothing.
    """
    valued, flags = [], []
    for name, value in sorted(attrs.items()):
        if value is True:
            flags.append(f" {escape(name)}")
        elif value is not False and value is not None:
            valued.append(format_html(' {}="{}"', name, value))
    return mark_safe("".join(valued) + "".join(flags))


class ClonedByParts:
    """Copies an object as its class declares it.

    ``clone_parts`` says which attributes a copy must not share, and how each is copied, as a
    function of the value and the memo of ``copy.deepcopy``. All other attributes are shared. The
    declarations of a class and of its bases are merged once, when the class is made.
    """

    clone_parts: ClassVar[Mapping[str, Callable[[Any, dict[int, Any]], Any]]] = {}
    _clone_plan: ClassVar[tuple[tuple[str, Callable[[Any, dict[int, Any]], Any]], ...]] = ()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        merged: dict[str, Callable[[Any, dict[int, Any]], Any]] = {}
        for base in reversed(cls.__mro__):
            merged.update(base.__dict__.get("clone_parts", {}))
        cls._clone_plan = tuple(merged.items())

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        twin = object.__new__(self.__class__)
        memo[id(self)] = twin
        state = twin.__dict__
        state.update(self.__dict__)
        for name, copied in self._clone_plan:
            if name in state:
                state[name] = copied(state[name], memo)
        return twin


def twin_of(value: Any, memo: dict[int, Any]) -> Any:
    """Copy an object that has ``__deepcopy__``; a part for :class:`ClonedByParts`."""
    return value.__deepcopy__(memo)


def twins_of(values: Iterable[Any], memo: dict[int, Any]) -> list[Any]:
    """Copy each object of a list; a part for :class:`ClonedByParts`."""
    return [value.__deepcopy__(memo) for value in values]


def _provided_by_subclasses(owner: str, name: str, article: str) -> Callable[..., Any]:
    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError(f"Subclasses of {owner} must provide {article} {name}() method.")

    method.__name__, method.__doc__ = name, "Return HTML; subclasses say how."
    return method


class RenderableMixin:
    """Something that becomes HTML by way of a template and a renderer.

    Manual: "The form rendering API".
    """

    get_context = _provided_by_subclasses("RenderableMixin", "get_context", "a")

    def render(
        self,
        template_name: str | None = None,
        context: dict[str, Any] | None = None,
        renderer: BaseRenderer | None = None,
    ) -> SafeString:
        """Return the HTML; each argument replaces what the object itself would use."""
        chosen = renderer or getattr(self, "renderer", None) or standard_renderer()
        own: Any = self
        name = template_name or own.template_name
        return mark_safe(chosen.render(name, context or self.get_context()))

    def __html__(self) -> str:
        return self.render()

    __str__ = __html__


class RenderableFieldMixin(RenderableMixin):
    """What a bound field can be rendered as."""

    as_widget, as_hidden = (
        _provided_by_subclasses("RenderableFieldMixin", name, article)
        for name, article in (("as_widget", "an"), ("as_hidden", "an"))
    )

    def __str__(self) -> str:
        return self.as_widget()

    def __html__(self) -> str:
        return str(self)

    def as_field_group(self) -> SafeString:
        """Return label, help text, errors and widget as HTML."""
        return self.render()


def _rendered(style: str, what: str) -> Callable[[Any], SafeString]:
    """Return a method that renders the template of a style."""

    def method(self: Any) -> SafeString:
        return self.render(getattr(self, f"template_name_{style}"))

    method.__name__, method.__doc__ = f"as_{style}", f"Return {what}."
    return method


class RenderableFormMixin(RenderableMixin):
    """What forms and formsets can be rendered as."""

    as_div = _rendered("div", "the form as ``<div>`` elements")
    as_table = _rendered("table", "the form as table rows")
    as_ul = _rendered("ul", "the form as list items")
    as_p = _rendered("p", "the form as paragraphs")


class RenderableErrorMixin(RenderableMixin):
    """What error containers can be rendered as, from the folder of their templates."""

    def __init_subclass__(cls, folder: str = "", **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if folder:
            base, kind = f"django/forms/errors/{folder}", cast(Any, cls)
            kind.template_name = f"{base}/default.html"
            kind.template_name_ul, kind.template_name_text = f"{base}/ul.html", f"{base}/text.txt"

    if TYPE_CHECKING:

        def get_json_data(self, escape_html: bool = False) -> Any: ...

    as_ul = _rendered("ul", "the errors as an HTML list")
    as_text = _rendered("text", "the errors as plain lines with bullets")

    def as_json(self, escape_html: bool = False) -> str:
        """Return the errors as JSON text, messages escaped for HTML if asked for."""
        return json.dumps(self.get_json_data(escape_html))


class ErrorDict(dict[Any, Any], RenderableErrorMixin, folder="dict"):
    """Errors by field name. Manual: "The Forms API", ``Form.errors``."""

    def __init__(self, *args: Any, renderer: BaseRenderer | None = None, **kwargs: Any) -> None:
        dict.__init__(self, *args, **kwargs)
        self.renderer = standard_renderer() if renderer is None else renderer

    def get_context(self) -> dict[str, Any]:
        """Return the pairs of names and errors, for the template."""
        return dict(error_class="errorlist", errors=self.items())

    def get_json_data(self, escape_html: bool = False) -> dict[str, list[dict[str, str]]]:
        """Return what :meth:`as_json` writes."""
        return {name: errors.get_json_data(escape_html) for name, errors in self.items()}

    def as_data(self) -> dict[str, list[ValidationError]]:
        """Return the ``ValidationError`` objects by field name."""
        return {name: errors.as_data() for name, errors in self.items()}


def _shown(error: Any) -> Any:
    """Return what a reader of an error list sees in the place of a stored error."""
    if isinstance(error, ValidationError):
        return next(iter(error))
    return error


class ErrorList(UserList[Any], list[Any], RenderableErrorMixin, folder="list"):  # type: ignore[misc]
    """Errors of one field: stores ``ValidationError`` objects or texts, shows texts.

    Manual: "The Forms API", class ``ErrorList``.
    """

    def __init__(
        self,
        initlist: Iterable[Any] | None = None,
        error_class: str | None = None,
        renderer: BaseRenderer | None = None,
        field_id: str | None = None,
    ) -> None:
        self.data: list[Any]
        if initlist is None:
            self.data = []
        else:
            UserList.__init__(self, initlist)
        self.field_id, self.renderer = field_id, renderer or standard_renderer()
        self.error_class = f"errorlist {error_class}" if error_class else "errorlist"

    def as_data(self) -> list[ValidationError]:
        """Return the errors as ``ValidationError`` objects."""
        return ValidationError(self.data).error_list

    def copy(self) -> ErrorList:
        """Return a list with the same errors, renderer and CSS classes."""
        twin = type(self).__new__(type(self))
        twin.__dict__.update(self.__dict__)
        twin.data = self.data.copy()
        return twin

    def get_json_data(self, escape_html: bool = False) -> list[dict[str, str]]:
        """Return message and code of each error."""
        found = []
        for error in self.as_data():
            message = _shown(error)
            found.append(
                {
                    "message": escape(message) if escape_html else message,
                    "code": error.code or "",
                }
            )
        return found

    def get_context(self) -> dict[str, Any]:
        """Return the errors and their CSS classes, for the template."""
        return dict(error_class=self.error_class, errors=self)

    def __repr__(self) -> str:
        return repr(list(self))

    def __iter__(self) -> Iterator[Any]:
        return map(_shown, self.data)

    def __contains__(self, item: object) -> bool:
        return any(shown == item for shown in self)

    def __eq__(self, other: object) -> bool:
        return list(self) == other

    __hash__ = None  # type: ignore[assignment]

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [_shown(error) for error in self.data[index]]
        return _shown(self.data[index])

    def __reduce_ex__(self, *args: Any, **kwargs: Any) -> tuple[Any, ...]:
        # The items live in ``data``; what the list protocol adds would be stored twice.
        reduced: Any = super().__reduce_ex__(*args, **kwargs)
        function, arguments, state, *_rest = reduced
        return function, arguments, state, None, None


def from_current_timezone(value: datetime | None) -> datetime | None:
    """Return a naive local time as an aware one, where time zones are in use.

    Raises:
        ValidationError: the time does not exist, or exists twice, in the current time zone.
    """
    from nuages.conf import settings

    if value is None or not settings.USE_TZ or not timezone.is_naive(value):
        return value
    zone = timezone.get_current_timezone()
    try:
        if timezone._datetime_ambiguous_or_imaginary(value, zone):
            raise ValueError("Ambiguous or non-existent time.")
        return timezone.make_aware(value, zone)
    except Exception as reason:
        raise ValidationError(
            _(
                "%(datetime)s couldn’t be interpreted in time zone %(current_timezone)s; it may be "
                "ambiguous or it may not exist."
            ),
            code="ambiguous_timezone",
            params={"datetime": value, "current_timezone": zone},
        ) from reason


def to_current_timezone(value: datetime | None) -> datetime | None:
    """Return an aware time as naive local time, where time zones are in use."""
    from nuages.conf import settings

    if value is not None and settings.USE_TZ and timezone.is_aware(value):
        return timezone.make_naive(value)
    return value
