"""A function per form class that cleans its fields: the recipes of ``_cleaning``, written in place.

A plan is made for the fields that a form of the class had when it was cleaned for the third time.
It looks at each run whether the methods that it stands for are those it was made with, and at each
field whether it is still of the same kind; a field that is not goes through ``clean_one()``, a form
with other fields through ``clean_by_recipe()``. Values of fields (``required``, ``strip``, limits …)
are not part of a plan: they are read when it runs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from nuages.conf import switches
from nuages.core import validators
from nuages.core.exceptions import ValidationError
from nuages.forms import _cleaning as recipes
from nuages.forms import fields as kinds
from nuages.forms.boundfield import BoundField
from nuages.forms.widgets import CheckboxInput, ChoiceWidget
from nuages.http import QueryDict
from nuages.utils.codegen import compile_function
from nuages.utils.datastructures import MultiValueDict

if TYPE_CHECKING:
    from nuages.forms.forms import BaseForm

_WARM_UP = 3
#: Where a class keeps ``(class, times cleaned, plan)``.
_SHELF = "_cleaning_plan"

# What is read from dictionaries of lists without a detour, while these are their methods.
_LISTS = ((MultiValueDict, ("get", "__getitem__")), (QueryDict, ("get", "__getitem__")))


def clean_quickly(form: BaseForm) -> bool:
    """Clean all fields of a form, with its ``clean_<name>()`` hooks.

    Returns:
        ``False``, with nothing done, where the form has to be cleaned the plain way.
    """
    kind = form.__class__
    owner, count, plan = getattr(kind, _SHELF, _NEW)
    if owner is not kind:
        count, plan = 0, None
    if plan is None and count >= 0:
        if count == _WARM_UP and recipes._applies(form):
            plan, count = _made(form), -2
        setattr(kind, _SHELF, (kind, count + 1, plan))
    if plan is not None and switches.enabled("COMPILED_FORMS") and plan(form):
        return True
    return recipes.clean_by_recipe(form)


_NEW: tuple[Any, int, Any] = (None, 0, None)


class _Names:
    """The globals of a plan: each object has one name."""

    def __init__(self, **known: Any) -> None:
        self.scope: dict[str, Any] = known

    def of(self, stem: str, value: Any) -> str:
        """Return the name of an object, which starts with ``stem`` if it is new."""
        for name, known in self.scope.items():
            if known is value:
                return name
        name = f"{stem}{len(self.scope)}"
        self.scope[name] = value
        return name


def _made(form: BaseForm) -> Callable[[Any], bool] | None:
    """Return a plan for the fields that a form has now, or ``None`` if nothing would be won."""
    fields = form.__dict__.get("fields") or form.base_fields
    names = _Names(
        checked=recipes._checked, one=recipes.clean_one, QueryDict=QueryDict, Refused=ValidationError,
        Lists=MultiValueDict, last=dict.get, names=list(fields), quietly=recipes._quietly,
        has_scheme=kinds._has_scheme,
    )  # fmt: skip
    guards: list[str] = []
    for owner, parts in ((type(form), recipes._FORM_PARTS), (BoundField, ("data",)), *_LISTS):
        guards += _guards(names, owner, parts)
    body = [line for name, field in fields.items() for line in _field(names, guards, name, field)]
    source = [
        "def clean(form):",
        "    state = form.__dict__",
        "    fields = state.get('fields')",
        "    if fields is None:",
        "        fields = form.base_fields",
        "    if [*fields] != names or form.bound_field_class is not None:",
        "        return False",
        *(f"    if {guard}: return False" for guard in dict.fromkeys(guards)),
        "    data, files, prefix = form.data, form.files, form.prefix",
        "    many = data.__class__ is QueryDict or data.__class__ is Lists",
        "    cleaned = form.cleaned_data",
        *body,
        "    return True",
    ]
    return compile_function("\n".join(source), "clean", names.scope, "form")


def _guards(names: _Names, owner: type, parts: tuple[str, ...]) -> Iterator[str]:
    """Yield what is true when a class has another method than now."""
    for part in parts:
        now = names.of("m", getattr(owner, part))
        yield f"{names.of('K', owner)}.{part} is not {now}"


def _field(names: _Names, guards: list[str], name: str, field: Any) -> Iterator[str]:
    """Yield the lines that clean one field."""
    kind, widget = type(field), field.widget
    recipe = recipes._recipe_of(kind)
    otherwise = [f"one(form, {name!r})", *_AGAIN]
    if recipe is None or not recipes._plainly_read(field):
        yield from _indented(4, otherwise)
        return
    guards += _guards(names, kind, recipes.parts_of(recipe))
    guards += _guards(names, type(widget), ("value_from_datadict",))
    yield f"    field = fields[{name!r}]"
    yield "    widget = field.widget"
    yield (
        f"    if (field.__class__ is {names.of('K', kind)} and not field.disabled"
        f" and widget.__class__ is {names.of('K', type(widget))}"
        " and field.bound_field_class is None"
        # Nothing of its own, as when it was looked at: what is counted need not be searched.
        f" and len(field.__dict__) == {len(vars(field))}"
        f" and len(widget.__dict__) == {len(vars(widget))}):"
    )
    yield f"        key = {name!r} if not prefix else f'{{prefix}}-{{{name!r}}}'"
    yield from _indented(8, _reading(type(widget)))
    yield "        try:"
    yield from _indented(12, _judging(names, guards, name, field, recipe))
    yield f"            hook = getattr(form, {'clean_' + name!r}, None)"
    yield "            if hook is not None:"
    yield "                value = hook()"
    yield f"                form.cleaned_data[{name!r}] = value"
    yield from _indented(16, _AGAIN)
    yield "        except Refused as error:"
    yield f"            form.add_error({name!r}, error)"
    yield from _indented(12, _AGAIN)
    yield "    else:"
    yield from _indented(8, otherwise)


# After code of others: the form may have fields of its own by now, and other data.
_AGAIN = ("fields, cleaned = state.get('fields', fields), form.cleaned_data",)


def _indented(depth: int, lines: Any) -> Iterator[str]:
    return (" " * depth + line for line in lines)


def _reading(widget: type) -> Iterator[str]:
    """Yield lines that put what was sent under ``key`` into ``value``."""
    reader = widget.value_from_datadict  # type: ignore[attr-defined]
    asked = "value = widget.value_from_datadict(data, files, key)"
    if reader is CheckboxInput.value_from_datadict:
        yield "if not many or key in data:"
        yield f"    {asked}"
        yield "else:"
        yield "    value = False"
        return
    if reader is ChoiceWidget.value_from_datadict:
        yield "if widget.allow_multiple_selected:"
        yield f"    {asked}"
        yield "elif many:"
    elif reader is recipes._get:
        yield "if many:"
    else:
        yield asked
        return
    yield "    values = last(data, key)"
    yield "    value = values[-1] if values else None"
    yield "else:"
    yield "    value = data.get(key)"


def _judging(
    names: _Names, guards: list[str], name: str, field: Any, recipe: recipes.Recipe
) -> Iterator[str]:
    """Yield lines that put the clean value in its place, or raise ``ValidationError``."""
    form = _IN_PLACE.get(recipe)
    if form is None:
        yield f"cleaned[{name!r}] = {names.of('recipe', recipe)}(field, value)"
        return
    test, convert = form
    checks = _checks(names, guards, field)
    yield f"if {test}:"
    if convert:
        yield f"    value = {convert}"
    if checks:
        yield "    checks = field.validators"
        yield f"    if not ({' and '.join(checks)}):"
        yield "        value = checked(field, value)"
    yield f"    cleaned[{name!r}] = value"
    yield "else:"
    yield f"    cleaned[{name!r}] = field.clean(value)"


# Which values are plainly good, and what they become.
_IN_PLACE: dict[recipes.Recipe, tuple[str, str]] = {
    recipes._text: (
        "value.__class__ is str and (text := value.strip() if field.strip else value)",
        "text",
    ),
    recipes._url: ("value.__class__ is str and has_scheme(text := value.strip())", "text"),
    recipes._integer: (
        "value.__class__ is str and 0 < len(value) <= 18 and value.isascii() and value.isdigit()"
        " and not field.localize",
        "int(value)",
    ),
}

_LIMIT = "(limit := {check}.limit_value).__class__ is int and "
_IN_WORDS: dict[type, str] = {
    validators.ProhibitNullCharactersValidator: "'\\x00' not in value",
    validators.MaxLengthValidator: _LIMIT + "len(value) <= limit",
    validators.MinLengthValidator: _LIMIT + "len(value) >= limit",
    validators.MaxValueValidator: _LIMIT + "value <= limit",
    validators.MinValueValidator: _LIMIT + "value >= limit",
}


# Addresses as most people have them. The validators accept these and many more.
_DOMAIN = r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}"
_plain_mail = re.compile(rf"[a-z0-9]+(?:[._-][a-z0-9]+)*@{_DOMAIN}", re.I | re.A).fullmatch
_plain_url = re.compile(rf"https?://{_DOMAIN}(?:/[a-z0-9_./?=&%+-]*)?", re.I | re.A).fullmatch
_AT_A_GLANCE: dict[type, tuple[Callable[[str], Any], tuple[str, ...]]] = {
    validators.EmailValidator: (
        _plain_mail,
        ("__call__", "user_regex", "domain_regex", "validate_domain_part", "max_length"),
    ),
    validators.URLValidator: (
        _plain_url,
        ("__call__", "_acceptable", "schemes", "unsafe_chars", "max_length"),
    ),
}


def _checks(names: _Names, guards: list[str], field: Any) -> list[str]:
    """Return conditions on ``value``: that the field's validators are those of now, and pass."""
    found = list(field.validators)
    conditions = [f"len(checks) == {len(found)}"]
    for place, check in enumerate(found):
        kind, own = type(check), names.of("check", check)
        conditions.append(f"checks[{place}] is {own}")
        if kind in _IN_WORDS:
            conditions.append(_IN_WORDS[kind].format(check=own))
        elif kind in _AT_A_GLANCE and _is_usual(check):
            plain, parts = _AT_A_GLANCE[kind]
            guards += _guards(names, kind, parts)
            if "regex" in vars(check):
                conditions.append(f"{own}.regex is {names.of('regex', check.regex)}")
            conditions.append(
                f"(len(value) <= 253 and len({own}.__dict__) == {len(vars(check))}"
                f" and {names.of('plain', plain)}(value) or quietly({own}, value))"
            )
        elif kind in recipes._LOOKS:
            conditions.append(f"quietly({own}, value)")
        else:
            return ["False"]
    return conditions


_OWN = frozenset(part for _look, parts in _AT_A_GLANCE.values() for part in parts)


def _is_usual(check: Any) -> bool:
    """Return whether an instance of a validator asks for what its class does."""
    own: Any = vars(check)
    if "regex" in own and own["regex"].pattern != type(check).regex.pattern:
        return False
    return _OWN.isdisjoint(own)
