"""A view that leads to the page of any object."""

from __future__ import annotations

from typing import Any

from nuages.apps import apps
from nuages.contrib.contenttypes.models import ContentType
from nuages.core.exceptions import ObjectDoesNotExist, ValidationError
from nuages.http import Http404, HttpResponseRedirect
from nuages.utils.translation import gettext as _


def shortcut(request: Any, content_type_id: Any, object_id: Any) -> HttpResponseRedirect:
    """Redirect to ``get_absolute_url()`` of an object, on the site that it belongs to.

    Raises:
        Http404: there is no such object, or it has no page.
    """
    names = {"ct_id": content_type_id, "obj_id": object_id}
    try:
        content_type = ContentType.objects.get(pk=content_type_id)
        if not content_type.model_class():
            raise Http404(_("Content type %(ct_id)s object has no associated model") % names)
        target = content_type.get_object_for_this_type(pk=object_id)
    except (ObjectDoesNotExist, ValidationError, ValueError):
        raise Http404(_("Content type %(ct_id)s object %(obj_id)s doesn’t exist") % names) from None
    try:
        get_absolute_url = target.get_absolute_url
    except AttributeError:
        raise Http404(
            _("%(ct_name)s objects don’t have a get_absolute_url() method")
            % {"ct_name": content_type.name}
        ) from None
    url = get_absolute_url()
    # A full address needs nothing added.
    if url.startswith(("http://", "https://", "//")):
        return HttpResponseRedirect(url)
    domain = _domain_of(request, target)
    if not domain:
        return HttpResponseRedirect(url)
    return HttpResponseRedirect(f"{request.scheme}://{domain}{url}")


def _domain_of(request: Any, target: Any) -> str | None:
    """Return the domain of the site of an object, or that of the request."""
    from nuages.contrib.sites.shortcuts import get_current_site

    try:
        here = get_current_site(request).domain
    except ObjectDoesNotExist:
        here = None
    if not apps.is_installed("django.contrib.sites"):
        return here
    site_model, opts = apps.get_model("sites.Site"), target._meta
    for field in opts.many_to_many:
        if field.remote_field.model is site_model:
            domains = [site.domain for site in getattr(target, field.name).all()]
            if domains:
                return here if here in domains else domains[0]
    for field in opts.fields:
        if field.remote_field and field.remote_field.model is site_model:
            try:
                site = getattr(target, field.name)
            except site_model.DoesNotExist:
                site = None
            if site is not None:
                return site.domain
    return here
