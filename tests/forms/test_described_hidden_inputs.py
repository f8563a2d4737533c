"""``aria-describedby`` of hidden inputs. Manual: "Styling required or erroneous form rows"."""

from django import forms


class Described(forms.Form):
    shown = forms.CharField(help_text="Help.")
    hidden = forms.CharField(help_text="Help.", widget=forms.HiddenInput)
    split = forms.SplitDateTimeField(help_text="Help.")


def test_the_field_decides_on_a_description_not_the_widget_it_is_shown_with():
    form = Described()
    assert form["shown"].as_hidden() == (
        '<input type="hidden" name="shown" aria-describedby="id_shown_helptext" id="id_shown">'
    )
    assert "aria-describedby" not in form["hidden"].as_text() + str(form["hidden"])
    assert "aria-describedby" not in form["split"].as_hidden() + str(form["split"])


def test_errors_of_hidden_inputs_are_not_announced():
    form = Described({})
    assert "aria-invalid" not in form["shown"].as_hidden()
    assert "id_shown_helptext id_shown_error" in form["shown"].as_hidden()
