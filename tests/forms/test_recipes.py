"""Cleaning by recipe gives what the plain way gives, and steps aside for whatever is not ours."""

import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import (
    EmailValidator,
    MaxLengthValidator,
    RegexValidator,
    URLValidator,
)
from django.forms.boundfield import BoundField
from django.http import QueryDict
from django.test.utils import override_settings
from django.utils import translation


class Shouting(forms.CharField):
    def to_python(self, value):
        return super().to_python(value).upper()


class All(forms.Form):
    text = forms.CharField(max_length=5, min_length=2)
    raw = forms.CharField(strip=False, required=False, empty_value=None)
    mail = forms.EmailField(required=False)
    slug = forms.SlugField(required=False, validators=[MaxLengthValidator(3)])
    url = forms.URLField(required=False)
    number = forms.IntegerField(min_value=-2, max_value=50, step_size=2, required=False)
    local = forms.IntegerField(localize=True, required=False)
    fraction = forms.FloatField(required=False)
    price = forms.DecimalField(max_digits=4, decimal_places=2, required=False)
    agreed = forms.BooleanField()
    maybe = forms.NullBooleanField(required=False)
    day = forms.DateField(required=False)
    german = forms.DateField(required=False, input_formats=["%d.%m.%Y"])
    moment = forms.DateTimeField(required=False)
    clock = forms.TimeField(required=False)
    length = forms.DurationField(required=False)
    one = forms.ChoiceField(choices=[(1, "One"), ("G", [("a", "A"), (2, "B")])], required=False)
    typed = forms.TypedChoiceField(choices=[(1, "One")], coerce=int, required=False)
    many = forms.MultipleChoiceField(choices=[("a", "A"), ("b", "B")], required=False)
    key = forms.UUIDField(required=False)
    address = forms.GenericIPAddressField(required=False)
    regex = forms.RegexField(r"^[ab]+$", required=False)
    shouting = Shouting(required=False)
    data = forms.JSONField(required=False)
    fixed = forms.CharField(disabled=True, initial="fixed")
    both = forms.SplitDateTimeField(required=False)
    checked = forms.CharField(
        required=False, validators=[RegexValidator("^x"), RegexValidator("y$")]
    )

    def clean_slug(self):
        if self.cleaned_data["slug"] == "no":
            raise ValidationError("not this")
        return self.cleaned_data["slug"] + "!"


pieces = st.sampled_from(
    ["", " ", "a", "b ", "ab", "5", "-3", "1.5", "2026-02-28", "2026-02-30", "2026-W01-1", "1.2.2026",
     "x@example.com", "http://a.de/", "example.com", "//x", "true", "False", "on", "1,000", "٣", "1e5",
     "\0", "12:30", "nan", "2026-01-01 10:00", "{}", "[1]", "no", "1", "2", "G", "999999999999999999999",
     "127.0.0.1", "::1", "00000000-0000-0000-0000-000000000001", "xy"]
) | st.text(max_size=6)  # fmt: skip


def outcome(data, compiled, language):
    with override_settings(NUAGES={"COMPILED_FORMS": compiled}), translation.override(language):
        form = All(data)
        form.full_clean()
        return form.cleaned_data, form.errors.get_json_data()


@given(
    st.dictionaries(st.sampled_from(sorted(All.base_fields)), st.lists(pieces, min_size=1, max_size=2)),
    st.booleans(),
    st.sampled_from(["en", "de"]),
)  # fmt: skip
@settings(max_examples=300, deadline=None)
def test_recipes_give_what_the_plain_way_gives(lists, as_query, language):
    data = QueryDict(mutable=True)
    for name, values in lists.items():
        data.setlist(name, values)
    sent = data if as_query else {name: values[-1] for name, values in lists.items()}
    fast, plain = (outcome(sent, compiled, language) for compiled in (True, False))
    assert repr(fast) == repr(plain)


class Small(forms.Form):
    name = forms.CharField()
    day = forms.DateField(required=False)


def test_a_form_that_is_only_cleaned_makes_no_fields():
    form = Small({"name": " a ", "day": "2026-01-02"})
    assert form.is_valid()
    assert form.cleaned_data == {"name": "a", "day": datetime.date(2026, 1, 2)}
    assert "fields" not in form.__dict__


@pytest.mark.parametrize("name", ["clean", "to_python", "validate", "run_validators"])
def test_replaced_methods_are_called(name, monkeypatch):
    seen = []
    plain = getattr(forms.CharField, name)
    monkeypatch.setattr(
        forms.CharField, name, lambda self, value: seen.append(value) or plain(self, value)
    )
    assert Small({"name": "a"}).is_valid()
    assert seen == ["a"]
    own = Small({"name": "b"})
    monkeypatch.undo()
    method = getattr(own.fields["name"], name)
    setattr(own.fields["name"], name, lambda value: seen.append(value) or method(value))
    assert own.is_valid()
    assert seen == ["a", "b"]


def test_other_ways_to_the_data_are_taken(monkeypatch):
    class Prefixed(Small):
        def add_prefix(self, field_name):
            return f"x-{field_name}"

    class Widget(forms.TextInput):
        def value_from_datadict(self, data, files, name):
            return "from the widget"

    class Bound(BoundField):
        data = "from the bound field"

    class Ours(forms.Form):
        name = forms.CharField(widget=Widget)
        other = forms.CharField(bound_field_class=Bound)

    assert Prefixed({"x-name": "a"}).is_valid()
    form = Ours({"name": "a", "other": "b"})
    assert form.is_valid()
    assert set(form.cleaned_data.values()) == {"from the widget", "from the bound field"}
    assert Small({"p-name": "a"}, prefix="p").is_valid()
    monkeypatch.setattr(BoundField, "data", "replaced")
    assert Small({"name": "a", "day": ""}).errors.keys() == {"day"}


def test_hooks_change_the_fields_that_come_after():
    class Hooked(Small):
        def clean_name(self):
            self.fields["day"].required = True
            return "b"

    assert Hooked({"name": "a"}).errors.keys() == {"day"}
    assert Small({"name": "a"}).is_valid()


def test_changed_base_fields_count():
    class Mine(Small):
        # Fields that are inherited would be those of the other tests.
        day = forms.DateField(required=False)

    assert Mine({"name": "a"}).is_valid()
    Mine.base_fields["day"].required = True
    assert not Mine({"name": "a"}).is_valid()


class Planned(forms.Form):
    name = forms.CharField(max_length=5)
    mail = forms.EmailField(required=False)
    site = forms.URLField(required=False)
    number = forms.IntegerField(required=False, min_value=2)
    kind = forms.ChoiceField(choices=[("a", "A")], required=False)


def planned(data, **options):
    """A form that its class has a plan for."""
    for _ in range(5):
        assert Planned({"name": "abc"}).is_valid()
    assert Planned._cleaning_plan[2] is not None
    return Planned(data, **options)


@pytest.mark.parametrize("name", ["clean", "to_python", "validate", "run_validators"])
def test_plans_see_methods_that_are_replaced_later(name, monkeypatch):
    form, seen = planned({"name": "b"}), []
    plain = getattr(forms.CharField, name)
    monkeypatch.setattr(
        forms.CharField, name, lambda self, value: seen.append(value) or plain(self, value)
    )
    assert form.is_valid()
    assert seen[0] == "b"
    monkeypatch.undo()
    form = planned({"name": "c"})
    setattr(form.fields["name"], name, lambda value: seen.append(value) or "C")
    assert form.is_valid()
    assert seen[-1] == "c"


def test_plans_see_what_changes_in_a_form(monkeypatch):
    form = planned({"name": "abc"})
    form.fields["name"] = forms.IntegerField()
    assert form.errors.keys() == {"name"}
    form = planned({"name": "abc"})
    form.fields["name"].widget.value_from_datadict = lambda data, files, name: "own"
    assert form.is_valid() and form.cleaned_data["name"] == "own"
    form = planned({"name": "abcd"})
    form.fields["name"].validators = [MaxLengthValidator(3)]
    assert form.errors.keys() == {"name"}
    form = planned({"name": "abcd"})
    form.fields["name"].validators[0] = RegexValidator("^x")
    assert form.errors.keys() == {"name"}
    form = planned({"name": "x"})
    del form.fields["mail"]
    form.fields["more"] = forms.CharField()
    assert form.errors.keys() == {"more"}
    form = planned({"name": "abc"})
    form.fields["number"].disabled = True
    form.fields["number"].initial = 7
    assert form.is_valid() and form.cleaned_data["number"] == 7
    form = planned({"p-name": "abc", "p-number": "1"}, prefix="p")
    assert form.errors.keys() == {"number"}
    form = planned({"name": "a"})
    form.clean_name = lambda: "hooked"
    assert form.is_valid() and form.cleaned_data["name"] == "hooked"


def test_plans_see_what_changes_in_validators_and_data(monkeypatch):
    sent = {"name": "a", "mail": "a@example.com", "site": "https://example.com/"}
    assert planned(sent).is_valid()
    monkeypatch.setattr(EmailValidator, "__call__", RegexValidator("^x").__call__)
    monkeypatch.setattr(URLValidator, "schemes", ["ftp"])
    assert planned(sent).errors.keys() == {"mail", "site"}
    monkeypatch.undo()
    assert planned(sent).is_valid()
    monkeypatch.setattr(QueryDict, "get", lambda self, key, default=None: f"{key}!")
    assert planned(QueryDict("name=abc")).errors.keys() == {"mail", "site", "number", "kind"}


@given(st.from_regex(r"[a-zA-Z0-9._-]{1,9}@[a-zA-Z0-9.-]{1,9}\.[a-z]{1,3}", fullmatch=True))
def test_what_is_plainly_an_address_is_one(text):
    from nuages.forms._clean_plans import _plain_mail, _plain_url

    if _plain_mail(text):
        EmailValidator()(text)
    if _plain_url(url := "http://" + text.partition("@")[2]):
        URLValidator()(url)
