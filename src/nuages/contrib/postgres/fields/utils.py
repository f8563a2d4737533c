"""What the fields share that are made of other fields."""

from __future__ import annotations

from typing import Any


class AttributeSetter:
    """An object that passes for a model instance with one attribute."""

    def __init__(self, name: str, value: Any) -> None:
        setattr(self, name, value)


class OfBaseField:
    """A field whose parts are values of a base field, which belongs to the same model."""

    base_field: Any

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        if name == "model":
            self.base_field.model = value

    def set_attributes_from_name(self, name: str) -> None:
        """Give the base field the same name."""
        super().set_attributes_from_name(name)  # type: ignore[misc]
        self.base_field.set_attributes_from_name(name)

    def as_text(self, part: Any) -> Any:
        """Return what serializers write for a part; ``None`` stays what it is."""
        base = self.base_field
        return part if part is None else base.value_to_string(AttributeSetter(base.attname, part))

    @staticmethod
    def _choices_is_value(value: Any) -> bool:
        # Here a list is a value like any other.
        return isinstance(value, list | tuple | str) or not hasattr(value, "__iter__")
