"""What a template's errors say is part of its interface: tools and tests compare it."""

import pytest

from django.template import Context, Template, TemplateDoesNotExist, TemplateSyntaxError

MESSAGES = [
    ("{{ a-b }}", "Invalid character ('-') in variable name: 'a-b'"),
    ("{{ a+b|upper }}", "Invalid character ('+') in variable name: 'a+b'"),
    ("{{ a|default:-a }}", "Invalid character ('-') in variable name: '-a'"),
    ("{% if a - b %}{% endif %}", "Invalid character ('-') in variable name: '-'"),
    ("{{ l.-1 }}", "Invalid character ('-') in variable name: 'l.-1'"),
    ("{% cycle 'a' as x %}{% resetcycle x y %}", "'resetcycle' tag accepts at most one argument."),
    (
        "{% filter safe %}{% endfilter %}",
        '"filter safe" is not permitted. Use the "autoescape" tag instead.',
    ),
    ("{% load cache %}{% cache %}{% endcache %}", "''cache'' tag requires at least 2 arguments."),
    (
        "{% load i18n %}{% blocktranslate %}text",
        "'blocktranslate' doesn't allow other block tags (seen 'text') inside it",
    ),
    (
        "{% load i18n %}{% blocktranslate count n='x' %}x{% plural %}y{% endblocktranslate %}",
        "'n' argument to 'blocktranslate' tag must be a number.",
    ),
]


@pytest.mark.parametrize(("source", "message"), MESSAGES)
def test_what_a_syntax_error_says(source, message):
    with pytest.raises(TemplateSyntaxError) as caught:
        Template(source).render(Context({"a": 1, "l": [1]}))
    assert str(caught.value) == message


@pytest.mark.parametrize("name", ["nope", "''", "none", "empty"])
def test_including_what_has_no_name(name):
    with pytest.raises(TemplateDoesNotExist, match="No template names provided"):
        Template(f"{{% include {name} %}}").render(Context({"none": None, "empty": []}))


@pytest.mark.parametrize(
    ("literal", "value"),
    [("-1", "-1"), ("+1.5", "1.5"), ("1e3", "1000.0"), ("1e-2", "0.01"), ("-.5", "-0.5")],
)
def test_signs_of_numbers(literal, value):
    assert Template(f"{{{{ {literal} }}}}|{{{{ no|default:{literal} }}}}").render(Context()) == (
        f"{value}|{value}"
    )
