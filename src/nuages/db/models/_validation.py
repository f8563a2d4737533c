"""Validation of an instance. Manual: "Validating objects"."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from nuages.core.exceptions import NON_FIELD_ERRORS, ValidationError
from nuages.db import router
from nuages.utils.text import capfirst, get_text_list
from nuages.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from nuages.db.models.base import Model


class ModelValidation:
    """The part of ``Model`` that says whether an instance is valid."""

    def clean(self) -> None:
        """Validate the instance as a whole; models override it."""

    def full_clean(
        self,
        exclude: Iterable[str] | None = None,
        validate_unique: bool = True,
        validate_constraints: bool = True,
    ) -> None:
        """Run all validations, and raise their errors in one ``ValidationError``.

        Args:
            exclude: the names of fields that are not validated.
        """
        errors: dict[str, list[Any]] = {}
        excluded = set(exclude or ())

        def attempt(validate: Any, **kwargs: Any) -> None:
            try:
                validate(**kwargs)
            except ValidationError as error:
                error.update_error_dict(errors)

        attempt(self.clean_fields, exclude=excluded)
        attempt(self.clean)
        # Of a field that is invalid already, uniqueness says nothing.
        for stage, wanted in (
            (self.validate_unique, validate_unique),
            (self.validate_constraints, validate_constraints),
        ):
            if wanted:
                excluded |= {name for name in errors if name != NON_FIELD_ERRORS}
                attempt(stage, exclude=excluded)
        if errors:
            raise ValidationError(errors)

    def clean_fields(self: Any, exclude: Collection[str] | None = None) -> None:
        """Convert and validate each field, and raise all errors in one ``ValidationError``."""
        from nuages.db.models.expressions import DatabaseDefault

        skipped = frozenset(exclude or ())
        wrong: dict[str, list[Any]] = {}
        for field in self._meta.fields:
            raw = None if field.generated else getattr(self, field.attname)
            # Not to be given by anyone; made by the database; or empty, as it may be.
            passes = field.generated or field.name in skipped or isinstance(raw, DatabaseDefault)
            if passes or (field.blank and raw in field.empty_values):
                continue
            try:
                cleaned = field.clean(raw, self)
            except ValidationError as error:
                wrong[field.name] = error.error_list
            else:
                setattr(self, field.attname, cleaned)
        if wrong:
            raise ValidationError(wrong)

    # Uniqueness

    def validate_unique(self, exclude: Collection[str] | None = None) -> None:
        """Raise ``ValidationError`` where unique fields or groups have values that are taken."""
        unique_checks, date_checks = self._get_unique_checks(exclude=exclude)
        errors = self._perform_unique_checks(unique_checks)
        for name, found in self._perform_date_checks(date_checks).items():
            errors.setdefault(name, []).extend(found)
        if errors:
            raise ValidationError(errors)

    def _get_unique_checks(
        self: Any, exclude: Collection[str] | None = None, include_meta_constraints: bool = False
    ) -> tuple[list[Any], list[Any]]:
        """Return what is to be checked: ``(model, names)``, and ``(model, part, field, date)``.

        Groups of which a field is excluded are left out: their values may not be valid.
        """
        excluded = {exclude} if isinstance(exclude, str) else set(exclude or ())
        fields_by_model = [(type(self), self._meta.local_fields)] + [
            (parent, parent._meta.local_fields) for parent in self._meta.all_parents
        ]
        unique_checks: list[Any] = []
        for model in (type(self), *self._meta.all_parents):
            groups = [(model, group) for group in model._meta.unique_together]
            if include_meta_constraints:
                groups += [(model, each.fields) for each in model._meta.total_unique_constraints]
            for owner, group in groups:
                if excluded.isdisjoint(group):
                    unique_checks.append((owner, tuple(group)))
        date_checks: list[Any] = []
        for model, fields in fields_by_model:
            for field in fields:
                name = field.name
                if name in excluded:
                    continue
                if field.unique:
                    if model._meta.is_composite_pk and field is model._meta.pk:
                        names = tuple(part.name for part in field.fields)
                        # A row that is there has its key already.
                        if self._state.adding and excluded.isdisjoint(names):
                            unique_checks.append((model, names))
                    else:
                        unique_checks.append((model, (name,)))
                for part, date_field in field.unique_for_lookups.items():
                    if date_field not in excluded:
                        date_checks.append((model, part, name, date_field))
        return unique_checks, date_checks

    def _perform_unique_checks(self: Any, unique_checks: Iterable[Any]) -> dict[str, list[Any]]:
        errors: dict[str, list[Any]] = {}
        for model, names in unique_checks:
            lookups = self._lookups_of(names)
            if lookups is None:
                continue
            found = model._default_manager.filter(**lookups)
            own_key = self._get_pk_val(model._meta)
            if not self._state.adding and self._is_pk_set(model._meta):
                found = found.exclude(pk=own_key)
            if found.exists():
                place = names[0] if len(names) == 1 else NON_FIELD_ERRORS
                errors.setdefault(place, []).append(self.unique_error_message(model, names))
        return errors

    def _lookups_of(self: Any, names: Iterable[str]) -> dict[str, Any] | None:
        """Return the lookups for the row that would clash; ``None``: none can."""
        from nuages.db import connection

        lookups = {}
        of_key = True
        for name in names:
            field = self._meta.get_field(name)
            value = getattr(self, field.attname)
            if value is None or (
                value == "" and connection.features.interprets_empty_strings_as_nulls
            ):
                # Nulls are never equal.
                return None
            lookups[name] = value
            of_key = of_key and (field.primary_key or field in self._meta.pk_fields)
        # A row that is there has its key already.
        return None if of_key and not self._state.adding else lookups

    def _perform_date_checks(self: Any, date_checks: Iterable[Any]) -> dict[str, list[Any]]:
        errors: dict[str, list[Any]] = {}
        for model, part, name, date_name in date_checks:
            date = getattr(self, date_name)
            if date is None:
                continue
            parts = ("day", "month", "year") if part == "date" else (part,)
            lookups = {f"{date_name}__{each}": getattr(date, each) for each in parts}
            lookups[name] = getattr(self, name)
            found = model._default_manager.filter(**lookups)
            if not self._state.adding and self._is_pk_set():
                found = found.exclude(pk=self.pk)
            if found.exists():
                message = self.date_error_message(part, name, date_name)
                errors.setdefault(name, []).append(message)
        return errors

    def date_error_message(
        self: Any, lookup_type: str, field_name: str, unique_for: str
    ) -> ValidationError:
        """Return the error of a value that occurs twice on one day, in one month or year."""
        options = self._meta
        field = options.get_field(field_name)
        return ValidationError(
            message=field.error_messages["unique_for_date"],
            code="unique_for_date",
            params={
                "model": self,
                "model_name": capfirst(options.verbose_name),
                "lookup_type": lookup_type,
                "field": field_name,
                "field_label": capfirst(field.verbose_name),
                "date_field": unique_for,
                "date_field_label": capfirst(options.get_field(unique_for).verbose_name),
            },
        )

    def unique_error_message(
        self: Any, model_class: type[Model], unique_check: tuple[str, ...]
    ) -> ValidationError:
        """Return the error of a field, or a group of fields, whose values are taken."""
        options = model_class._meta
        labels = [capfirst(options.get_field(name).verbose_name) for name in unique_check]
        params = {
            "model": self,
            "model_class": model_class,
            "model_name": capfirst(options.verbose_name),
            "unique_check": unique_check,
        }
        if len(unique_check) == 1:
            field = options.get_field(unique_check[0])
            return ValidationError(
                message=field.error_messages["unique"],
                code="unique",
                params=params | {"field_label": labels[0]},
            )
        return ValidationError(
            message=_("%(model_name)s with this %(field_labels)s already exists."),
            code="unique_together",
            params=params | {"field_labels": get_text_list(labels, _("and"))},
        )

    # Constraints

    def _get_field_expression_map(
        self: Any, meta: Any, exclude: Collection[str] | None = None
    ) -> dict[Any, Any]:
        """Return the instance's values as expressions, by ``F(name)``.

        Generated fields are expressions of the others; of those that need an excluded field there
        is none.
        """
        from nuages.db.models.expressions import DatabaseDefault, F, Value

        excluded = set(exclude or ())
        values: dict[Any, Any] = {}
        generated = []
        for field in meta.local_concrete_fields:
            if field.name in excluded:
                continue
            if field.generated:
                if not any(each.name in excluded for each in field.referenced_fields):
                    generated.append(field)
                continue
            value = getattr(self, field.attname)
            if isinstance(value, DatabaseDefault):
                value = field._db_default_expression
            elif not hasattr(value, "resolve_expression"):
                value = Value(value, field)
            values[F(field.name)] = value
            if field.attname != field.name:
                values[F(field.attname)] = value
        # Relations by one column of another field have that field's value.
        for field in meta.local_fields:
            if field.is_relation and not field.concrete and field.name not in excluded:
                near = [each.name for each in field.local_related_fields]
                if len(near) == 1 and F(near[0]) in values:
                    values[F(field.name)] = values[F(near[0])]
        if "pk" not in excluded and meta.pk.name not in excluded and not meta.is_composite_pk:
            key = F(meta.pk.name)
            if key in values:
                values[F("pk")] = values[key]
        values |= {
            F(field.name): field.expression.replace_expressions(values) for field in generated
        }
        return values

    def get_constraints(self: Any) -> list[tuple[type[Model], list[Any]]]:
        """Return the constraints of the model and of its parents."""
        models = (type(self), *self._meta.all_parents)
        return [(each, each._meta.constraints) for each in models if each._meta.constraints]

    def validate_constraints(self: Any, exclude: Collection[str] | None = None) -> None:
        """Raise ``ValidationError`` where the instance breaks a constraint of its model."""
        using = router.db_for_write(type(self), instance=self)
        errors: dict[str, list[Any]] = {}
        for model, constraint in self._each_constraint():
            try:
                constraint.validate(model, self, exclude=exclude, using=using)
            except ValidationError as error:
                names: Sequence[str] = getattr(constraint, "fields", ())
                if getattr(error, "code", None) == "unique" and len(names) == 1:
                    errors.setdefault(names[0], []).append(error)
                else:
                    error.update_error_dict(errors)
        if errors:
            raise ValidationError(errors)

    def _each_constraint(self) -> Iterator[tuple[type[Model], Any]]:
        for model, constraints in self.get_constraints():
            for constraint in constraints:
                yield model, constraint
