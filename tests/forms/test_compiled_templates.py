"""The functions of ``forms/_compiled.py`` write what the templates write."""

import datetime
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nuages  # noqa: F401
from django import forms
from django.forms import _compiled
from django.forms.renderers import BaseRenderer, DjangoTemplates
from django.utils.safestring import mark_safe


class Plain(DjangoTemplates):
    """Always by the template engine."""

    def render(self, template_name, context, request=None):
        return BaseRenderer.render(self, template_name, context, request)


def without_space(html):
    """Drop space at the rims of tags, where the two may differ."""
    return re.sub(r"\s*(<[^>]*>)\s*", r"\1", html)


PLAIN, FAST = Plain(), DjangoTemplates()

CHOICES = [("", "---"), (1, "one"), ("<g>", [("a&b", mark_safe("<b>A</b>")), ("c", 3)])]
attributes = st.dictionaries(
    st.sampled_from(["id", "class", "data-x", "required", "disabled"]),
    st.one_of(st.booleans(), st.text(max_size=8), st.integers()),
    max_size=4,
)
values = st.one_of(st.none(), st.text(max_size=12), st.integers(), st.lists(st.text(max_size=4)))

SIMPLE = [
    forms.TextInput,
    forms.NumberInput,
    forms.EmailInput,
    forms.URLInput,
    forms.ColorInput,
    forms.SearchInput,
    forms.TelInput,
    forms.PasswordInput,
    forms.HiddenInput,
    forms.Textarea,
    forms.CheckboxInput,
    forms.FileInput,
    forms.ClearableFileInput,
    forms.NullBooleanSelect,
]
CHOOSING = [
    forms.Select,
    forms.SelectMultiple,
    forms.RadioSelect,
    forms.CheckboxSelectMultiple,
]


@settings(deadline=None)
@given(st.sampled_from(SIMPLE), values, attributes)
def test_inputs(kind, value, attrs):
    shown = {renderer: kind().render("a<b>", value, attrs, renderer) for renderer in (PLAIN, FAST)}
    assert without_space(shown[FAST]) == without_space(shown[PLAIN])


@settings(deadline=None)
@given(st.sampled_from(CHOOSING), values, attributes)
def test_choices(kind, value, attrs):
    widget = kind(choices=CHOICES)
    fast, plain = (widget.render("name", value, attrs, renderer) for renderer in (FAST, PLAIN))
    assert without_space(fast) == without_space(plain)


class Everything(forms.Form):
    required_css_class, error_css_class = "must", "wrong"

    name = forms.CharField(max_length=5, help_text=mark_safe("<i>short</i>"))
    kind = forms.ChoiceField(choices=CHOICES, widget=forms.RadioSelect, help_text="&")
    kinds = forms.MultipleChoiceField(choices=CHOICES, required=False)
    when = forms.SplitDateTimeField(initial=datetime.datetime(2024, 2, 29, 13, 5))
    day = forms.DateField(widget=forms.SelectDateWidget(years=range(2023, 2026)))
    ticked = forms.BooleanField(label="Yes?")
    secret = forms.CharField(widget=forms.HiddenInput)
    upload = forms.FileField(required=False)


@pytest.mark.parametrize("data", [None, {}, {"name": "<toolong>", "kind": "1", "secret": "x"}])
@pytest.mark.parametrize("style", ["as_div", "as_p", "as_ul", "as_table"])
def test_whole_forms(style, data):
    fast, plain = (
        getattr(Everything(data, renderer=renderer), style)() for renderer in (FAST, PLAIN)
    )
    assert without_space(fast) == without_space(plain)
    assert fast.count("<input") > 4


def test_formsets_and_errors():
    data = {"form-TOTAL_FORMS": "2", "form-INITIAL_FORMS": "0", "form-0-name": "x"}
    for renderer in (FAST, PLAIN):
        formset = forms.formset_factory(Everything, renderer=renderer)(data)
        if renderer is FAST:
            fast = str(formset), str(formset.errors[0])
        else:
            plain = str(formset), str(formset.errors[0])
    assert [without_space(html) for html in fast] == [without_space(html) for html in plain]


def test_the_functions_are_used_and_can_be_switched_off(monkeypatch, settings_override):
    asked = []
    find = _compiled.find
    monkeypatch.setattr(_compiled, "find", lambda name: asked.append(name) or find(name))
    forms.TextInput().render("name", "value", renderer=FAST)
    assert asked == ["django/forms/widgets/text.html"]
    assert _compiled.usable()
    with settings_override(NUAGES={"COMPILED_FORMS": False}):
        assert not _compiled.usable()


def test_a_template_engine_that_was_changed_is_asked(monkeypatch):
    from django.template.base import Template

    monkeypatch.setattr(Template, "_render", lambda self, context: "changed")
    assert forms.TextInput().render("name", "value", renderer=FAST) == "changed"


def test_a_foreign_part_makes_the_whole_go_by_the_template(tmp_path):
    class OwnOption(forms.Select):
        option_template_name = "own_option.html"

    (tmp_path / "own_option.html").write_text("<option class=own>{{ widget.label }}</option>")
    renderer = DjangoTemplates()
    renderer.engine.engine.dirs.append(tmp_path)
    html = OwnOption(choices=[(1, "one")]).render("name", 1, renderer=renderer)
    assert "<option class=own>one</option>" in html


class Guest(forms.Form):
    required_css_class, error_css_class = "needed", "wrong"
    name = forms.CharField(help_text="<b>All</b> of it", label="Name & title?")
    mail = forms.EmailField(widget=forms.EmailInput({"id": "own", "aria-describedby": "note"}))
    key = forms.CharField(widget=forms.HiddenInput, required=False)
    locked = forms.CharField(disabled=True, required=False, label_suffix=" <")
    word = forms.CharField(widget=forms.PasswordInput, label="")
    member = forms.BooleanField(required=False)
    room = forms.ChoiceField(choices=CHOICES, help_text="h")
    when = forms.SplitDateTimeField(required=False)
    pick = forms.ChoiceField(choices=CHOICES, widget=forms.RadioSelect, help_text="pick")
    text = forms.CharField(widget=forms.Textarea, initial="<x>", show_hidden_initial=True)
    day = forms.DateField(localize=True, initial=datetime.date(2026, 1, 2))


@pytest.mark.parametrize("auto_id", ["id_%s", False, True, "<%s>"])
@pytest.mark.parametrize("data", [None, {}, {"name": '"<a>"', "mail": "nobody", "member": "on"}])
@pytest.mark.parametrize("required", [True, False])
def test_the_groups_of_fields_are_those_of_the_template(auto_id, data, required):
    def shown(renderer):
        how = {"auto_id": auto_id, "prefix": "p", "use_required_attribute": required}
        sent = None if data is None else {f"p-{name}": value for name, value in data.items()}
        return without_space(str(Guest(sent, renderer=renderer, **how)))

    assert shown(FAST) == shown(PLAIN)


def test_whoever_overrides_a_part_of_a_group_is_asked():
    class Loud(forms.BoundField):
        def label_tag(self, *args, **kwargs):
            return mark_safe("<b>LABEL</b>")

    class Wide(forms.TextInput):
        def get_context(self, name, value, attrs):
            return super().get_context(name, value, {**attrs, "class": "wide"})

    class Other(forms.Form):
        name = forms.CharField(widget=Wide)

    assert "<b>LABEL</b>" in str(Other(bound_field_class=Loud, renderer=FAST))
    assert 'class="wide"' in str(Other(renderer=FAST))


def test_whoever_overrides_a_group_or_its_template_is_asked(tmp_path):
    class Grouped(forms.BoundField):
        def as_field_group(self):
            return mark_safe("<p>group</p>")

    class Rendered(forms.BoundField):
        def render(self, *args, **kwargs):
            return mark_safe("<p>rendered</p>")

    class One(forms.Form):
        name = forms.CharField()

    class Templated(forms.Form):
        name = forms.CharField(template_name="group.html")

    (tmp_path / "group.html").write_text("<p>own group</p>")
    renderer = DjangoTemplates()
    renderer.engine.engine.dirs.append(tmp_path)
    assert "<p>group</p>" in str(One(bound_field_class=Grouped, renderer=FAST))
    assert "<p>rendered</p>" in str(One(bound_field_class=Rendered, renderer=FAST))
    assert "<p>own group</p>" in str(Templated(renderer=renderer))


def test_a_password_is_shown_only_if_it_is_meant_to_be():
    class Login(forms.Form):
        hidden = forms.CharField(widget=forms.PasswordInput)
        shown = forms.CharField(widget=forms.PasswordInput(render_value=True))

    html = str(Login({"hidden": "secret", "shown": "open"}, renderer=FAST))
    assert "secret" not in html
    assert 'value="open"' in html


def test_an_error_list_of_another_class_speaks_even_if_it_is_empty():
    class Talking(forms.utils.ErrorList):
        def __str__(self):
            return mark_safe("<i>all well</i>")

        __html__ = __str__

    class One(forms.Form):
        name = forms.CharField()

    assert str(One(error_class=Talking, renderer=FAST)).count("<i>all well</i>") == 2
    assert One({}, error_class=Talking).errors["name"].copy().error_class == "errorlist"


@pytest.mark.parametrize("auto_id", ["id_%s", False, "<%s>"])
@pytest.mark.parametrize("data", [None, {}, {"name": '"<a>"', "mail": "nobody", "day": "x"}])
def test_single_widgets_are_those_of_the_template(auto_id, data):
    def shown(renderer):
        form = Guest(data, auto_id=auto_id, renderer=renderer)
        return [without_space(str(bound)) for bound in form]

    assert shown(FAST) == shown(PLAIN)


def test_whoever_overrides_a_part_of_a_widget_is_asked():
    class Marked(forms.BoundField):
        def build_widget_attrs(self, attrs, widget=None):
            return super().build_widget_attrs({**attrs, "data-marked": "1"}, widget)

    class Loud(forms.TextInput):
        def build_attrs(self, base_attrs, extra_attrs=None):
            return super().build_attrs(base_attrs, extra_attrs) | {"class": "loud"}

    class One(forms.Form):
        plain = forms.CharField()
        loud = forms.CharField(widget=Loud)

    marked = One(bound_field_class=Marked, renderer=FAST)
    assert 'data-marked="1"' in str(marked["plain"])
    assert 'class="loud"' in str(One(renderer=FAST)["loud"])
    own = One(renderer=FAST)
    own["plain"].field.widget.format_value = lambda value: "formatted"
    assert 'value="formatted"' in str(own["plain"])
    assert str(own["plain"].as_widget(attrs={"class": "given"})).count('class="given"') == 1
