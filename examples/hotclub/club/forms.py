"""The forms of the site."""

from django import forms

from .models import Booking, Concert, Review


class BookingForm(forms.ModelForm):
    required_css_class = "required"

    class Meta:
        model = Booking
        fields = ["name", "email", "places"]
        widgets = {
            "name": forms.TextInput(attrs={"autocomplete": "name"}),
            "email": forms.EmailInput(attrs={"autocomplete": "email"}),
            "places": forms.NumberInput(attrs={"min": 1, "max": 8, "inputmode": "numeric"}),
        }


class ReviewForm(forms.ModelForm):
    # A field that people do not see, and that programs like to fill in.
    website = forms.CharField(
        required=False, widget=forms.TextInput(attrs={"tabindex": "-1", "autocomplete": "off"})
    )

    class Meta:
        model = Review
        fields = ["author", "stars", "text"]
        widgets = {"text": forms.Textarea(attrs={"rows": 4})}

    def clean_website(self):
        if self.cleaned_data["website"]:
            raise forms.ValidationError("Leave this field empty, please.")
        return ""


class ProgrammeForm(forms.Form):
    """What the programme is narrowed to. Everything is optional, so any link is valid."""

    q = forms.CharField(
        label="Search",
        required=False,
        max_length=80,
        widget=forms.SearchInput(attrs={"placeholder": "Concert or artist"}),
    )
    style = forms.ChoiceField(
        required=False, choices={"": "Any style", **dict(Concert.Style.choices)}
    )
    room = forms.ChoiceField(required=False, choices={"": "Any room", **dict(Concert.Room.choices)})

    def narrow(self, concerts):
        """Return the concerts that are asked for; a field with an error asks for nothing."""
        self.full_clean()
        wanted = self.cleaned_data
        if words := wanted.get("q"):
            concerts = concerts.matching(words)
        for name in ("style", "room"):
            if wanted.get(name):
                concerts = concerts.filter(**{name: wanted[name]})
        return concerts
