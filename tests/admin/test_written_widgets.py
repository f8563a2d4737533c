"""The functions of ``admin/_written.py`` write what the admin's widget templates write."""

import datetime
import re

import pytest

from django.contrib.admin import widgets
from django.forms.renderers import BaseRenderer, DjangoTemplates
from django.utils import translation

MOMENT = datetime.datetime(2026, 1, 2, 3, 4, 5)
ATTRS = {"id": "id_<x>", "required": True, "disabled": False, "aria-describedby": "a&b"}


class Plain(DjangoTemplates):
    """Always by the template engine."""

    def render(self, template_name, context, request=None):
        return BaseRenderer.render(self, template_name, context, request)


def _tight(html):
    return re.sub(r"\s*(<[^>]*>)\s*", r"\1", html)


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("attrs", [None, {}, ATTRS])
@pytest.mark.parametrize("value", [None, "", "<&>", MOMENT])
@pytest.mark.parametrize(
    "kind", [widgets.AdminDateWidget, widgets.AdminTimeWidget, widgets.AdminSplitDateTime]
)
def test_functions_write_what_templates_write(kind, value, attrs, language):
    if kind is widgets.AdminSplitDateTime and isinstance(value, str):
        value = [value, "12:00"]
    with translation.override(language):
        fast = kind().render("a'b", value, attrs, DjangoTemplates())
        assert _tight(fast) == _tight(kind().render("a'b", value, attrs, Plain()))


def test_a_theme_that_has_a_template_of_its_own_is_asked(tmp_path):
    file = tmp_path / "admin" / "widgets" / "date.html"
    file.parent.mkdir(parents=True)
    file.write_text("<i>{{ widget.name }}</i>")
    themed = DjangoTemplates()
    themed.engine.engine.dirs.insert(0, tmp_path)
    assert widgets.AdminDateWidget().render("day", None, None, themed) == "<i>day</i>"
    assert "<p" in widgets.AdminDateWidget().render("day", None, None, DjangoTemplates())


def test_a_part_with_another_template_goes_to_the_engine():
    widget = widgets.AdminSplitDateTime()
    widget.widgets[0] = widgets.AdminDateWidget()
    html = widget.render("when", None, None, DjangoTemplates())
    assert '<p class="datetime">' in html and '<p class="date">' in html
