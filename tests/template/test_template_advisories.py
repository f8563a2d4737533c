"""What past advisories of Django were about does not happen here."""

from __future__ import annotations

import time
from typing import Any

import pytest

from django.template import Context, Engine, TemplateDoesNotExist
from django.test import override_settings


def rendered(text: str, **names: Any) -> str:
    return Engine().from_string(text).render(Context(names))


def test_cve_2022_22818_the_debug_tag_escapes() -> None:
    with override_settings(DEBUG=True):
        assert "<script>" not in rendered("{% debug %}", a="<script>alert(1)</script>")
    with override_settings(DEBUG=False):
        assert rendered("{% debug %}", a="secret") == ""


@pytest.mark.parametrize("key", ["_secret", "user._secret", "__class__"])
def test_cve_2021_45116_sorting_sees_no_private_attributes(key: str) -> None:
    assert rendered(f"{{{{ rows|dictsort:'{key}' }}}}", rows=[{"_secret": 1}, {"_secret": 0}]) == ""


@pytest.mark.parametrize("number", ["1e1000000000", "1." + "9" * 5000, "9e-999999999"])
def test_cve_2024_41989_floatformat_does_not_work_out_endless_digits(number: str) -> None:
    start = time.process_time()
    assert rendered("{{ n|floatformat:2 }}", n=number) == number
    assert time.process_time() - start < 1


def test_cve_2009_2659_templates_lie_within_their_folders(tmp_path: Any) -> None:
    (tmp_path / "inside").mkdir()
    (tmp_path / "secret.html").write_text("secret")
    engine = Engine(dirs=[tmp_path / "inside"])
    for name in ("../secret.html", str(tmp_path / "secret.html"), "x/../../secret.html"):
        with pytest.raises(TemplateDoesNotExist):
            engine.get_template(name)


def test_variables_reach_no_private_attributes() -> None:
    from django.template import TemplateSyntaxError

    with pytest.raises(TemplateSyntaxError):
        rendered("{{ a.__class__ }}", a=1)
