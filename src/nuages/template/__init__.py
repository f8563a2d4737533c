"""Templates. Manual: "Templates", "The Django template language"."""

from nuages.template.utils import EngineHandler

engines = EngineHandler()

__all__ = (
    "Context",
    "ContextPopException",
    "Engine",
    "Library",
    "Node",
    "NodeList",
    "Origin",
    "PartialTemplate",
    "RequestContext",
    "Template",
    "TemplateDoesNotExist",
    "TemplateSyntaxError",
    "Variable",
    "VariableDoesNotExist",
    "engines",
)

from nuages.template.base import (  # noqa: E402
    Node,
    NodeList,
    Origin,
    PartialTemplate,
    Template,
    Variable,
    VariableDoesNotExist,
)
from nuages.template.context import Context, ContextPopException, RequestContext  # noqa: E402
from nuages.template.engine import Engine  # noqa: E402
from nuages.template.exceptions import TemplateDoesNotExist, TemplateSyntaxError  # noqa: E402
from nuages.template.library import Library  # noqa: E402
