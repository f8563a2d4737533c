"""Fields of dates, times and durations."""

from __future__ import annotations

import datetime
import warnings
from collections.abc import Callable
from functools import partialmethod
from typing import TYPE_CHECKING, Any, ClassVar, Self, overload

from nuages.conf import settings
from nuages.db.models.fields import _checks
from nuages.db.models.fields._base import Field
from nuages.utils import timezone
from nuages.utils.dateparse import parse_date, parse_datetime, parse_duration, parse_time
from nuages.utils.duration import duration_string
from nuages.utils.hints import unannotated
from nuages.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from nuages.db.models.base import Model


class DateTimeCheckMixin:
    """Says that ``auto_now``, ``auto_now_add`` and ``default`` exclude each other."""

    _clock_checks = (_checks.one_source_of_the_date,)

    def check(self, **kwargs: Any) -> list[Any]:
        own = _checks.flatten(check(self, **kwargs) for check in self._clock_checks)
        return super().check(**kwargs) + own  # type: ignore[misc]


class _Clock(DateTimeCheckMixin, Field):
    """A field that may be set to the present moment when it is saved."""

    empty_strings_allowed = False
    #: Reads text; ``None``: it has not the right format.
    _parse: ClassVar[Any]
    #: The error when the format is right but there is no such date or time.
    _impossible: ClassVar[str]

    def __init__(
        self,
        verbose_name: Any = None,
        name: str | None = None,
        auto_now: bool = False,
        auto_now_add: bool = False,
        **kwargs: Any,
    ) -> None:
        self.auto_now, self.auto_now_add = auto_now, auto_now_add
        if auto_now or auto_now_add:
            kwargs |= {"editable": False, "blank": True}
        super().__init__(verbose_name, name, **kwargs)

    def deconstruct(self) -> tuple[Any, ...]:
        name, path, args, kwargs = super().deconstruct()
        automatic = {
            option: True for option in ("auto_now", "auto_now_add") if getattr(self, option)
        }
        if automatic:
            del kwargs["editable"], kwargs["blank"]
        return name, path, args, kwargs | automatic

    def _present(self) -> Any:
        """Return the present moment, as this field stores it."""
        raise NotImplementedError(type(self).__name__)

    def pre_save(self, model_instance: Model, add: bool) -> Any:
        if self.auto_now or (self.auto_now_add and add):
            value = self._present()
            setattr(model_instance, self.attname, value)
            return value
        return super().pre_save(model_instance, add)

    def _read(self, text: Any) -> Any:
        """Return what ``text`` says, or raise ``ValidationError``."""
        try:
            value = type(self)._parse(text)
        except ValueError:
            raise self._refuse(self._impossible, text) from None
        if value is None:
            raise self._refuse("invalid", text)
        return value

    def get_prep_value(self, value: Any) -> Any:
        return self.to_python(super().get_prep_value(value))

    def value_to_string(self, obj: Model) -> str:
        value = self.value_from_object(obj)
        return "" if value is None else value.isoformat()


@unannotated
class DateField(_Clock):
    """A day."""

    if TYPE_CHECKING:

        @overload
        def __get__(self, instance: None, owner: Any) -> Self: ...
        @overload
        def __get__(self, instance: object, owner: Any) -> datetime.date | Any: ...
        def __get__(self, instance: object | None, owner: Any) -> Any: ...

    default_error_messages = {
        "invalid": _(
            "“%(value)s” value has an invalid date format. It must be in YYYY-MM-DD format."
        ),
        "invalid_date": _(
            "“%(value)s” value has the correct format (YYYY-MM-DD) but it is an invalid date."
        ),
    }
    description: Any = _("Date (without time)")
    _parse = staticmethod(parse_date)
    _impossible = "invalid_date"
    _form_field = "DateField"

    _internal_type = "DateField"

    def _present(self) -> Any:
        return datetime.date.today()

    def contribute_to_class(self, cls: type[Model], name: str, private_only: bool = False) -> None:
        super().contribute_to_class(cls, name, private_only=private_only)
        if self.null:
            return
        for word, forwards in (("next", True), ("previous", False)):
            walk = partialmethod(cls._get_next_or_previous_by_FIELD, field=self, is_next=forwards)
            setattr(cls, f"get_{word}_by_{self.name}", walk)

    def to_python(self, value: Any) -> Any:
        match value:
            case None:
                return None
            case datetime.datetime():
                if settings.USE_TZ and timezone.is_aware(value):
                    # The day depends on the place: the default time zone's.
                    value = timezone.make_naive(value, timezone.get_default_timezone())
                return value.date()
            case datetime.date():
                return value
        return self._read(value)

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        if not prepared:
            value = self.get_prep_value(value)
        return connection.ops.adapt_datefield_value(value)


class DateTimeField(DateField):
    """A moment: aware where ``USE_TZ`` is on."""

    if TYPE_CHECKING:

        @overload
        def __get__(self, instance: None, owner: Any) -> Self: ...
        @overload
        def __get__(self, instance: object, owner: Any) -> datetime.datetime | Any: ...
        def __get__(self, instance: object | None, owner: Any) -> Any: ...

    default_error_messages = {
        "invalid": _(
            "“%(value)s” value has an invalid format. It must be in "
            "YYYY-MM-DD HH:MM[:ss[.uuuuuu]][TZ] format."
        ),
        "invalid_date": _(
            "“%(value)s” value has the correct format (YYYY-MM-DD) but it is an invalid date."
        ),
        "invalid_datetime": _(
            "“%(value)s” value has the correct format (YYYY-MM-DD HH:MM[:ss[.uuuuuu]][TZ]) but "
            "it is an invalid date/time."
        ),
    }
    description = _("Date (with time)")
    _parse = staticmethod(parse_datetime)
    _impossible = "invalid_datetime"
    _form_field = "DateTimeField"

    _internal_type = "DateTimeField"

    def _present(self) -> Any:
        return timezone.now()

    def _made_aware(self, value: datetime.datetime) -> datetime.datetime:
        model = getattr(self, "model", None)
        name = f"{model.__name__}.{self.name}" if model is not None else "(unbound)"
        warnings.warn(
            f"DateTimeField {name} received a naive datetime ({value}) while time zone support "
            "is active.",
            RuntimeWarning,
            stacklevel=3,
        )
        return timezone.make_aware(value, timezone.get_default_timezone())

    def to_python(self, value: Any) -> Any:
        match value:
            case None | datetime.datetime():
                return value
            case datetime.date():
                midnight = datetime.datetime(value.year, value.month, value.day)
                # Not the prep path: a day given for a moment is worth a warning of its own.
                return self._made_aware(midnight) if settings.USE_TZ else midnight
        try:
            moment = parse_datetime(value)
        except ValueError:
            raise self._refuse("invalid_datetime", value) from None
        if moment is not None:
            return moment
        try:
            day = parse_date(value)
        except ValueError:
            raise self._refuse("invalid_date", value) from None
        if day is None:
            raise self._refuse("invalid", value)
        return datetime.datetime(day.year, day.month, day.day)

    def get_prep_value(self, value: Any) -> Any:
        value = super().get_prep_value(value)
        if value is not None and settings.USE_TZ and timezone.is_naive(value):
            return self._made_aware(value)
        return value

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        if not prepared:
            value = self.get_prep_value(value)
        return connection.ops.adapt_datetimefield_value(value)


class TimeField(_Clock):
    """A time of day."""

    if TYPE_CHECKING:

        @overload
        def __get__(self, instance: None, owner: Any) -> Self: ...
        @overload
        def __get__(self, instance: object, owner: Any) -> datetime.time | Any: ...
        def __get__(self, instance: object | None, owner: Any) -> Any: ...

    default_error_messages = {
        "invalid": _(
            "“%(value)s” value has an invalid format. It must be in HH:MM[:ss[.uuuuuu]] format."
        ),
        "invalid_time": _(
            "“%(value)s” value has the correct format (HH:MM[:ss[.uuuuuu]]) but it is an invalid "
            "time."
        ),
    }
    description = _("Time")
    _parse = staticmethod(parse_time)
    _impossible = "invalid_time"
    _form_field = "TimeField"

    _internal_type = "TimeField"

    def _present(self) -> Any:
        return datetime.datetime.now().time()

    def to_python(self, value: Any) -> Any:
        match value:
            case None | datetime.time():
                return value
            case datetime.datetime():
                # Accepted for convenience: the date is lost.
                return value.time()
        return self._read(value)

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        if not prepared:
            value = self.get_prep_value(value)
        return connection.ops.adapt_timefield_value(value)


class DurationField(Field):
    """A length of time; a number of microseconds where the database has no type for it."""

    if TYPE_CHECKING:

        @overload
        def __get__(self, instance: None, owner: Any) -> Self: ...
        @overload
        def __get__(self, instance: object, owner: Any) -> datetime.timedelta | Any: ...
        def __get__(self, instance: object | None, owner: Any) -> Any: ...

    empty_strings_allowed = False
    default_error_messages = {
        "invalid": _(
            "“%(value)s” value has an invalid format. It must be in "
            "[DD] [[HH:]MM:]ss[.uuuuuu] format."
        )
    }
    description = _("Duration")

    _internal_type = "DurationField"

    def to_python(self, value: Any) -> Any:
        if value is None or isinstance(value, datetime.timedelta):
            return value
        try:
            length = parse_duration(value)
        except ValueError:
            length = None
        if length is None:
            raise self._refuse("invalid", value)
        return length

    def get_prep_value(self, value: Any) -> Any:
        return self.to_python(super().get_prep_value(value))

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        if not prepared:
            value = self.get_prep_value(value)
        return connection.ops.adapt_durationfield_value(value)

    def get_db_converters(self, connection: Any) -> list[Callable[..., Any]]:
        own = super().get_db_converters(connection)
        if connection.features.has_native_duration_field:
            return own
        return [connection.ops.convert_durationfield_value, *own]

    def value_to_string(self, obj: Model) -> str:
        value = self.value_from_object(obj)
        return "" if value is None else duration_string(value)

    _form_field = "DurationField"
