"""`{{ block.super }}` inside loops and `with`: the other block sees their names, in memory or read from files."""

import pytest

from django.template import Context, Engine

TEMPLATES = {
    # `cycle` is no node that is written in place.
    "base": "{% block content %}[{{ icon }}{% if icon %}{% cycle 'a' 'b' %}{% endif %}]{% endblock %}",
    "with": "{% extends 'base' %}{% block content %}{% with icon='X' %}{{ block.super }}{% endwith %}{% endblock %}",
    "filtered": "{% extends 'base' %}{% block content %}{% with icon='X' %}{{ block.super|lower }}{% endwith %}{% endblock %}",
    "for": "{% extends 'base' %}{% block content %}{% for icon in names %}{{ block.super }}{% endfor %}{% endblock %}",
}
LOADER = "django.template.loaders.locmem.Loader"


@pytest.mark.parametrize(
    ("name", "text"), [("with", "[Xa]"), ("filtered", "[xa]"), ("for", "[pa][qb]")]
)
@pytest.mark.parametrize("cached", [False, True])
def test_names_around_super_are_seen(name, text, cached):
    loader = (LOADER, TEMPLATES)
    engine = Engine(
        loaders=[("django.template.loaders.cached.Loader", [loader])] if cached else [loader]
    )
    template = engine.get_template(name)
    assert [template.render(Context({"names": "pq"})) for _ in range(6)] == [text] * 6
