"""The view that serves flat pages. Manual: "The flatpages app"."""

from __future__ import annotations

from typing import Any

from nuages.conf import settings
from nuages.contrib.sites.shortcuts import get_current_site
from nuages.http import Http404, HttpResponse, HttpResponsePermanentRedirect
from nuages.template import loader
from nuages.utils.http import escape_leading_slashes
from nuages.utils.safestring import mark_safe
from nuages.views.decorators.csrf import csrf_protect

from .models import FlatPage

DEFAULT_TEMPLATE = "flatpages/default.html"


def flatpage(request: Any, url: str) -> HttpResponse:
    """Show the page of ``url`` on the current site; or redirect, if a slash at the end is missing.

    Raises:
        Http404: there is no such page.
    """
    wanted = url if url[:1] == "/" else f"/{url}"
    here = FlatPage.objects.filter(sites=get_current_site(request).pk)
    if (page := here.filter(url=wanted).first()) is not None:
        return render_flatpage(request, page)
    if settings.APPEND_SLASH and wanted[-1] != "/" and here.filter(url=f"{wanted}/").exists():
        # What starts with two slashes would lead to another host.
        return HttpResponsePermanentRedirect(escape_leading_slashes(f"{request.path}/"))
    raise Http404(f"There is no flat page at {wanted}.")


# It has the protection itself: the middleware looks at views only, and a page may be shown
# where no view was found.
@csrf_protect
def render_flatpage(request: Any, f: FlatPage) -> HttpResponse:
    """Render the page with its template; send visitors to the login, if it is for users only."""
    if f.registration_required and not request.user.is_authenticated:
        from nuages.contrib.auth.views import redirect_to_login

        return redirect_to_login(request.path)
    template = loader.select_template(
        [name for name in (f.template_name, DEFAULT_TEMPLATE) if name]
    )
    f.title, f.content = mark_safe(f.title), mark_safe(f.content)
    return HttpResponse(template.render({"flatpage": f}, request))
