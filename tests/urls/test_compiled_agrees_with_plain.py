"""The compiled road and the plain one give the same match, and reverse() undoes resolve()."""

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django.core.exceptions import ImproperlyConfigured
from django.urls import (
    NoReverseMatch,
    Resolver404,
    URLResolver,
    include,
    path,
    re_path,
    register_converter,
)
from django.urls.converters import REGISTERED_CONVERTERS
from django.urls.resolvers import RegexPattern, URLPattern
from nuages.urls._matching import plain_match


def view(request, *args, **kwargs):
    return kwargs


PIECES = [
    "",
    "a/",
    "a/b/",
    "<int:n>/",
    "<str:s>/",
    "<slug:s>/",
    "<uuid:u>/",
    "a-<int:n>/",
    "<int:n>-<slug:s>/",
    "a/<str:s>",
    "<path:p>",
    "<path:p>/end/",
]
EXPRESSIONS = [r"^a/$", r"^a/(?P<s>\w+)/$", r"^(\d+)/$", r"^a/b?/", r"(?P<n>\d+)", r"^a|b/$", r"^$"]
PREFIXES = ["", "a/", "<int:m>/", "a", "<str:t>/", "<slug:t>"]

leaves = st.one_of(
    st.builds(lambda route: path(route, view, name=route), st.sampled_from(PIECES)),
    st.builds(lambda regex: re_path(regex, view, name=regex), st.sampled_from(EXPRESSIONS)),
)
trees = st.recursive(
    st.lists(leaves, min_size=1, max_size=5),
    lambda inner: st.lists(
        st.one_of(
            leaves,
            st.builds(
                lambda prefix, patterns, extra: path(prefix, include(patterns), extra),
                st.sampled_from(PREFIXES),
                inner,
                st.sampled_from([{}, {"x": 1}]),
            ),
        ),
        min_size=1,
        max_size=4,
    ),
    max_leaves=12,
)
segments = st.sampled_from(
    ["a", "b", "1", "12", "a-1", "1-x", "end", "é", "", str(uuid.UUID(int=7)), "a\n"]
)
paths = st.builds(lambda parts: "/" + "/".join(parts), st.lists(segments, max_size=5))


def outcome(resolve, given_path):
    try:
        match = resolve(given_path)
    except Resolver404:
        return None
    facts = (match.func, match.args, match.kwargs, match.url_name, match.route)
    return (*facts, match.captured_kwargs, match.extra_kwargs, match.namespaces)


@given(trees, st.lists(paths, min_size=1, max_size=8))
def test_both_roads_give_the_same_match(patterns, asked):
    resolver = URLResolver(RegexPattern("^/"), patterns)
    for each in asked:
        assert outcome(resolver.resolve, each) == outcome(lambda p: plain_match(resolver, p), each)


@given(st.integers(0, 10**9), st.from_regex(r"[-a-zA-Z0-9_]+", fullmatch=True), st.uuids())
def test_what_is_reversed_resolves_to_the_same_arguments(number, slug, identity):
    patterns = [path("x/<int:n>-<slug:s>/<uuid:u>/", view, name="all")]
    resolver = URLResolver(RegexPattern("^/"), patterns)
    values = {"n": number, "s": slug, "u": identity}
    url = resolver._reverse_with_prefix("all", "/", **values)
    assert resolver.resolve(url).kwargs == values


@given(st.text(min_size=1).filter(lambda text: "/" not in text))
def test_any_text_survives_reverse_and_unquoting(text):
    from urllib.parse import unquote

    resolver = URLResolver(RegexPattern("^/"), [path("x/<str:s>/", view, name="text")])
    try:
        url = resolver._reverse_with_prefix("text", "/", s=text)
    except (NoReverseMatch, UnicodeEncodeError):
        return
    assert resolver.resolve(unquote(url)).kwargs == {"s": text}


def test_the_first_match_wins_over_a_more_exact_one():
    patterns = [path("<str:s>/", view, name="any"), path("exact/", view, name="exact")]
    assert URLResolver(RegexPattern("^/"), patterns).resolve("/exact/").url_name == "any"


def test_what_was_tried_is_known_afterwards():
    patterns = [path("a/", view), path("b/", view, name="b")]
    match = URLResolver(RegexPattern("^/"), patterns).resolve("/b/")
    assert match.tried == [[patterns[0]], [patterns[1]]]


def test_a_subclass_that_resolves_by_itself_is_asked():
    class Picky(URLPattern):
        def resolve(self, given_path):
            return None if given_path.startswith("no") else super().resolve(given_path)

    special = path("<str:s>/", view, name="special")
    picky = Picky(special.pattern, view, None, "special")
    resolver = URLResolver(RegexPattern("^/"), [picky, path("no/", view, name="plain")])
    assert resolver.resolve("/no/").url_name == "plain"
    assert resolver.resolve("/yes/").url_name == "special"


def test_the_plain_road_can_be_chosen(settings_override):
    resolver = URLResolver(RegexPattern("^/"), [path("a/", view, name="a")])
    with settings_override(NUAGES={"COMPILED_URLS": False}):
        assert resolver.resolve("/a/").url_name == "a"
    assert resolver._matcher is None


def test_a_wrong_converter_is_named():
    with pytest.raises(ImproperlyConfigured, match="'x/<nope:y>/' uses invalid converter 'nope'"):
        path("x/<nope:y>/", view)


def test_a_converter_that_may_match_slashes_is_followed_faithfully():
    class Everything:
        regex = "[a-z/]+"

        def to_python(self, value):
            if "bad" in value:
                raise ValueError
            return value.split("/")

        def to_url(self, value):
            return "/".join(value)

    register_converter(Everything, "everything")
    try:
        patterns = [path("<everything:e>/end/", view, name="e"), path("<path:p>", view, name="p")]
    finally:
        REGISTERED_CONVERTERS.pop("everything")
    resolver = URLResolver(RegexPattern("^/"), patterns)
    assert resolver.resolve("/a/b/end/").kwargs == {"e": ["a", "b"]}
    assert resolver.resolve("/bad/end/").url_name == "p"
