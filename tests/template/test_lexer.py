"""The lexer finds the tags that its regular expression describes, in linear time."""

import time

from hypothesis import given
from hypothesis import strategies as st

from django.template.base import Lexer
from nuages.template._lexer import _alternating, tag_re


@given(st.text(alphabet="{%}#a\n "))
def test_the_scan_splits_as_the_expression_does(text):
    assert list(_alternating(text)) == tag_re.split(text)


def test_openings_without_an_end_cost_linear_time():
    start = time.process_time()
    tokens = Lexer("{%{{{#" * 50_000).tokenize()
    assert time.process_time() - start < 2
    assert len(tokens) == 1
