"""A compiled template gives what the walk over its nodes gives."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from django.template import Context, Engine, TemplateSyntaxError
from django.template.base import NodeList
from django.utils.safestring import mark_safe


class Thing:
    """An object with attributes, a method, and a property that fails."""

    title = "<A & B>"

    def shout(self) -> str:
        return self.title.upper()

    @property
    def broken(self) -> str:
        raise KeyError("silent")


PATHS = st.sampled_from(
    [
        "a",
        "b",
        "n",
        "thing.title",
        "thing.shout",
        "thing.none",
        "d.key",
        "d.items.0",
        "l.1",
        "l.9",
        "missing",
        "missing.part",
        "safe",
        "item",
        "forloop.counter",
        "True",
    ]
)
FILTERS = st.sampled_from(
    [
        "",
        "|upper",
        "|default:'<x>'",
        "|length",
        "|safe",
        "|escape",
        "|add:1",
        "|default_if_none:a",
        "|join:', '",
        "|first",
        "|truncatechars:3",
    ]
)
TEXTS = st.sampled_from(["", "plain ", "<b>", "'\"\\ { ", "{ % }", "é\n"])


def expressions() -> st.SearchStrategy[str]:
    return st.builds("{}{}".format, PATHS, FILTERS)


def conditions() -> st.SearchStrategy[str]:
    one = st.builds("{}{}".format, st.sampled_from(["", "not "]), PATHS)
    pair = st.builds(
        "{} {} {}".format, PATHS, st.sampled_from(["==", "!=", "<", ">", "in", "not in"]), PATHS
    )
    return st.one_of(
        one, pair, st.builds("{} {} {}".format, one, st.sampled_from(["and", "or"]), pair)
    )


def templates() -> st.SearchStrategy[str]:
    leaf = st.one_of(
        TEXTS,
        st.builds("{{{{ {} }}}}".format, expressions()),
        st.sampled_from(
            [
                "{% include 'row' %}",
                "{% include 'row' with item=b only %}",
                "{% cycle 'x' 'y' %}",
                "{% firstof missing a %}",
                "{% now 'Y' as y %}{{ y }}",
            ]
        ),
    )

    def grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        body = st.lists(inner, max_size=3).map("".join)
        return st.one_of(
            body,
            st.builds(
                "{{% if {} %}}{}{{% elif {} %}}{}{{% else %}}{}{{% endif %}}".format,
                conditions(),
                body,
                conditions(),
                body,
                body,
            ),
            st.builds(
                "{{% for item in {} {}%}}{}{{% empty %}}none{{% endfor %}}".format,
                st.sampled_from(["l", "d", "missing", "pairs", "a"]),
                st.sampled_from(["", "reversed "]),
                body,
            ),
            st.builds("{{% with item={} %}}{}{{% endwith %}}".format, expressions(), body),
            st.builds(
                "{{% autoescape {} %}}{}{{% endautoescape %}}".format,
                st.sampled_from(["on", "off"]),
                body,
            ),
            st.builds("{{% spaceless %}}{}{{% endspaceless %}}".format, body),
            st.builds("{{% ifchanged %}}{}{{% endifchanged %}}".format, body),
        )

    return st.recursive(leaf, grown, max_leaves=8)


def names() -> dict[str, Any]:
    return {
        "a": "<a>",
        "b": 7,
        "n": None,
        "thing": Thing(),
        "safe": mark_safe("<i>"),
        "d": {"key": "v&", "items": ["first"]},
        "l": ["x", "<y>", 3],
        "pairs": [(1, 2), (3, 4)],
    }


def engine(loader_texts: dict[str, str], **options: Any) -> Engine:
    inner = ("django.template.loaders.locmem.Loader", loader_texts)
    return Engine(loaders=[("django.template.loaders.cached.Loader", [inner])], **options)


def outcome(render: Any) -> Any:
    try:
        return str(render())
    except Exception as error:
        return type(error), str(error)


@settings(max_examples=150, deadline=None)
@given(text=templates(), invalid=st.sampled_from(["", "?", "<%s>"]))
def test_compiled_and_plain_renderings_agree(text: str, invalid: str) -> None:
    made = engine({"row": "[{{ item }}{{ forloop.counter0 }}]"}, string_if_invalid=invalid)
    template = made.from_string(text)
    plain = NodeList.render
    try:
        NodeList.render = NodeList.render_plain  # type: ignore[method-assign]
        expected = outcome(lambda: template.render(Context(names())))
    finally:
        NodeList.render = plain  # type: ignore[method-assign]
    # The first rendering walks the tree, the following ones run the function.
    for _ in range(3):
        assert outcome(lambda: template.render(Context(names()))) == expected


@settings(max_examples=60, deadline=None)
@given(
    child=st.lists(
        st.sampled_from(
            [
                "{% block a %}1{{ block.super }}{% endblock %}",
                "{% block b %}2{{ x }}{% endblock %}",
                "{% block c %}{% cycle 'p' 'q' %}{% endblock %}",
                "{% block d %}{{ block.super }}{% firstof x l %}{{ block.super }}{% endblock %}",
                "{% block e %}{% now 'Y' as x %}{{ block.super|upper }}{{ x }}{% endblock %}",
            ]
        ),
        unique=True,
    ),
    middle=st.sampled_from(
        ["", "{% block d %}M{% now 'Y' as y %}{{ y }}{{ block.super }}{% endblock %}"]
    ),
    base=st.sampled_from(
        [
            "<{% block a %}A{% block b %}B{% endblock %}{% endblock %}>",
            "{% for x in l %}{% block a %}{{ x }}{% endblock %}{% endfor %}{% block c %}C{% endblock %}",
            "{% if x %}{% block c %}{% firstof y x %}{% endblock %}{% now 'Y' as y %}{{ y }}{% endif %}",
            "{% block d %}{% now 'Y' as x %}{{ x }}{% if l %}{% block e %}{% firstof x %}{% endblock %}"
            "{% else %}{% firstof l %}{% endif %}{% endblock %}{{ x }}",
        ]
    ),
)
def test_flattened_inheritance_agrees_with_the_walk(
    child: list[str], middle: str, base: str
) -> None:
    texts = {
        "base": base,
        "middle": "{% extends 'base' %}" + middle,
        "child": "{% extends 'middle' %}" + "".join(child),
    }
    template = engine(texts).get_template("child")
    seen = {outcome(lambda: template.render(Context({"l": "ab", "x": "&"}))) for _ in range(4)}
    assert len(seen) == 1


def test_an_unclosed_block_is_named_with_file_and_line() -> None:
    broken = engine({"page.html": "one\ntwo {% if a %}\nthree"})
    with pytest.raises(TemplateSyntaxError) as caught:
        broken.get_template("page.html")
    assert "page.html" in str(caught.value)
    assert "Unclosed tag on line 2: 'if'" in str(caught.value)


def test_an_error_while_rendering_is_noted_with_file_and_line() -> None:
    template = engine({"page.html": "one\n{{ thing.fails }}"}).get_template("page.html")
    context = {"thing": {"fails": lambda: 1 / 0}}
    for _ in range(3):
        with pytest.raises(ZeroDivisionError) as caught:
            template.render(Context(context))
        assert any('"page.html", line 2' in note for note in caught.value.__notes__)


def test_text_of_a_template_never_becomes_code() -> None:
    evil = "'''\"\"\"); raise SystemExit #\\{% verbatim %}{{ __import__ }}{% endverbatim %}\n"
    template = engine({}).from_string(evil + "{{ a }}")
    for _ in range(3):
        rendered = template.render(Context({"a": "');1/0#"}))
    assert rendered.startswith("'''\"\"\"); raise SystemExit #\\{{ __import__ }}")
    assert rendered.endswith("&#x27;);1/0#")


def test_what_replaces_render_is_called_by_compiled_templates(monkeypatch: Any) -> None:
    from django.template.defaulttags import IfNode

    template = engine({}).from_string("{% if a %}yes{% endif %}")
    for _ in range(3):
        assert template.render(Context({"a": 1})) == "yes"
    monkeypatch.setattr(IfNode, "render", lambda self, context: "patched")
    assert template.render(Context({"a": 1})) == "patched"


def test_attributes_of_contexts_are_no_names() -> None:
    context = Context({})
    context.request = "not for templates"  # type: ignore[attr-defined]
    template = Engine().from_string("[{{ request }}{{ autoescape }}]")
    assert [template.render(context) for _ in range(3)] == ["[]"] * 3


def test_a_missing_template_is_looked_for_again_when_loaders_forget() -> None:
    texts = {"second": "2"}
    made = engine(texts)
    for _ in range(3):
        assert made.select_template(["first", "second"]).render(Context()) == "2"
    assert made.lacks("first") and not made.lacks("second")
    texts["first"] = "1"
    for loader in made.template_loaders:
        loader.reset()
    assert not made.lacks("first")
    assert made.select_template(["first", "second"]).render(Context()) == "1"


def test_a_context_is_bound_to_one_template_and_free_again_after_an_error() -> None:
    from django.template import RequestContext
    from django.test import RequestFactory

    made = engine({}, context_processors=["django.template.context_processors.request"])
    context = RequestContext(RequestFactory().get("/here/"), {"fails": lambda: 1 / 0})
    template = made.from_string("{{ request.path }}{% if fails %}{% endif %}")
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            template.render(context)
        assert context.template is None
        assert "request" not in context
    with context.bind_template(template):
        assert context["request"].path == "/here/"
        with pytest.raises(RuntimeError), context.bind_template(template):
            pass
        assert context.template is template
    broken = RequestContext(RequestFactory().get("/"), processors=[lambda request: 5])  # type: ignore[list-item, return-value]
    with pytest.raises(TypeError, match="didn't return a dictionary"):
        template.render(broken)
    assert broken.template is None
