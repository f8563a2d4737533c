"""Form classes of pages that come out the same each time, kept from one visit to the next.

A form class depends on options, on the user's rights and on the language, as long as nobody has a
say in it but the house: a hook that somebody overrides, a form or a widget of their own, a field
or a manager of another make may want to see the request. Then the class is made for each.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nuages import forms
from nuages.conf import switches
from nuages.contrib.admin._base import BaseModelAdmin
from nuages.contrib.admin._powers import asks_as_made, is_almighty
from nuages.core.signals import setting_changed
from nuages.db.models import Manager
from nuages.forms.models import BaseInlineFormSet
from nuages.utils.translation import get_language

#: What has a say in how a form's fields are made.
_HOOKS = {
    name: getattr(BaseModelAdmin, name)
    for name in (
        "_formfield_options",
        "_relation_options",
        "_with_links",
        "formfield_for_choice_field",
        "formfield_for_dbfield",
        "formfield_for_foreignkey",
        "formfield_for_manytomany",
        "get_autocomplete_fields",
        "get_field_queryset",
    )
}
_OPTIONS = (
    "autocomplete_fields",
    "filter_horizontal",
    "filter_vertical",
    "radio_fields",
    "raw_id_fields",
)
_RIGHTS = ("add", "change", "delete", "view")
_MOST = 64
# Grows when a setting changes: labels and widgets may go by one.
_age = [0]


def _grow_older(**kwargs: Any) -> None:
    _age[0] += 1


setting_changed.connect(_grow_older, dispatch_uid="django.contrib.admin.kept_forms")


def kept_form(
    admin: Any, own_get_form: Any, request: Any, base: Any, options: Any, make: Callable[[], Any]
) -> Any:
    """Return a form class from before, or one that ``make()`` returns.

    Args:
        admin: the ModelAdmin.
        own_get_form: the hook that asks, as the house made it.
        request: of the user.
        base: the form class that the options name.
        options: what else the class depends on; hashable.
        make: makes the class, with a callback that knows the request.
    """
    key = None
    if base is forms.ModelForm and type(admin).get_form is own_get_form:
        key = _key(admin, request, options)
    return _kept(admin, key, make, lambda made: made)


def kept_formset(
    inline: Any, own: tuple[Any, ...], request: Any, options: Any, make: Callable[[], Any]
) -> Any:
    """Return a formset class from before, or one that ``make()`` returns; as :func:`kept_form`.

    Args:
        inline: the inline, which is new for each visit.
        own: its hooks ``get_formset`` and ``_make_formset``, as the house made them.
        request: of the user.
        options: what else the class depends on; hashable.
        make: makes the class.
    """
    kind, key = type(inline), None
    as_made = (kind.get_formset, kind._make_formset) == own and "get_formset" not in vars(inline)
    if as_made and inline.form is forms.ModelForm and inline.formset is BaseInlineFormSet:
        key = _key(inline, request, (kind, inline.parent_model, options))
    return _kept(inline.admin_site, key, make, lambda made: made.form)


def _kept(owner: Any, key: Any, make: Callable[[], Any], form_of: Callable[[Any], Any]) -> Any:
    if key is None:
        return make()
    kept: dict[Any, Any] = vars(owner).setdefault("_kept_forms", {})
    found = kept.get(key)
    if found is None:
        found = make()
        # Whoever is kept must not hold the request.
        form = form_of(found)
        form._meta.formfield_callback = None
        del form.Meta.formfield_callback
        if len(kept) >= _MOST:
            kept.clear()
        kept[key] = found
    return found


def _key(admin: Any, request: Any, options: Any) -> Any:
    """Return all that a class depends on; ``None`` if somebody else may have a say in it."""
    kind = type(admin)
    if admin.formfield_overrides or not vars(admin).keys().isdisjoint((*_HOOKS, "get_form")):
        return None
    for name, own in _HOOKS.items():
        if getattr(kind, name) is not own:
            return None
    if not switches.enabled("COMPILED_FORMS"):
        return None
    of_model = admin.opts
    fields = (*of_model.fields, *of_model.many_to_many)
    parts: list[Any] = [_age[0], get_language(), options, fields]
    parts += [_as_hashable(getattr(admin, name)) for name in _OPTIONS]
    almighty = is_almighty(request)
    for field in fields:
        if not _is_plain(field):
            return None
        if field.remote_field is not None:
            related = admin.admin_site._registry.get(field.remote_field.model)
            if related is not None:
                parts.append((related, tuple(related.get_ordering(request) or ())))
                if not (almighty and asks_as_made(related)):
                    parts += [
                        getattr(related, f"has_{right}_permission")(request) for right in _RIGHTS
                    ]
                else:
                    parts.append(True)
    key = tuple(parts)
    try:
        hash(key)
    except TypeError:
        return None
    return key


def _as_hashable(option: Any) -> Any:
    return tuple(option.items()) if isinstance(option, dict) else tuple(option)


def _is_plain(field: Any) -> bool:
    """Return whether a model's field makes its form field as the house does, from what it declares."""
    make = type(field).formfield
    if not make.__module__.startswith("django.") or "formfield" in vars(field):
        return False
    if field.choices is not None and type(field.choices) is not list:
        return False
    part = getattr(field, "base_field", None)  # of arrays
    if part is not None and not _is_plain(part):
        return False
    if field.remote_field is None:
        return True
    manager: Any = getattr(field.remote_field.model, "_default_manager", None)
    return (
        not field.has_default()
        and getattr(type(manager), "get_queryset", None) is Manager.get_queryset
        and "get_queryset" not in vars(manager)
    )
