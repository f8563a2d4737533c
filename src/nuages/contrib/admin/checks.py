"""System checks of the admin. Manual: "System check framework", section "admin".

Most options are described by a row of a table: what their value has to be, and what else has to
hold for it. The rows of bases come first. What cannot be said in a table is a *law*: a generator
that is given the instance, the option's name and its value, and yields what is wrong.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from inspect import isclass
from itertools import chain
from typing import Any, NamedTuple

from nuages.apps import apps
from nuages.conf import settings
from nuages.contrib.admin._names import HORIZONTAL, VERTICAL
from nuages.core import checks
from nuages.core.exceptions import FieldDoesNotExist
from nuages.db import models
from nuages.db.models.expressions import Combinable, OrderBy
from nuages.forms._model_formsets import _get_foreign_key
from nuages.forms.models import BaseModelForm, BaseModelFormSet
from nuages.utils.module_loading import import_string

#: What a law yields: the number of the check, the message and perhaps a hint; or what another
#: instance's checks found.
Finding = tuple[str, str] | tuple[str, str, str] | checks.CheckMessage
Law = Callable[[Any, str, Any], Iterable[Finding]]


class Rule(NamedTuple):
    """A row of the table: the value of ``option`` must ``shape`` (check ``number``)."""

    option: str
    number: str
    shape: str
    fits: Callable[[Any], bool]
    laws: tuple[Law, ...] = ()

    def findings(self, admin: Any) -> Iterator[Finding]:
        """Yield what is wrong with the option of an instance."""
        value = getattr(admin, self.option)
        if not self.fits(value):
            yield self.number, f"The value of '{self.option}' must {self.shape}."
            return
        for law in self.laws:
            yield from law(admin, self.option, value)


def _is(*kinds: type) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, kinds)


def _inherits(base: type) -> Callable[[Any], bool]:
    return lambda value: isclass(value) and issubclass(value, base)


def _or_none(fits: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: value is None or fits(value)


_LISTED = ("be a list or tuple", _is(list, tuple))
_MAPPED = ("be a dictionary", _is(dict))
_WHOLE = ("be an integer", _is(int))
_TRUTH = ("be a boolean", _is(bool))


# Names of fields.


def _field(admin: Any, name: Any) -> Any:
    """Return the field of that very name, or ``None``."""
    try:
        field = admin.model._meta.get_field(name)
    except FieldDoesNotExist:
        return None
    return field


def _strange(admin: Any, place: str, name: Any) -> str:
    label = admin.model._meta.label
    return f"The value of '{place}' refers to '{name}', which is not a field of '{label}'."


def _is_many(field: Any) -> bool:
    return bool(field.many_to_many) and isinstance(field, models.ManyToManyField)


def _is_relation(field: Any) -> bool:
    return _is_many(field) or isinstance(field, models.ForeignKey)


def _no_middle_model(admin: Any, place: str, field: Any) -> Iterator[Finding]:
    """Forms cannot fill a relation whose rows have more to say."""
    if _is_many(field) and not field.remote_field.through._meta.auto_created:
        yield (
            "E013",
            f"The value of '{place}' cannot include the ManyToManyField '{field.name}', because "
            "that field manually specifies a relationship model.",
        )


def _findable(admin: Any, place: str, field: Any) -> Iterator[Finding]:
    """The list that answers has to be registered, and searchable."""
    target, own = field.remote_field.model, type(admin).__name__
    option = f"{own}.autocomplete_fields"
    found = None if isinstance(target, str) else admin.admin_site._registry.get(target)
    if found is None:
        name = target if isinstance(target, str) else target.__name__
        yield (
            "E039",
            f'An admin for model "{name}" has to be registered to be referenced by {option}.',
        )
    elif not found.search_fields:
        yield (
            "E040",
            f'{type(found).__name__} must define "search_fields", because it\'s referenced by '
            f"{option}.",
        )


def _each_field(
    missing: str, wanted: Callable[[Any], bool], refused: tuple[str, str], *laws: Law
) -> Law:
    """Return a law: each entry names a field of a kind.

    Args:
        missing: the number for names that no field has.
        wanted: whether a field will do.
        refused: number and wording for one that will not.
        laws: what else is asked of the field.
    """

    def law(admin: Any, option: str, value: Any) -> Iterator[Finding]:
        for index, name in enumerate(value):
            place, field = f"{option}[{index}]", _field(admin, name)
            if field is None or field.name != name:
                yield missing, _strange(admin, place, name)
            elif not wanted(field):
                number, what = refused
                yield number, f"The value of '{place}' must be {what}."
            else:
                yield from chain.from_iterable(more(admin, place, field) for more in laws)

    return law


def _flat(names: Iterable[Any]) -> list[Any]:
    return [
        name
        for entry in names
        for name in (entry if isinstance(entry, (list, tuple)) else (entry,))
    ]


def _repeated(names: Iterable[Any]) -> str:
    """Return a hint about names that occur more than once, or nothing."""
    twice = [name for name, times in Counter(names).items() if times > 1]
    return f"Remove duplicates of {', '.join(map(repr, twice))}." if twice else ""


def _each_once(number: str) -> Law:
    def law(admin: Any, option: str, value: Any) -> Iterator[Finding]:
        if hint := _repeated(_flat(value or ())):
            yield number, f"The value of '{option}' contains duplicate field(s).", hint

    return law


def _fillable(admin: Any, place: str, names: Iterable[Any]) -> Iterator[Finding]:
    """Names may be of form fields as well, so those that are unknown here pass."""
    for name in names:
        field = _field(admin, name)
        if field is not None:
            yield from _no_middle_model(admin, place, field)


def _instead_of_fieldsets(admin: Any, option: str, value: Any) -> Iterator[Finding]:
    if value and admin.fieldsets:
        yield "E005", "Both 'fieldsets' and 'fields' are specified."


def _fields_fillable(admin: Any, option: str, value: Any) -> Iterator[Finding]:
    return _fillable(admin, option, _flat(value or ()))


def _sections(admin: Any, option: str, value: Any) -> Iterator[Finding]:
    """Each section is a pair of title and options, and no field is in two of them."""
    seen: dict[Any, None] = {}
    for index, section in enumerate(value or ()):
        place = f"{option}[{index}]"
        if fault := _fault_of_section(place, section):
            yield fault
            continue
        names = _flat(section[1]["fields"])
        if hint := _repeated([*seen, *names]):
            yield "E012", f"There are duplicate field(s) in '{place}[1]'.", hint
        seen.update(dict.fromkeys(names))
        yield from _fillable(admin, f'{place}[1]["fields"]', names)


def _fault_of_section(place: str, section: Any) -> Finding | None:
    questions: tuple[tuple[Callable[[], bool], str, str], ...] = (
        (lambda: isinstance(section, (list, tuple)), "E008", "' must be a list or tuple."),
        (lambda: len(section) == 2, "E009", "' must be of length 2."),
        (lambda: isinstance(section[1], dict), "E010", "[1]' must be a dictionary."),
        (lambda: "fields" in section[1], "E011", "[1]' must contain the key 'fields'."),
        (
            lambda: isinstance(section[1]["fields"], (list, tuple)),
            "E008",
            "[1]['fields']' must be a list or tuple.",
        ),
    )
    for holds, number, rest in questions:
        if not holds():
            return number, f"The value of '{place}{rest}"
    return None


def _radio(admin: Any, option: str, value: Any) -> Iterator[Finding]:
    for name, direction in value.items():
        field = _field(admin, name)
        if field is None:
            yield "E022", _strange(admin, option, name)
        elif not (isinstance(field, models.ForeignKey) or field.choices):
            yield (
                "E023",
                f"The value of '{option}' refers to '{name}', which is not an instance of "
                "ForeignKey, and does not have a 'choices' definition.",
            )
        elif direction not in (HORIZONTAL, VERTICAL):
            yield (
                "E024",
                f"The value of '{option}[\"{name}\"]' must be either admin.HORIZONTAL or "
                "admin.VERTICAL.",
            )


def _prepopulated(admin: Any, option: str, value: Any) -> Iterator[Finding]:
    untyped = (models.DateTimeField, models.ForeignKey, models.ManyToManyField)
    for name, sources in value.items():
        field, place = _field(admin, name), f'{option}["{name}"]'
        if field is None:
            yield "E027", _strange(admin, option, name)
        elif isinstance(field, untyped):
            yield (
                "E028",
                f"The value of '{option}' refers to '{name}', which must not be a DateTimeField, "
                "a ForeignKey, a OneToOneField, or a ManyToManyField.",
            )
        if not isinstance(sources, (list, tuple)):
            yield "E029", f"The value of '{place}' must be a list or tuple."
            continue
        for index, source in enumerate(sources):
            if _field(admin, source) is None:
                yield "E030", _strange(admin, f"{place}[{index}]", source)


def _sorted_by(entry: Any) -> str | None:
    """Return the name that an entry of ``ordering`` sorts by, ``None`` if it is not that plain."""
    if isinstance(entry, OrderBy):
        entry = entry.expression
    if isinstance(entry, models.F):
        entry = entry.name
    if isinstance(entry, Combinable) or not isinstance(entry, str):
        return None
    name = entry.removeprefix("-")
    return None if name in ("?", "pk") or "__" in name else name


def _orders(admin: Any, option: str, value: Any) -> Iterator[Finding]:
    if not value:
        return
    if "?" in [entry for entry in value if isinstance(entry, str)] and len(value) > 1:
        yield (
            "E032",
            f"The value of '{option}' has the random ordering marker '?', but contains other "
            "fields as well.",
            'Either remove the "?", or remove the other fields.',
        )
    for index, entry in enumerate(value):
        name = _sorted_by(entry)
        if name is not None and _field(admin, name) is None:
            yield "E033", _strange(admin, f"{option}[{index}]", name)


def _shown(admin: Any, option: str, value: Any) -> Iterator[Finding]:
    for index, name in enumerate(value):
        known = callable(name) or hasattr(admin, name) or hasattr(admin.model, name)
        if not known and _field(admin, name) is None:
            yield (
                "E035",
                f"The value of '{option}[{index}]' refers to '{name}', which is not a callable, an "
                f"attribute of '{type(admin).__name__}', or an attribute of "
                f"'{admin.model._meta.label}'.",
            )


_BASE = (
    Rule(
        "autocomplete_fields",
        "E036",
        *_LISTED,
        (
            _each_field(
                "E037",
                _is_relation,
                ("E038", "a foreign key or a many-to-many field"),
                _findable,
            ),
        ),
    ),
    Rule(
        "raw_id_fields",
        "E001",
        *_LISTED,
        (_each_field("E002", _is_relation, ("E003", "a foreign key or a many-to-many field")),),
    ),
    Rule(
        "fields",
        "E004",
        "be a list or tuple",
        _or_none(_is(list, tuple)),
        (_instead_of_fieldsets, _each_once("E006"), _fields_fillable),
    ),
    Rule("fieldsets", "E007", "be a list or tuple", _or_none(_is(list, tuple)), (_sections,)),
    Rule(
        "exclude",
        "E014",
        "be a list or tuple",
        _or_none(_is(list, tuple)),
        (_each_once("E015"),),
    ),
    Rule("form", "E016", "inherit from 'BaseModelForm'", _inherits(BaseModelForm)),
    *(
        Rule(
            option,
            number,
            *_LISTED,
            (_each_field("E019", _is_many, ("E020", "a many-to-many field"), _no_middle_model),),
        )
        for option, number in (("filter_vertical", "E017"), ("filter_horizontal", "E018"))
    ),
    Rule("radio_fields", "E021", *_MAPPED, (_radio,)),
    Rule("prepopulated_fields", "E026", *_MAPPED, (_prepopulated,)),
    Rule(
        "view_on_site",
        "E025",
        "be a callable or a boolean value",
        lambda value: callable(value) or isinstance(value, bool),
    ),
    Rule("ordering", "E031", "be a list or tuple", _or_none(_is(list, tuple)), (_orders,)),
    Rule("readonly_fields", "E034", *_LISTED, (_shown,)),
    Rule(
        "delete_confirmation_max_display",
        "E041",
        "be a non-negative integer or None",
        _or_none(lambda value: isinstance(value, int) and value >= 0),
    ),
)


# Pages.


def _dotted(thing: Any, instead: Any) -> str:
    named = thing if hasattr(thing, "__name__") else type(instead)
    return f"{named.__module__}.{named.__name__}"


def _inlines(admin: Any, option: str, value: Any) -> Iterator[Finding]:
    from nuages.contrib.admin._inlines import InlineModelAdmin

    for inline in value:
        label = _dotted(inline, admin)
        if not isclass(inline) or not issubclass(inline, InlineModelAdmin):
            yield "E104", f"'{label}' must inherit from 'InlineModelAdmin'."
        elif not getattr(inline, "model", None):
            yield "E105", f"'{label}' must have a 'model' attribute."
        elif not _inherits(models.Model)(inline.model):
            yield "E106", f"The value of '{label}.model' must be a Model."
        else:
            yield from inline(admin.model, admin.admin_site).check()


def _path(model: Any, path: Any) -> list[Any]:
    """Return the fields on a path over relations, nothing if there is no such path."""
    from nuages.contrib.admin.utils import NotRelationField, get_fields_from_path

    try:
        return get_fields_from_path(model, path)
    except (FieldDoesNotExist, NotRelationField):
        return []


def _points_to_many(thing: Any) -> bool:
    """Whether a field, or the attribute that stands for it, leads to several objects."""
    if isinstance(thing, (models.Field, models.ForeignObjectRel)):
        return bool(thing.is_relation and (thing.many_to_many or thing.one_to_many))
    relation = getattr(thing, "rel", None)
    return isinstance(relation, models.ForeignObjectRel) and relation.multiple


def _columns(admin: Any, option: str, value: Any) -> Iterator[Finding]:
    model = admin.model
    for index, name in enumerate(value):
        if callable(name) or hasattr(admin, name):
            continue
        place = f"{option}[{index}]"
        field = _field(admin, name)
        thing = getattr(model, name, None) if field is None else field
        if thing is None and "__" in name:
            thing = (_path(model, name) or [None])[-1]
        if thing is None and not hasattr(model, name):
            yield (
                "E108",
                f"The value of '{place}' refers to '{name}', which is not a callable or attribute "
                f"of '{type(admin).__name__}', or an attribute, method, or field on "
                f"'{model._meta.label}'.",
            )
        elif _points_to_many(thing):
            yield (
                "E109",
                f"The value of '{place}' must not be a many-to-many field or a reverse foreign key.",
            )


def _links(admin: Any, option: str, value: Any) -> Iterator[Finding]:
    from nuages.contrib.admin.options import ModelAdmin

    if value is None or type(admin).get_list_display is not ModelAdmin.get_list_display:
        return  # nobody knows the columns before there is a request
    for index, name in enumerate(value):
        if name not in admin.list_display:
            yield (
                "E111",
                f"The value of '{option}[{index}]' refers to '{name}', which is not defined in "
                "'list_display'.",
            )


def _filters(admin: Any, option: str, value: Any) -> Iterator[Finding]:
    from nuages.contrib.admin.filters import FieldListFilter, ListFilter

    for index, entry in enumerate(value):
        place = f"{option}[{index}]"
        if isinstance(entry, (list, tuple)):
            if not _inherits(FieldListFilter)(entry[1]):
                yield "E115", f"The value of '{place}[1]' must inherit from 'FieldListFilter'."
        elif isinstance(entry, str):
            if not _path(admin.model, entry):
                yield (
                    "E116",
                    f"The value of '{place}' refers to '{entry}', which does not refer to a Field.",
                )
        elif not _inherits(ListFilter)(entry):
            yield "E113", f"The value of '{place}' must inherit from 'ListFilter'."
        elif issubclass(entry, FieldListFilter):
            yield "E114", f"The value of '{place}' must not inherit from 'FieldListFilter'."


def _editable(admin: Any, option: str, value: Any) -> Iterator[Finding]:
    columns, links = admin.list_display, admin.list_display_links
    for index, name in enumerate(value):
        refers = f"The value of '{option}[{index}]' refers to"
        field = _field(admin, name)
        if field is None:
            yield "E121", _strange(admin, f"{option}[{index}]", name)
        elif name not in columns:
            yield "E122", f"{refers} '{name}', which is not contained in 'list_display'."
        elif links and name in links:
            yield (
                "E123",
                f"The value of '{name}' cannot be in both '{option}' and 'list_display_links'.",
            )
        elif links is not None and not links and columns[0] == name:
            yield (
                "E124",
                f"{refers} the first field in 'list_display' ('{name}'), which cannot be used "
                "unless 'list_display_links' is set.",
            )
        elif not field.editable or field.primary_key:
            yield "E125", f"{refers} '{name}', which is not editable through the admin."


def _dated(admin: Any, option: str, value: Any) -> Iterator[Finding]:
    if not value:
        return
    fields = _path(admin.model, value)
    if not fields:
        yield (
            "E127",
            f"The value of '{option}' refers to '{value}', which does not refer to a Field.",
        )
    # DateTimeField is a kind of DateField; of generated fields it is the output that counts.
    elif not isinstance(getattr(fields[-1], "output_field", fields[-1]), models.DateField):
        yield "E128", f"The value of '{option}' must be a DateField or DateTimeField."


def _actions(admin: Any, option: str, value: Any) -> Iterator[Finding]:
    own = type(admin).__name__
    for action in admin._get_base_actions():
        for permission in getattr(action.func, "allowed_permissions", ()):
            if not hasattr(admin, f"has_{permission}_permission"):
                yield (
                    "E129",
                    f"{own} must define a has_{permission}_permission() method for the "
                    f"{action.func.__name__} action.",
                )
    found = filter(None, map(admin.get_action, value or ()))
    for name, times in Counter(action.name for action in found).items():
        if times > 1:
            yield (
                "E130",
                f"__name__ attributes of actions defined in {own} must be unique. Name "
                f"{name!r} is not unique.",
            )


_PAGES = (
    Rule("save_as", "E101", *_TRUTH),
    Rule("save_on_top", "E102", *_TRUTH),
    Rule("inlines", "E103", *_LISTED, (_inlines,)),
    Rule("list_display", "E107", *_LISTED, (_columns,)),
    Rule(
        "list_display_links",
        "E110",
        "be a list, a tuple, or None",
        _or_none(_is(list, tuple)),
        (_links,),
    ),
    Rule("list_filter", "E112", *_LISTED, (_filters,)),
    Rule("list_select_related", "E117", "be a boolean, tuple or list", _is(bool, list, tuple)),
    Rule("list_per_page", "E118", *_WHOLE),
    Rule("list_max_show_all", "E119", *_WHOLE),
    Rule("list_editable", "E120", *_LISTED, (_editable,)),
    Rule("search_fields", "E126", *_LISTED),
    Rule("date_hierarchy", "E127", "be the name of a field", lambda value: True, (_dated,)),
    Rule("actions", "E130", "be a list or tuple", lambda value: True, (_actions,)),
)


# Inlines.


def _relation(admin: Any, option: str, value: Any) -> Iterator[Finding]:
    """There is one foreign key to the parent, and forms have it."""
    try:
        relation = _get_foreign_key(admin.parent_model, admin.model, fk_name=value)
    except ValueError as error:
        yield "E202", str(error)
        return
    left_out = admin.exclude
    if isinstance(left_out, (list, tuple)) and relation.name in left_out:
        yield (
            "E201",
            f"Cannot exclude the field '{relation.name}', because it is the foreign key to the "
            f"parent model '{admin.parent_model._meta.label}'.",
        )


_FOREIGN_KEY = (
    Rule("fk_name", "E202", "be the name of a foreign key", lambda value: True, (_relation,)),
)
_INLINES = (
    Rule("extra", "E203", *_WHOLE),
    Rule("max_num", "E204", "be an integer", _or_none(_is(int))),
    Rule("min_num", "E205", "be an integer", _or_none(_is(int))),
    Rule("formset", "E206", "inherit from 'BaseModelFormSet'", _inherits(BaseModelFormSet)),
)


def _generic(admin: Any, option: str, value: Any) -> Iterator[Finding]:
    from nuages.contrib.contenttypes.fields import GenericForeignKey

    label = admin.model._meta.label
    keys = [
        field for field in admin.model._meta.private_fields if isinstance(field, GenericForeignKey)
    ]
    if not keys:
        yield "E301", f"'{label}' has no GenericForeignKey."
        return
    names = {"ct_field": admin.ct_field, "ct_fk_field": admin.ct_fk_field}
    lost = [option for option, name in names.items() if _field(admin, name) is None]
    if lost:
        number = {"ct_field": "E302", "ct_fk_field": "E303"}[lost[0]]
        yield (
            number,
            f"'{lost[0]}' references '{names[lost[0]]}', which is not a field on '{label}'.",
        )
    elif not any((key.ct_field, key.fk_field) == tuple(names.values()) for key in keys):
        yield (
            "E304",
            f"'{label}' has no GenericForeignKey using content type field "
            f"'{admin.ct_field}' and object ID field '{admin.ct_fk_field}'.",
        )


class BaseModelAdminChecks:
    """Runs the rules; ``rules`` is the table."""

    rules: tuple[Rule, ...] = _BASE

    def check(self, admin_obj: Any, **kwargs: Any) -> list[checks.CheckMessage]:
        """Return what is wrong with the options of an instance."""
        return [
            finding
            if isinstance(finding, checks.CheckMessage) or not isinstance(finding, tuple)
            else _error(admin_obj, *finding)
            for rule in self.rules
            for finding in rule.findings(admin_obj)
        ]


def _error(admin: Any, number: str, message: str, hint: str | None = None) -> checks.Error:
    return checks.Error(message, hint=hint, obj=type(admin), id=f"admin.{number}")


class ModelAdminChecks(BaseModelAdminChecks):
    """The rules for pages."""

    rules = _BASE + _PAGES


class InlineModelAdminChecks(BaseModelAdminChecks):
    """The rules for inlines."""

    rules = _BASE + _FOREIGN_KEY + _INLINES


class GenericInlineModelAdminChecks(BaseModelAdminChecks):
    """The rules for inlines over a generic relation."""

    rules = (
        *_BASE,
        Rule("ct_field", "E302", "be the name of a field", lambda value: True, (_generic,)),
        *_INLINES,
    )


# The site and what it stands on.

_ORDER = " in order to use the admin application."
_APPS = (("contenttypes", "E401"), ("auth", "E405"), ("messages", "E406"))
_MIDDLEWARE = (
    ("django.contrib.auth.middleware.AuthenticationMiddleware", "E408", None),
    ("django.contrib.messages.middleware.MessageMiddleware", "E409", None),
    (
        "django.contrib.sessions.middleware.SessionMiddleware",
        "E410",
        "Insert 'django.contrib.sessions.middleware.SessionMiddleware' before "
        "'django.contrib.auth.middleware.AuthenticationMiddleware'.",
    ),
)


def _has_kind(dotted: str, paths: Iterable[str]) -> bool:
    """Whether one of some classes, given by their paths, is a kind of another."""
    wanted = import_string(dotted)
    for path in paths:
        try:
            found = import_string(path)
        except ImportError:
            continue  # other checks speak of that
        if isclass(found) and issubclass(found, wanted):
            return True
    return False


def _template_problems() -> Iterator[checks.CheckMessage]:
    from nuages.contrib.admin.sites import all_sites
    from nuages.template import engines
    from nuages.template.backends.django import DjangoTemplates

    backend = next((one for one in engines.all() if isinstance(one, DjangoTemplates)), None)
    if backend is None:
        yield checks.Error(
            "A 'django.template.backends.django.DjangoTemplates' instance must be configured in "
            f"TEMPLATES{_ORDER}",
            id="admin.E403",
        )
        return
    present = backend.engine.context_processors

    def missing(path: str) -> str:
        return "" if path in present else f"'{path}' must be enabled in DjangoTemplates (TEMPLATES)"

    if (text := missing("django.contrib.auth.context_processors.auth")) and _has_kind(
        "django.contrib.auth.backends.ModelBackend", settings.AUTHENTICATION_BACKENDS
    ):
        yield checks.Error(f"{text} if using the default auth backend{_ORDER}", id="admin.E402")
    if text := missing("django.contrib.messages.context_processors.messages"):
        yield checks.Error(f"{text}{_ORDER}", id="admin.E404")
    if (text := missing("django.template.context_processors.request")) and any(
        site.enable_nav_sidebar for site in all_sites
    ):
        yield checks.Warning(
            f"{text} in order to use the admin navigation sidebar.", id="admin.W411"
        )


def check_dependencies(**kwargs: Any) -> list[checks.CheckMessage]:
    """Return what the settings lack that the admin needs."""
    if not apps.is_installed("django.contrib.admin"):
        return []
    problems: list[checks.CheckMessage] = [
        checks.Error(
            f"'django.contrib.{name}' must be in INSTALLED_APPS{_ORDER}", id=f"admin.{number}"
        )
        for name, number in _APPS
        if not apps.is_installed(f"django.contrib.{name}")
    ]
    problems += _template_problems()
    problems += [
        checks.Error(f"'{path}' must be in MIDDLEWARE{_ORDER}", hint=hint, id=f"admin.{number}")
        for path, number, hint in _MIDDLEWARE
        if not _has_kind(path, settings.MIDDLEWARE)
    ]
    return problems


def check_admin_app(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:
    """Return what is wrong with what is registered, at all sites."""
    from nuages.contrib.admin.sites import all_sites

    return [problem for site in all_sites for problem in site.check(app_configs)]
