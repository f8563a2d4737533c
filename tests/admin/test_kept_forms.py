"""A form class is kept from one visit to the next only where nobody could see the difference."""

from __future__ import annotations

from typing import Any

import pytest
from shop.models import Author, Book

from django import forms
from django.contrib import admin
from django.db import models
from django.test import RequestFactory, override_settings
from django.utils import translation


def asked(user: Any) -> Any:
    request = RequestFactory().get("/")
    request.user = user
    return request


class Root:
    """Stands for somebody who may do everything, and says so in a way of its own."""

    is_active = is_staff = is_superuser = True

    def has_perm(self, name: str, obj: Any = None) -> bool:
        return True


def page(options: dict[str, Any] | None = None, base: type = admin.ModelAdmin) -> Any:
    site = admin.AdminSite()
    site.register(Author)
    return type("Page", (base,), options or {})(Book, site)


def twice(made: Any, user: Any = None) -> tuple[Any, Any]:
    return tuple(made.get_form(asked(user or Root()), fields=None) for _ in range(2))  # type: ignore[return-value]


def test_what_is_as_declared_is_kept_and_forgets_the_request() -> None:
    first, second = twice(page())
    assert first is second
    assert first._meta.formfield_callback is None
    one, other = first(), first()
    one.fields["title"].label = "changed"
    assert other.fields["title"].label != "changed"


def test_each_user_gets_the_links_they_may_follow() -> None:
    class Nobody(Root):
        is_superuser = False

        def has_perm(self, name: str, obj: Any = None) -> bool:
            return name.endswith("_book")

    made = page({"fields": ["author"]})
    widgets = [
        made.get_form(asked(user)).base_fields["author"].widget
        for user in (Root(), Nobody(), Root())
    ]
    assert [widget.can_add_related for widget in widgets] == [True, False, True]


def test_options_language_and_settings_count() -> None:
    made = page()
    (first, _), made.raw_id_fields = twice(made), ("author",)
    second = made.get_form(asked(Root()), fields=None)
    assert first is not second
    with translation.override("de"):
        third = made.get_form(asked(Root()), fields=None)
    assert third is not second
    with override_settings(USE_TZ=False):
        assert made.get_form(asked(Root()), fields=None) not in (first, second, third)


class OwnForm(forms.ModelForm):
    class Meta:
        model = Book
        fields = ["title"]


def own_get_form(self: Any, request: Any, obj: Any = None, **kwargs: Any) -> Any:
    made = super(type(self), self).get_form(request, obj, **kwargs)
    made.base_fields["title"].label = f"seen {getattr(self, 'times', 0)}"
    self.times = getattr(self, "times", 0) + 1
    return made


def own_field(self: Any, db_field: Any, request: Any, **kwargs: Any) -> Any:
    return super(type(self), self).formfield_for_dbfield(db_field, request, **kwargs)


@pytest.mark.parametrize(
    "options",
    [
        {"form": OwnForm},
        {"get_form": own_get_form},
        {"formfield_for_dbfield": own_field},
        {"formfield_for_foreignkey": lambda self, field, request, **how: field.formfield(**how)},
        {"get_field_queryset": lambda self, db, field, request: None},
        {"formfield_overrides": {models.CharField: {"widget": forms.Textarea}}},
    ],
)
def test_whoever_has_a_say_is_asked_each_time(options: dict[str, Any]) -> None:
    first, second = twice(page(options))
    assert first is not second


def test_a_change_of_the_class_by_its_own_hook_stays_in_its_visit() -> None:
    first, second = twice(page({"get_form": own_get_form}))
    assert first.base_fields["title"].label == "seen 0"
    assert second.base_fields["title"].label == "seen 1"


def test_rows_of_a_manager_that_narrows_are_those_of_the_moment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    manager, nobody = Author._default_manager, models.QuerySet(Author).none()
    monkeypatch.setattr(manager, "get_queryset", lambda: nobody, raising=False)
    made = page({"fields": ["author"]})
    first = made.get_form(asked(Root()))
    assert first is not made.get_form(asked(Root()))
    monkeypatch.undo()
    assert not made.get_form(asked(Root())).base_fields["author"].queryset.query.is_empty()


def test_the_order_of_the_other_list_counts() -> None:
    made = page({"fields": ["author"]})
    related = made.admin_site._registry[Author]
    made.get_form(asked(Root()))
    related.ordering = ["-name"]
    assert made.get_form(asked(Root())).base_fields["author"].queryset.query.order_by == ("-name",)


class Books(admin.TabularInline):
    model = Book
    fields = ["title", "price"]


def formsets(kind: type, user: Any = None) -> list[Any]:
    site = admin.AdminSite()
    return [kind(Author, site).get_formset(asked(user or Root()), None) for _ in range(2)]


def test_formsets_of_inlines_are_kept_too() -> None:
    first, second = formsets(Books)
    assert first is second
    assert first.form._meta.formfield_callback is None
    assert list(first.form.base_fields) == ["title", "price"]


def test_inlines_whose_hooks_or_classes_are_their_own_make_a_formset_each_time() -> None:
    class Counted(Books):
        def get_formset(self, request: Any, obj: Any = None, **kwargs: Any) -> Any:
            return super().get_formset(request, obj, **kwargs)

    class Formed(Books):
        form = forms.ModelForm.__class__("Own", (forms.ModelForm,), {})

    class Sets(Books):
        formset = type("Own", (forms.BaseInlineFormSet,), {})

    for kind in (Counted, Formed, Sets):
        first, second = formsets(kind)
        assert first is not second


def test_the_number_of_forms_and_the_rights_count() -> None:
    class Growing(Books):
        shown = 0

        def get_extra(self, request: Any, obj: Any = None, **kwargs: Any) -> int:
            Growing.shown += 1
            return Growing.shown

    class Reader(Root):
        is_superuser = False

        def has_perm(self, name: str, obj: Any = None) -> bool:
            return ".view_" in name

    first, second = formsets(Growing)
    assert (first.extra, second.extra) == (1, 2)
    site = admin.AdminSite()
    may = Books(Author, site).get_formset(asked(Root()), None)
    may_not = Books(Author, site).get_formset(asked(Reader()), None)
    assert may.can_delete and may.form.may_change
    assert not (may_not.can_delete or may_not.form.may_change)
