"""The built-in tags. Manual: "Built-in template tags and filters"."""
# ruff: noqa: F401

from nuages.template import _tags_flow, _tags_output
from nuages.template._expressions import kwarg_re, token_kwargs
from nuages.template._tags_flow import (
    CycleNode,
    FirstOfNode,
    ForNode,
    GroupedResult,
    IfChangedNode,
    IfNode,
    RegroupNode,
    ResetCycleNode,
    TemplateIfParser,
    TemplateLiteral,
    WithNode,
    cycle,
    do_for,
    do_if,
    do_with,
    firstof,
    ifchanged,
    regroup,
    resetcycle,
)
from nuages.template._tags_output import (
    AutoEscapeControlNode,
    CommentNode,
    CsrfTokenNode,
    DebugNode,
    FilterNode,
    LoadNode,
    LoremNode,
    NowNode,
    PartialDefNode,
    PartialNode,
    SpacelessNode,
    TemplateTagNode,
    URLNode,
    VerbatimNode,
    WidthRatioNode,
    autoescape,
    comment,
    csp_nonce_attr,
    csrf_token,
    debug,
    do_filter,
    find_library,
    load,
    load_from_library,
    lorem,
    now,
    partial_func,
    partialdef_func,
    querystring,
    spaceless,
    templatetag,
    url,
    verbatim,
    widthratio,
)
from nuages.template.library import Library

register = Library()
for _part in (_tags_flow, _tags_output):
    register.tags |= _part.register.tags
