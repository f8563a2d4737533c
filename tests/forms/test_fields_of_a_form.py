"""Each form has fields of its own, copied by the parts that their classes declare."""

import copy

import pytest

import nuages  # noqa: F401
from django import forms
from django.core.exceptions import ValidationError


class Signup(forms.Form):
    name = forms.CharField(max_length=10, widget=forms.TextInput(attrs={"class": "wide"}))
    kind = forms.ChoiceField(choices=[("a", "A"), ("b", "B")])
    when = forms.SplitDateTimeField(required=False)


def test_changes_stay_with_the_form():
    changed, other = Signup(), Signup()
    changed.fields["name"].required = False
    changed.fields["name"].widget.attrs["class"] = "narrow"
    changed.fields["name"].error_messages["required"] = "?"
    changed.fields["name"].validators.clear()
    changed.fields["kind"].choices = [("c", "C")]
    changed.fields["when"].fields[0].required = True
    changed.fields["when"].widget.widgets[0].attrs["id"] = "x"
    for fields in (other.fields, Signup.base_fields):
        assert fields["name"].required
        assert fields["name"].widget.attrs == {"class": "wide", "maxlength": "10"}
        assert fields["name"].error_messages["required"] != "?"
        assert fields["name"].validators
        assert fields["kind"].choices == fields["kind"].widget.choices == [("a", "A"), ("b", "B")]
        assert not fields["when"].fields[0].required
        assert fields["when"].widget.widgets[0].attrs == {}


def test_a_copy_of_ones_own_is_asked_for():
    class Counted(forms.CharField):
        def __deepcopy__(self, memo):
            twin = super().__deepcopy__(memo)
            twin.copies = getattr(self, "copies", 0) + 1
            return twin

    class Counting(forms.Form):
        counted = Counted()

    assert Counting().fields["counted"].copies == 1
    looked_at = Counting()
    assert looked_at.fields["counted"].copies == 1
    assert copy.deepcopy(looked_at).fields["counted"].copies == 2


def test_parts_can_be_declared_by_subclasses():
    class Tagged(forms.CharField):
        clone_parts = {"tags": lambda tags, memo: list(tags)}

        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.tags = ["new"]

    field = Tagged()
    twin = copy.deepcopy(field)
    twin.tags.append("more")
    assert field.tags == ["new"]
    assert twin.widget is not field.widget


def test_class_lines_declare_widget_and_messages():
    class Shout(forms.CharField, widget=forms.Textarea, errors={"quiet": "Louder!"}):
        def validate(self, value):
            super().validate(value)
            if value != value.upper():
                raise ValidationError(self.error_messages["quiet"])

    assert isinstance(Shout().widget, forms.Textarea)
    assert Shout().clean("HEY") == "HEY"
    with pytest.raises(ValidationError, match="Louder!"):
        Shout().clean("hey")
    assert Shout().error_messages["required"] == "This field is required."


def test_forged_formsets_are_bounded():
    """Past advisories: the number of forms that data claim does not decide about memory."""
    formset = forms.formset_factory(Signup, max_num=3, absolute_max=5)(
        {"form-TOTAL_FORMS": "1000000", "form-INITIAL_FORMS": "0"}
    )
    assert len(formset.forms) == 5
    assert formset.non_form_errors() == ["Please submit at most 3 forms."]


def test_errors_as_json_can_be_escaped():
    form = Signup({"kind": "<script>"})
    assert "<script>" in form.errors.as_json()
    assert "<script>" not in form.errors.as_json(escape_html=True)
    assert "<script>" not in str(form)
