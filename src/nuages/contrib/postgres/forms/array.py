"""Lists in forms: as text with a delimiter, or an input for each item."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from nuages import forms
from nuages.contrib.postgres.utils import prefix_validation_error
from nuages.contrib.postgres.validators import ArrayMaxLengthValidator, ArrayMinLengthValidator
from nuages.core.exceptions import ValidationError
from nuages.utils.translation import gettext_lazy as _

_INVALID = {"item_invalid": _("Item %(nth)s in the array did not validate:")}


class _OfItems:
    """What both fields do: they hand each item to the base field."""

    base_field: Any
    error_messages: dict[str, Any]

    def _prefixed(self, error: ValidationError, nth: int) -> ValidationError:
        return prefix_validation_error(
            error,
            prefix=f"{self.error_messages['item_invalid']} ",
            code="item_invalid",
            params={"nth": nth},
        )

    def _each(self, items: Iterable[Any], look_at: Callable[[Any], Any]) -> list[Any]:
        """Return what ``look_at`` makes of the items; raise all that it complains of."""
        results, errors = [], []
        for nth, item in enumerate(items, 1):
            try:
                results.append(look_at(item))
            except ValidationError as error:
                errors.append(self._prefixed(error, nth))
        if errors:
            raise ValidationError(errors)
        return results


class SimpleArrayField(_OfItems, forms.CharField):
    """A list, as text with a delimiter between the items.

    Args:
        base_field: the form field of the items.
        delimiter: what stands between them.
        max_length, min_length: how many items there may be.
    """

    default_error_messages = _INVALID

    def __init__(
        self,
        base_field: Any,
        *,
        delimiter: str = ",",
        max_length: int | None = None,
        min_length: int | None = None,
        **kwargs: Any,
    ) -> None:
        self.base_field, self.delimiter = base_field, delimiter
        super().__init__(**kwargs)
        limits = ((min_length, ArrayMinLengthValidator), (max_length, ArrayMaxLengthValidator))
        self.min_length, self.max_length = min_length, max_length
        self.validators += [make(int(limit)) for limit, make in limits if limit is not None]

    def clean(self, value: Any) -> list[Any]:
        return [self.base_field.clean(item) for item in super().clean(value)]

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, list):
            return value
        prepare = self.base_field.prepare_value
        return self.delimiter.join(str(prepare(item)) for item in value)

    def to_python(self, value: Any) -> Any:
        items = value if isinstance(value, list) else value.split(self.delimiter) if value else []
        return self._each(items, self.base_field.to_python)

    def validate(self, value: Any) -> None:
        super().validate(value)
        self._each(value, self.base_field.validate)

    def run_validators(self, value: Any) -> None:
        super().run_validators(value)
        self._each(value, self.base_field.run_validators)

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            now = self.to_python(data)
        except ValidationError:
            # What cannot be read was not what was there.
            return True
        return bool(initial or now) and (initial or []) != now


class SplitArrayWidget(forms.Widget):
    """An input for each item.

    Args:
        widget: the widget of one item, or its class.
        size: how many there are.
    """

    template_name = "postgres/widgets/split_array.html"

    def __init__(self, widget: Any, size: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.size, self.widget = size, widget() if isinstance(widget, type) else widget

    def _names(self, name: str) -> Iterator[str]:
        return (f"{name}_{index}" for index in range(self.size))

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[Any]:
        return [self.widget.value_from_datadict(data, files, each) for each in self._names(name)]

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return all(
            self.widget.value_omitted_from_data(data, files, each) for each in self._names(name)
        )

    def id_for_label(self, id_: str) -> str:
        # That of the first input.
        return f"{id_}_0" if id_ else id_

    def get_context(self, name: str, value: Any, attrs: Any = None) -> dict[str, Any]:
        if self.is_localized:
            self.widget.is_localized = self.is_localized
        items = list(value or ())
        context = super().get_context(name, value, attrs)
        shared = self.build_attrs(attrs or {})
        base_id = shared.get("id")
        context["widget"]["subwidgets"] = subwidgets = []
        for index in range(max(len(items), self.size)):
            # Inputs leave marks in their attributes: each gets a dictionary of its own.
            own = {**shared, "id": f"{base_id}_{index}"} if base_id else dict(shared)
            item = items[index] if index < len(items) else None
            part = self.widget.get_context(f"{name}_{index}", item, own)
            subwidgets.append(part["widget"])
        return context

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        twin = super().__deepcopy__(memo)
        twin.widget = copy.deepcopy(self.widget, memo)
        return twin

    # What the inputs say holds for all of them.
    is_hidden = property(lambda self: self.widget.is_hidden)
    media = property(lambda self: self.widget.media)
    needs_multipart_form = property(lambda self: self.widget.needs_multipart_form)


class SplitArrayField(_OfItems, forms.Field):
    """A list, with an input for each item.

    Args:
        base_field: the form field of the items.
        size: how many inputs there are.
        remove_trailing_nulls: whether empty items at the end are left out.
    """

    default_error_messages = _INVALID

    def __init__(
        self, base_field: Any, size: int, *, remove_trailing_nulls: bool = False, **kwargs: Any
    ) -> None:
        self.base_field, self.size = base_field, size
        self.remove_trailing_nulls = remove_trailing_nulls
        kwargs.setdefault("widget", SplitArrayWidget(widget=base_field.widget, size=size))
        super().__init__(**kwargs)

    def _kept(self, values: list[Any]) -> int:
        """Return how many of the values count: all, or those up to the last that is something."""
        if not self.remove_trailing_nulls:
            return len(values)
        empty = self.base_field.empty_values
        return max((place for place, item in enumerate(values, 1) if item not in empty), default=0)

    def to_python(self, value: Any) -> list[Any]:
        items = [self.base_field.to_python(item) for item in super().to_python(value)]
        return items[: self._kept(items)]

    def clean(self, value: Any) -> list[Any]:
        if self.required and not any(value):
            raise ValidationError(self.error_messages["required"])
        given = [value[place] if place < len(value) else None for place in range(self.size)]
        count, nth = len(given), 0
        cleaned: list[Any] = []
        errors: list[Any] = []
        for nth, item in enumerate(given, 1):
            try:
                cleaned.append(self.base_field.clean(item))
            except ValidationError as error:
                errors.append((nth, error))
                cleaned.append(None)
        count = self._kept(cleaned)
        # What is wrong with an item that is left out does not matter, unless something is there.
        bad = [
            self._prefixed(error, nth)
            for nth, error in errors
            if nth <= count or not self.remove_trailing_nulls or given[nth - 1]
        ]
        if bad:
            raise ValidationError(bad)
        return cleaned[:count]

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            now = self.to_python(data)
        except ValidationError:
            return True
        if initial in self.empty_values and now in self.empty_values:
            return False
        return super().has_changed(initial, now)
