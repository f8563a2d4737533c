"""Assets keep their order, and what was found once is not found again for other lists."""

from __future__ import annotations

import warnings

import pytest

from django import forms
from django.forms.widgets import Media, MediaOrderConflictWarning, Script


def test_lists_are_merged_the_same_each_time() -> None:
    for _ in range(3):
        both = Media(js=["a.js", "c.js"]) + Media(js=["b.js", "c.js"])
        assert [asset._path for asset in both._js] == ["a.js", "b.js", "c.js"]


def test_lists_that_contradict_each_other_are_told_of_each_time() -> None:
    for _ in range(2):
        with pytest.warns(MediaOrderConflictWarning):
            (Media(js=["a.js", "b.js"]) + Media(js=["b.js", "a.js"]))._js  # noqa: B018


def test_objects_that_equal_a_path_keep_what_sets_them_apart() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        plain, own = Media(js=["/a.js"]), Media(js=[Script("/a.js", defer=True)])
        for _ in range(2):
            assert str(plain) == '<script src="/a.js"></script>'
            assert str(own) == '<script src="/a.js" defer></script>'
            assert 'nonce="n&lt;"' in plain.render(attrs={"nonce": "n<"})


def test_assets_are_inherited_where_only_some_classes_declare_them() -> None:
    class Base(forms.TextInput):
        class Media:
            js = ["/base.js"]

    class Silent(Base):
        pass

    class Own(Silent):
        class Media:
            js = ["/own.js"]

    class Computed(forms.TextInput):
        @property
        def media(self) -> Media:
            return Media(js=["/computed.js"])

    class BelowComputed(Computed):
        pass

    def paths(widget: forms.Widget) -> list[str]:
        return [asset._path for asset in widget.media._js]

    assert paths(forms.TextInput()) == []
    assert paths(Silent()) == ["/base.js"]
    assert paths(Own()) == ["/base.js", "/own.js"]
    assert paths(BelowComputed()) == ["/computed.js"]
    Base.Media.js.append("/later.js")
    assert paths(Silent()) == ["/base.js", "/later.js"]


def test_a_form_has_the_assets_of_its_widgets() -> None:
    class Coloured(forms.TextInput):
        class Media:
            css = {"all": ["/colour.css"]}

    class Both(forms.Form):
        plain = forms.CharField()
        coloured = forms.CharField(widget=Coloured)

    assert 'href="/colour.css"' in str(Both().media)
