"""Constraints of a table. Manual: "Constraints reference"."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from enum import Enum
from typing import TYPE_CHECKING, Any, ClassVar, Self

from nuages.core import checks
from nuages.core.exceptions import FieldDoesNotExist, FieldError, ValidationError
from nuages.db import DEFAULT_DB_ALIAS, connections
from nuages.db.models.constants import LOOKUP_SEP
from nuages.db.models.expressions import Exists, F, OrderBy, RawSQL
from nuages.db.models.indexes import condition_sql, indexed, plain_fields
from nuages.db.models.lookups import Exact, IsNull
from nuages.db.models.query_utils import Q
from nuages.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from nuages.core.checks import CheckMessage
    from nuages.db.models.base import Model

__all__ = ["BaseConstraint", "CheckConstraint", "Deferrable", "UniqueConstraint"]

_WONT_BE_CREATED = "A constraint won't be created. Silence this warning if you don't care about it."


class Deferrable(Enum):
    """When a deferrable constraint is checked."""

    DEFERRED = "deferred"
    IMMEDIATE = "immediate"

    def __repr__(self) -> str:
        return f"{type(self).__qualname__}.{self._name_}"


_NOT_HERE = "This method must be implemented by a subclass."


def _left_to_subclasses(doc: str) -> Any:
    def method(self: Any, model: type[Model], schema_editor: Any) -> Any:
        raise NotImplementedError(_NOT_HERE)

    method.__doc__ = doc
    return method


class BaseConstraint:
    """What all constraints have: a name, and the error that a violation is.

    Subclasses say their SQL and how an instance is validated.
    """

    default_violation_error_message: Any = _("Constraint “%(name)s” is violated.")
    violation_error_code: str | None = None
    violation_error_message: Any = None
    non_db_attrs = ("violation_error_code", "violation_error_message")
    #: Attributes that are written down and shown where they are set, in this order.
    parts: ClassVar[tuple[str, ...]] = ()

    def __init__(
        self,
        *,
        name: str,
        violation_error_code: str | None = None,
        violation_error_message: Any = None,
    ) -> None:
        self.name = name
        if violation_error_code is not None:
            self.violation_error_code = violation_error_code
        usual = self.default_violation_error_message
        self.violation_error_message = violation_error_message or usual

    contains_expressions = property(lambda self: bool(getattr(self, "expressions", ())))
    constraint_sql = _left_to_subclasses("Return the clause of ``CREATE TABLE``.")
    create_sql = _left_to_subclasses("Return the statement that adds the constraint.")
    remove_sql = _left_to_subclasses("Return the statement that drops the constraint.")

    def validate(
        self,
        model: type[Model],
        instance: Any,
        exclude: Collection[str] | None = None,
        using: str = DEFAULT_DB_ALIAS,
    ) -> None:
        """Raise ``ValidationError`` if ``instance`` violates the constraint.

        Args:
            exclude: names of fields; a constraint that needs one of them is skipped.
        """
        raise NotImplementedError(_NOT_HERE)

    def get_violation_error_message(self) -> Any:
        """Return the message of a violation, with the constraint's name in it."""
        return self.violation_error_message % {"name": self.name}

    def violation(self) -> ValidationError:
        """Return the error of a violation."""
        return ValidationError(self.get_violation_error_message(), code=self.violation_error_code)

    def check(self, model: type[Model], connection: Any) -> list[CheckMessage]:
        """Return the messages of the system checks, for one database."""
        return []

    def _unsupported(
        self, model: type[Model], connection: Any, feature: str, what: str, number: str
    ) -> Iterator[CheckMessage]:
        needed = model._meta.required_db_features
        if feature not in needed and not getattr(connection.features, feature):
            yield checks.Warning(
                f"{connection.display_name} does not support {what}.",
                hint=_WONT_BE_CREATED,
                obj=model,
                id=f"models.{number}",
            )

    def _check_references(
        self, model: type[Model], references: set[tuple[str, ...]]
    ) -> Iterator[CheckMessage]:
        """Yield a message for each path that leads to another table, and for unknown fields."""
        from nuages.db.models._model_checks import local_field_messages

        names = {reference[0] for reference in references}
        if not model._meta.is_composite_pk:
            names.discard("pk")
        yield from local_field_messages(model, sorted(names), "constraints")
        joined = set()
        for first, *rest in references:
            if not rest:
                continue
            # A transform is no join: the first step that is a field is.
            try:
                field = model._meta.get_field(first)
            except FieldDoesNotExist:
                continue
            following = rest[0]
            steps_into_relation = field.is_relation and (
                field.get_transform(following) is None and field.get_lookup(following) is None
            )
            if steps_into_relation:
                joined.add(LOOKUP_SEP.join([first, *rest]))
        for path in sorted(joined):
            yield checks.Error(
                f"'constraints' refers to the joined field '{path}'.", obj=model, id="models.E041"
            )

    # How it is written down

    def _shown(self, *parts: str) -> Iterator[str]:
        for part in parts:
            if (value := getattr(self, part)) not in (None, (), []):
                yield f"{part}={value if part == 'condition' else repr(value)}"

    def __repr__(self) -> str:
        shown = [*self._described(), *self._shown_errors()]
        return f"<{type(self).__name__}: {' '.join(shown)}>"

    def _described(self) -> Iterator[str]:
        yield f"name={self.name!r}"

    def _shown_errors(self) -> Iterator[str]:
        if self.violation_error_code is not None:
            yield f"violation_error_code={self.violation_error_code!r}"
        if self._has_own_message:
            yield f"violation_error_message={self.violation_error_message!r}"

    @property
    def _has_own_message(self) -> bool:
        return self.violation_error_message != self.default_violation_error_message

    @property
    def identity(self) -> tuple[Any, ...]:
        """What equal constraints have in common."""
        return (
            self.name,
            self.violation_error_code,
            self.violation_error_message,
            *(getattr(self, part) for part in self.parts),
        )

    def __eq__(self, other: object) -> bool:
        if isinstance(other, type(self)) and isinstance(other, BaseConstraint):
            return self.identity == other.identity
        return NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def deconstruct(self) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
        """Return import path and arguments that make the constraint anew."""
        cls = type(self)
        path = f"{cls.__module__}.{cls.__name__}".replace(
            "django.db.models.constraints", "django.db.models"
        )
        kwargs = {"name": self.name}
        if self._has_own_message:
            kwargs["violation_error_message"] = self.violation_error_message
        if self.violation_error_code is not None:
            kwargs["violation_error_code"] = self.violation_error_code
        for part in self.parts:
            if (value := getattr(self, part)) not in (None, (), []):
                kwargs[part] = value
        return path, (), kwargs

    def clone(self) -> Self:
        """Return an equal constraint."""
        _path, args, kwargs = self.deconstruct()
        return type(self)(*args, **kwargs)


class CheckConstraint(BaseConstraint):
    """A condition that each row meets. Manual: "CheckConstraint"."""

    parts = ("condition",)

    def __init__(
        self,
        *,
        condition: Any,
        name: str,
        violation_error_code: str | None = None,
        violation_error_message: Any = None,
    ) -> None:
        if not getattr(condition, "conditional", False):
            raise TypeError("CheckConstraint.condition must be a Q instance or boolean expression.")
        self.condition = condition
        super().__init__(
            name=name,
            violation_error_code=violation_error_code,
            violation_error_message=violation_error_message,
        )

    def check(self, model: type[Model], connection: Any) -> list[CheckMessage]:
        found = list(
            self._unsupported(
                model,
                connection,
                "supports_table_check_constraints",
                "check constraints",
                "W027",
            )
        )
        if connection.features.supports_table_check_constraints:
            is_q = isinstance(self.condition, Q)
            references = set(_references(model, self.condition)) if is_q else set()
            found += self._check_references(model, references)
        if any(isinstance(part, RawSQL) for part in self.condition.flatten()):
            found.append(
                checks.Warning(
                    f"Check constraint {self.name!r} contains RawSQL() expression and won't be "
                    "validated during the model full_clean().",
                    hint="Silence this warning if you don't care about it.",
                    obj=model,
                    id="models.W045",
                )
            )
        return found

    def _statement(self, maker: str, model: type[Model], schema_editor: Any, *before: Any) -> Any:
        condition = condition_sql(self.condition, model, schema_editor)
        return getattr(schema_editor, maker)(*before, self.name, condition)

    def constraint_sql(self, model: type[Model], schema_editor: Any) -> Any:
        return self._statement("_check_sql", model, schema_editor)

    def create_sql(self, model: type[Model], schema_editor: Any) -> Any:
        return self._statement("_create_check_sql", model, schema_editor, model)

    def remove_sql(self, model: type[Model], schema_editor: Any) -> Any:
        return schema_editor._delete_check_sql(model, self.name)

    def validate(
        self,
        model: type[Model],
        instance: Any,
        exclude: Collection[str] | None = None,
        using: str = DEFAULT_DB_ALIAS,
    ) -> None:
        against = field_expressions(instance, model, exclude)
        try:
            holds = Q(self.condition).check(against, using=using)
        except FieldError:
            # A field that the condition needs is excluded.
            return
        if not holds:
            raise self.violation()

    def _described(self) -> Iterator[str]:
        yield from self._shown("condition", "name")


def _references(model: type[Model], condition: Any) -> Iterator[tuple[str, ...]]:
    """Yield the paths of fields that a condition names, each as its steps."""
    if isinstance(condition, Q):
        for child in condition.children:
            if isinstance(child, tuple):
                path, value = child
                yield tuple(path.split(LOOKUP_SEP))
                child = value
            if hasattr(child, "flatten"):
                yield from _references(model, child)
    elif isinstance(condition, F):
        yield tuple(condition.name.split(LOOKUP_SEP))
    elif hasattr(condition, "get_source_expressions"):
        for source in condition.get_source_expressions():
            if source is not None:
                yield from _references(model, source)


def field_expressions(
    instance: Any, model: type[Model], exclude: Collection[str] | None
) -> dict[Any, Any]:
    """Return the values of an instance's fields as expressions, by name.

    Generated fields are the expressions that they are computed by.
    """
    excluded = set(exclude or ())
    values = instance._get_field_expression_map(meta=model._meta, exclude=excluded)
    return {(name.name if isinstance(name, F) else name): value for name, value in values.items()}


class UniqueConstraint(BaseConstraint):
    """Values that occur once. Manual: "UniqueConstraint"."""

    parts = ("fields", "condition", "deferrable", "include", "opclasses", "nulls_distinct")

    def __init__(
        self,
        *expressions: Any,
        fields: Any = (),
        name: str | None = None,
        condition: Q | None = None,
        deferrable: Deferrable | None = None,
        include: Any = None,
        opclasses: Any = (),
        nulls_distinct: bool | None = None,
        violation_error_code: str | None = None,
        violation_error_message: Any = None,
    ) -> None:
        whole = "UniqueConstraint"
        deferred = f"{whole} with {{}} cannot be deferred."
        for wrong, error, message in (
            (not name, ValueError, "A unique constraint must be named."),
            (
                not expressions and not fields,
                ValueError,
                "At least one field or expression is required to define a unique constraint.",
            ),
            (
                expressions and fields,
                ValueError,
                f"{whole}.fields and expressions are mutually exclusive.",
            ),
            (
                not isinstance(condition, None | Q),
                ValueError,
                f"{whole}.condition must be a Q instance.",
            ),
            (condition and deferrable, ValueError, deferred.format("conditions")),
            (include and deferrable, ValueError, deferred.format("include fields")),
            (opclasses and deferrable, ValueError, deferred.format("opclasses")),
            (expressions and deferrable, ValueError, deferred.format("expressions")),
            (
                expressions and opclasses,
                ValueError,
                f"{whole}.opclasses cannot be used with expressions. Use "
                "django.contrib.postgres.indexes.OpClass() instead.",
            ),
            (
                not isinstance(deferrable, None | Deferrable),
                TypeError,
                f"{whole}.deferrable must be a Deferrable instance.",
            ),
            (
                not isinstance(include, None | list | tuple),
                TypeError,
                f"{whole}.include must be a list or tuple.",
            ),
            (
                not isinstance(opclasses, list | tuple),
                TypeError,
                f"{whole}.opclasses must be a list or tuple.",
            ),
            (
                not isinstance(nulls_distinct, None | bool),
                TypeError,
                f"{whole}.nulls_distinct must be a bool.",
            ),
            (
                opclasses and len(fields) != len(opclasses),
                ValueError,
                f"{whole}.fields and {whole}.opclasses must have the same number of elements.",
            ),
        ):
            if wrong:
                raise error(message)
        self.fields = tuple(fields)
        self.condition, self.deferrable = condition, deferrable
        self.include = tuple(include) if include else ()
        self.opclasses, self.nulls_distinct = opclasses, nulls_distinct
        self.expressions = tuple(F(each) if isinstance(each, str) else each for each in expressions)
        super().__init__(
            name=name,  # type: ignore[arg-type]
            violation_error_code=violation_error_code,
            violation_error_message=violation_error_message,
        )

    def check(self, model: type[Model], connection: Any) -> list[CheckMessage]:
        from nuages.db.models._model_checks import local_field_messages

        found = list(local_field_messages(model, (*self.fields, *self.include), "constraints"))
        for wanted, feature, what, number in (
            (
                self.condition is not None,
                "supports_partial_indexes",
                "unique constraints with conditions",
                "W036",
            ),
            (
                self.deferrable is not None,
                "supports_deferrable_unique_constraints",
                "deferrable unique constraints",
                "W038",
            ),
            (
                self.include,
                "supports_covering_indexes",
                "unique constraints with non-key columns",
                "W039",
            ),
            (
                self.contains_expressions,
                "supports_expression_indexes",
                "unique constraints on expressions",
                "W044",
            ),
            (
                self.nulls_distinct is not None,
                "supports_nulls_distinct_unique_constraints",
                "UniqueConstraint.nulls_distinct",
                "W047",
            ),
        ):
            if wanted:
                found += self._unsupported(model, connection, feature, what, number)
        references: set[tuple[str, ...]] = set()
        features = connection.features
        needed = model._meta.required_db_features
        if isinstance(self.condition, Q) and (
            features.supports_partial_indexes or "supports_partial_indexes" not in needed
        ):
            references.update(_references(model, self.condition))
        if self.contains_expressions and (
            features.supports_expression_indexes or "supports_expression_indexes" not in needed
        ):
            for expression in self.expressions:
                references.update(_references(model, expression))
        return found + list(self._check_references(model, references))

    # SQL

    def _get_condition_sql(self, model: type[Model], schema_editor: Any) -> str | None:
        return condition_sql(self.condition, model, schema_editor)

    def _get_index_expressions(self, model: type[Model], schema_editor: Any) -> Any:
        return indexed(self.expressions, model, schema_editor) if self.expressions else None

    def _sql_parts(self, model: type[Model], schema_editor: Any) -> dict[str, Any]:
        return {
            "condition": self._get_condition_sql(model, schema_editor),
            "deferrable": self.deferrable,
            "include": [model._meta.get_field(name).column for name in self.include],
            "opclasses": self.opclasses,
            "nulls_distinct": self.nulls_distinct,
            "expressions": self._get_index_expressions(model, schema_editor),
        }

    def constraint_sql(self, model: type[Model], schema_editor: Any) -> Any:
        fields = plain_fields(model, self.fields)
        parts = self._sql_parts(model, schema_editor)
        return schema_editor._unique_sql(model, fields, self.name, **parts)

    def create_sql(self, model: type[Model], schema_editor: Any) -> Any:
        fields = plain_fields(model, self.fields)
        parts = self._sql_parts(model, schema_editor)
        return schema_editor._create_unique_sql(model, fields, self.name, **parts)

    def remove_sql(self, model: type[Model], schema_editor: Any) -> Any:
        return schema_editor._delete_unique_sql(
            model, self.name, **self._sql_parts(model, schema_editor)
        )

    # Validation

    def validate(
        self,
        model: type[Model],
        instance: Any,
        exclude: Collection[str] | None = None,
        using: str = DEFAULT_DB_ALIAS,
    ) -> None:
        excluded = set(exclude or ())
        rows = model._default_manager.using(using)
        if self.fields:
            condition = self._same_fields(model, instance, excluded, using)
        else:
            condition = self._same_expressions(model, instance, excluded)
        if condition is None:
            return
        rows = rows.filter(condition)
        if not instance._state.adding and instance._is_pk_set(model._meta):
            rows = rows.exclude(pk=instance._get_pk_val(model._meta))
        if self.condition is None:
            if rows.exists():
                raise self._clash(model, instance)
            return
        against = field_expressions(instance, model, excluded)
        # Unknown is not met: so what is asked is whether there is no clash.
        harmless = ~Q(self.condition) | ~Q(Exists(rows.filter(self.condition)))
        try:
            passes = harmless.check(against, using=using)
        except FieldError:
            # A field that the condition needs is excluded.
            return
        if not passes:
            raise self._clash(model, instance)

    def _same_fields(
        self, model: type[Model], instance: Any, excluded: set[str], using: str
    ) -> Any:
        """Return the condition for rows that clash; ``None``: none can."""
        from nuages.db.models.expressions import DatabaseDefault

        generated = [n for n in self.fields if model._meta.get_field(n).generated]
        condition = Q()
        for name in self.fields:
            if name in excluded:
                return None
            field = model._meta.get_field(name)
            if field.generated:
                needed = {each.name for each in field.referenced_fields}
                if needed & excluded:
                    return None
                expressions = instance._get_field_expression_map(meta=model._meta, exclude=excluded)
                value = field.expression.replace_expressions(expressions)
                condition &= Q(Exact(F(name), value))
                continue
            value = getattr(instance, field.attname)
            if isinstance(value, DatabaseDefault):
                value = field._db_default_expression
            empty_is_null = (
                value == "" and connections[using].features.interprets_empty_strings_as_nulls
            )
            if value is not None and not empty_is_null:
                condition &= Q((name, value))
            elif self.nulls_distinct is False:
                condition &= Q((f"{name}__isnull", True))
            else:
                # Nulls are never equal.
                return None
        if generated and self.nulls_distinct is False:
            return self._with_null_generated(model, instance, excluded)
        return condition

    def _with_null_generated(self, model: type[Model], instance: Any, excluded: set[str]) -> Any:
        """Return the condition where nulls of computed values are equal too."""
        expressions = instance._get_field_expression_map(meta=model._meta, exclude=excluded)
        condition = Q()
        for name in self.fields:
            field = model._meta.get_field(name)
            value = (
                field.expression.replace_expressions(expressions)
                if field.generated
                else expressions[F(name)]
            )
            both_null = Q(IsNull(F(name), True)) & Q(IsNull(value, True))
            condition &= Q(Exact(F(name), value)) | both_null
        return condition

    def _same_expressions(self, model: type[Model], instance: Any, excluded: set[str]) -> Any:
        values = instance._get_field_expression_map(meta=model._meta, exclude=excluded)
        available = {each.name for each in values}
        condition = Q()
        for expression in self.expressions:
            # The order of an index says nothing of equality.
            plain = expression.expression if isinstance(expression, OrderBy) else expression
            if hasattr(plain, "get_expression_for_validation"):
                plain = plain.get_expression_for_validation()
            needed = {path[0] for path in _references(model, plain)}
            if needed - available:
                return None
            here = plain.replace_expressions(values)
            same = Q(Exact(plain, here))
            if self.nulls_distinct is False:
                same |= Q(IsNull(plain, True)) & Q(IsNull(here, True))
            condition &= same
        return condition

    def _clash(self, model: type[Model], instance: Any) -> ValidationError:
        """Return the error: of the fields, if neither the constraint nor a condition says more."""
        own = self.violation_error_code is not None or self._has_own_message
        if self.fields and self.condition is None and not own:
            return instance.unique_error_message(model, self.fields)
        if self.fields and self.condition is None and self.violation_error_code is None:
            return ValidationError(self.get_violation_error_message())
        return self.violation()

    # How it is written down

    def _described(self) -> Iterator[str]:
        yield from self._shown("fields", "expressions", "name", *self.parts[1:])

    @property
    def identity(self) -> tuple[Any, ...]:
        return (*super().identity, self.expressions)

    def deconstruct(self) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
        path, _args, kwargs = super().deconstruct()
        return path, self.expressions, kwargs
