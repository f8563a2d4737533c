"""A link written again from the same place is what ``reverse()`` says, whatever has changed."""

import types
import uuid

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from django import urls
from django.conf.urls.i18n import i18n_patterns
from django.template import Context, Engine
from django.test import override_settings
from django.urls import NoReverseMatch, include, path, re_path, reverse
from django.urls.converters import IntConverter
from django.utils.html import conditional_escape
from django.utils.safestring import mark_safe
from django.utils.translation import override
from nuages.urls._links import Link


def view(request, **kwargs):
    return None


class Doubled(IntConverter):
    def to_url(self, value):
        return str(int(value) * 2)


def doubled():
    route = path("double/<int:n>/", view, name="double")
    route.pattern.converters["n"] = Doubled()
    return route


URLS = types.ModuleType("link_urls")
URLS.urlpatterns = [
    path("", view, name="root"),
    path("i/<int:n>/", view, name="one"),
    path("s/<str:n>/", view, name="text"),
    path("slug/<slug:n>.html", view, name="slug"),
    path("p/<path:n>", view, name="path"),
    path("<path:n>/end", view, name="start"),
    path("u/<uuid:n>/", view, name="uuid"),
    path("q&a/<str:n>", view, name="special"),
    path("many/<int:n>/", view, name="many"),
    path("many/<str:n>/", view, name="many"),
    path("with/<int:n>/", view, {"x": 1}, name="with"),
    re_path(r"^r/(\d+)/$", view, name="regex"),
    re_path(r"^o/(?:(?P<n>\w+)/)?$", view, name="optional"),
    doubled(),
    path("in/<int:m>/", include(([path("<slug:n>/", view, name="two")], "app"), namespace="ns")),
]
ONE = [each.name for each in URLS.urlpatterns if getattr(each, "name", None)]
values = st.one_of(
    st.integers(-5, 10**20),
    st.booleans(),
    st.none(),
    st.text(max_size=5),
    st.sampled_from(["", "a/b", "//x", "é", "a b", "&", "'", "a-b_c", "٣", "..", "%41"]),
    st.sampled_from(["abc", "a<b"]).map(mark_safe),
    st.uuids(),
)


def answer(function, *args, **kwargs):
    try:
        return str(function(*args, **kwargs))
    except (NoReverseMatch, TypeError) as error:
        return str(error)


def agree(name, keywords, value_lists, autoescape=True):
    """Compare one link, asked several times, with ``reverse()``."""
    link = Link(name, keywords, autoescape, lambda context: context)
    for given_values in value_lists:
        kwargs = dict(zip(keywords, given_values, strict=True)) if keywords else {}
        args = () if keywords else given_values
        expected = answer(reverse, name, args=args, kwargs=kwargs)
        if autoescape and expected.startswith("/"):
            expected = conditional_escape(expected)
        assert answer(link, None, *given_values) == expected


@given(st.sampled_from(ONE), st.booleans(), st.booleans(), st.lists(values, min_size=1))
@example("start", False, True, ["a", "//evil.example", "/x"])
@example("double", False, True, [1, 2, "3"])
@example("one", True, True, [1, True, -1, "01", uuid.UUID(int=1)])
def test_one_argument(name, by_name, autoescape, given_values):
    with override_settings(ROOT_URLCONF=URLS):
        agree(name, ("n",) if by_name else (), [(v,) for v in (1, *given_values)], autoescape)


@given(st.booleans(), st.lists(st.tuples(values, values), min_size=1))
def test_two_arguments_behind_a_namespace(by_name, pairs):
    with override_settings(ROOT_URLCONF=URLS):
        agree("ns:two", ("n", "m") if by_name else (), [("a", 1), (2, "b"), *pairs])


def test_no_argument_and_wrong_numbers_of_them():
    with override_settings(ROOT_URLCONF=URLS):
        for name in ("root", "one", "optional", "nowhere"):
            for given_values in ((), (1,), (1, 2)):
                agree(name, (), [given_values] * 3)


@pytest.fixture
def template():
    engine = Engine()
    made = engine.from_string("{% for n in numbers %}{% url 'page' n %} {% endfor %}")

    def render():
        for _ in range(5):  # Past the moment when it is compiled.
            text = made.render(Context({"numbers": [1, 2]}))
        return text.split()

    return render


def urlconf(name, *patterns):
    module = types.ModuleType(name)
    module.urlpatterns = list(patterns)
    return module


def test_what_a_link_depends_on_may_change(template, monkeypatch):
    page = path("page/<int:n>/", view, name="page")
    first, second = urlconf("u1", page), urlconf("u2", path("other/<int:n>", view, name="page"))
    with override_settings(ROOT_URLCONF=first):
        assert template() == ["/page/1/", "/page/2/"]
        urls.set_urlconf(second)
        assert template() == ["/other/1", "/other/2"]
        urls.set_urlconf(None)
        urls.set_script_prefix("/at/")
        assert template() == ["/at/page/1/", "/at/page/2/"]
        urls.set_script_prefix("/")
        assert template() == ["/page/1/", "/page/2/"]
        first.urlpatterns[:] = [path("new/<int:n>/", view, name="page")]
        urls.clear_url_caches()
        assert template() == ["/new/1/", "/new/2/"]
        monkeypatch.setattr(urls, "reverse", lambda *args, **kwargs: "replaced")
        assert template() == ["replaced", "replaced"]


def test_languages_have_links_of_their_own(template):
    translated = urlconf("u3", *i18n_patterns(path("page/<int:n>/", view, name="page")))
    with override_settings(ROOT_URLCONF=translated):
        for language in ("de", "fr", "de"):
            with override(language):
                assert template() == [f"/{language}/page/1/", f"/{language}/page/2/"]
