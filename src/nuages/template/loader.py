"""Find and render templates with any engine. Manual: "Templates", section "Usage"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from nuages.template import engines
from nuages.template.exceptions import TemplateDoesNotExist


def _candidates(using: str | None) -> list[Any]:
    return engines.all() if using is None else [engines[using]]


def _lacks(engine: Any, name: str) -> bool:
    """Return whether an engine knows that it has no template of a name, without an error to say so."""
    lacks = getattr(engine, "lacks", None)
    return lacks is not None and lacks(name)


def get_template(template_name: str, using: str | None = None) -> Any:
    """Return the template of that name, from the first engine that has it.

    Args:
        template_name: its name.
        using: search with the engine of this alias only.

    Raises:
        TemplateDoesNotExist: no engine has it.
    """
    chain: list[TemplateDoesNotExist] = []
    for engine in _candidates(using):
        try:
            return engine.get_template(template_name)
        except TemplateDoesNotExist as error:
            chain.append(error)
    raise TemplateDoesNotExist(template_name, chain=chain)


def select_template(template_name_list: Sequence[str], using: str | None = None) -> Any:
    """Return the first template found of several names.

    Args:
        template_name_list: the names, in order of preference.
        using: search with the engine of this alias only.

    Raises:
        TemplateDoesNotExist: no engine has any.
        TypeError: a single name was given.
    """
    if isinstance(template_name_list, str):
        raise TypeError(
            f"select_template() takes an iterable of template names but got a string: "
            f"{template_name_list!r}. Use get_template() if you want to load a single template "
            "by name."
        )
    candidates = _candidates(using)
    for name in template_name_list:
        for engine in candidates:
            if len(template_name_list) == 1 or not _lacks(engine, name):
                try:
                    return engine.get_template(name)
                except TemplateDoesNotExist:
                    pass
    # There is none: the error tells what each engine says to each name.
    chain: list[TemplateDoesNotExist] = []
    for name in template_name_list:
        for engine in candidates:
            try:
                return engine.get_template(name)
            except TemplateDoesNotExist as error:
                chain.append(error)
    if template_name_list:
        raise TemplateDoesNotExist(", ".join(template_name_list), chain=chain)
    raise TemplateDoesNotExist("No template names provided")


def render_to_string(
    template_name: str | Sequence[str],
    context: Mapping[str, Any] | None = None,
    request: Any = None,
    using: str | None = None,
) -> str:
    """Return the text of a template.

    Args:
        template_name: a name, or several of which the first found is taken.
        context: the names for the template.
        request: makes the context processors run.
        using: search with the engine of this alias only.
    """
    if isinstance(template_name, (list, tuple)):
        template = select_template(template_name, using=using)
    else:
        template = get_template(cast(str, template_name), using=using)
    return template.render(context, request)
