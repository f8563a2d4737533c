"""The tag ``{% get_flatpages %}``. Manual: "The flatpages app"."""

from __future__ import annotations

from typing import Any

from nuages import template
from nuages.conf import settings
from nuages.contrib.flatpages.models import FlatPage
from nuages.contrib.sites.shortcuts import get_current_site

register = template.Library()


class FlatpageNode(template.Node):
    """Puts the pages of the site into the context."""

    def __init__(self, context_name: str, starts_with: Any = None, user: Any = None) -> None:
        self.context_name = context_name
        self.starts_with, self.user = (
            None if name is None else template.Variable(name) for name in (starts_with, user)
        )

    def render(self, context: Any) -> str:
        """Set the name, and write nothing."""
        request = context.get("request")
        site = settings.SITE_ID if request is None else get_current_site(request).pk
        pages = FlatPage.objects.filter(sites=site)
        if self.starts_with is not None:
            pages = pages.filter(url__startswith=self.starts_with.resolve(context))
        if self.user is None or not self.user.resolve(context).is_authenticated:
            pages = pages.filter(registration_required=False)
        context[self.context_name] = pages
        return ""


@register.tag
def get_flatpages(parser: Any, token: Any) -> FlatpageNode:
    """Collect the flat pages of the current site, by default those that everybody may see.

    ``{% get_flatpages "/about/" for user as pages %}``: what URLs start with, and for whom, may
    both be left out.
    """
    name, *clauses = token.split_contents()
    match clauses:
        case ["as", target]:
            return FlatpageNode(target)
        case ["for", user, "as", target]:
            return FlatpageNode(target, user=user)
        case [prefix, "as", target]:
            return FlatpageNode(target, prefix)
        case [prefix, "for", user, "as", target]:
            return FlatpageNode(target, prefix, user)
    raise template.TemplateSyntaxError(
        f"{name} expects a syntax of {name} ['url_starts_with'] [for user] as context_name"
    )
