"""Docstrings as HTML. Manual: "The Django admin documentation generator"."""

from __future__ import annotations

import re
from importlib.util import find_spec
from inspect import cleandoc
from typing import Any

from nuages.urls import reverse
from nuages.utils.safestring import SafeString, mark_safe

docutils_is_available = find_spec("docutils") is not None

#: Where links to a part of the documentation lead: below the root, with the name in it.
ROLES = {
    "model": "%s/models/%s/",
    "view": "%s/views/%s/",
    "template": "%s/templates/%s/",
    "filter": "%s/filters/#%s",
    "tag": "%s/tags/#%s",
}
_CASE_MATTERS = {"template", "view"}
_DEFAULT_ROLE = "cmsreference"
_TITLED = re.compile(r"(?P<title>.+?)\s*<(?P<target>[^<>]+)>", re.DOTALL)
_HEADER = re.compile(r"([\w-]+):[ \t]+(.*)")


def get_view_name(view_func: Any) -> str:
    """Return the dotted path of a view: a function, a method, or the class behind it."""
    named = getattr(view_func, "view_class", view_func)
    if not hasattr(named, "__qualname__"):
        named = type(named)
    return f"{named.__module__}.{named.__qualname__}"


def parse_docstring(docstring: str | None) -> tuple[str, str, dict[str, str]]:
    """Return the first paragraph, the others, and what the last one says as ``name: value``."""
    paragraphs = re.split(r"\n{2,}", cleandoc(docstring or ""))
    title, *rest = paragraphs
    metadata: dict[str, str] = {}
    if rest:
        lines = [_HEADER.fullmatch(line) for line in rest[-1].splitlines()]
        if all(lines):
            metadata = {line[1]: line[2] for line in lines if line}
            rest.pop()
    return title, "\n\n".join(rest), metadata


def parse_rst(
    text: str, default_reference_context: str, thing_being_parsed: str | None = None
) -> SafeString:
    """Return reStructuredText as HTML. It can neither include files nor raw HTML.

    Args:
        text: the source.
        default_reference_context: what names in back quotes stand for: a role's name.
        thing_being_parsed: what complaints about the source call it.
    """
    from docutils.core import publish_parts

    _register_roles()
    overrides = {
        "default_reference_context": default_reference_context,
        "doctitle_xform": False,
        "file_insertion_enabled": False,
        "initial_header_level": 3,
        "link_base": reverse("django-admindocs-docroot").rstrip("/"),
        "raw_enabled": False,
    }
    # The default role is global: it is set for this source, and given back at its end.
    source = f".. default-role:: {_DEFAULT_ROLE}\n\n{text}\n\n.. default-role::\n"
    parts = publish_parts(
        source,
        source_path=thing_being_parsed,
        writer="html4css1",
        settings_overrides=overrides,
    )
    return mark_safe(parts["fragment"])


def parse_summary(text: str, default_reference_context: str, thing: str) -> SafeString:
    """Return the first paragraph of a docstring as HTML that fits into a heading."""
    html = parse_rst(text, default_reference_context, thing).strip() if text else ""
    if html.count("<p>") == 1 and html.startswith("<p>") and html.endswith("</p>"):
        html = html[3:-4]
    return mark_safe(html)


def _reference(role: str | None) -> Any:
    """Return the function that docutils calls for a role; ``None`` for the default one."""

    def make(
        name: str,
        rawtext: str,
        text: str,
        lineno: int,
        inliner: Any,
        options: Any = None,
        content: Any = None,
    ) -> tuple[list[Any], list[Any]]:
        from docutils import nodes

        settings = inliner.document.settings
        kind = settings.default_reference_context if role is None else role
        if kind not in ROLES:
            return [nodes.title_reference(rawtext, text)], []
        titled = _TITLED.fullmatch(text)
        title, target = titled.group("title", "target") if titled else (text, text)
        if kind not in _CASE_MATTERS:
            target = target.lower()
        address = ROLES[kind] % (settings.link_base, target)
        return [nodes.reference(rawtext, title, refuri=address, **(options or {}))], []

    return make


_registered: list[str] = []


def _register_roles() -> None:
    if _registered:
        return
    from docutils.parsers.rst import roles

    for name in ROLES:
        roles.register_canonical_role(name, _reference(name))
    roles.register_canonical_role(_DEFAULT_ROLE, _reference(None))
    _registered.extend(ROLES)
