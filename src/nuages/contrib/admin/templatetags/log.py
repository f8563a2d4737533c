"""What was done lately, for the index page."""

from __future__ import annotations

from typing import Any

from nuages import template

register = template.Library()


class AdminLogNode(template.Node):
    """Puts entries of the log into the context.

    Args:
        limit: how many.
        varname: under which name.
        user: whose: a key, or the name of a user in the context; None for everybody's.
    """

    def __init__(self, limit: str, varname: str, user: str | None) -> None:
        self.limit, self.varname, self.user = limit, varname, user

    def __repr__(self) -> str:
        return "<GetAdminLog Node>"

    def render(self, context: Any) -> str:
        """Set the name; return nothing to show."""
        entries = context["log_entries"]
        if self.user is not None:
            key = self.user if self.user.isdigit() else context[self.user].pk
            entries = entries.filter(user__pk=key)
        context[self.varname] = entries[: int(self.limit)]
        return ""


@register.tag
def get_admin_log(parser: Any, token: Any) -> AdminLogNode:
    """``{% get_admin_log 10 as entries for_user 23 %}``: the last entries of a user, or of all.

    The user is a key, or the name of a user in the context.

    Raises:
        TemplateSyntaxError: it is written in another way.
    """
    tag, *words = token.contents.split()
    problem = None
    if len(words) < 3:
        problem = f"'{tag}' statements require two arguments"
    elif not words[0].isdigit():
        problem = f"First argument to '{tag}' must be an integer"
    elif words[1] != "as":
        problem = f"Second argument to '{tag}' must be 'as'"
    elif len(words) > 3 and words[3] != "for_user":
        problem = f"Fourth argument to '{tag}' must be 'for_user'"
    if problem:
        raise template.TemplateSyntaxError(problem)
    return AdminLogNode(words[0], words[2], words[4] if len(words) > 4 else None)
