"""Views of one object. Manual: "Generic display views", "Single object mixins"."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nuages.core.exceptions import ImproperlyConfigured
from nuages.http import Http404, HttpRequest
from nuages.utils.translation import gettext as _
from nuages.views.generic.base import ContextMixin, TemplateResponseMixin, View


class SingleObjectMixin(ContextMixin):
    """Finds one object, by primary key, by slug, or by both."""

    model: Any = None
    queryset: Any = None
    slug_field = "slug"
    context_object_name: str | None = None
    slug_url_kwarg = "slug"
    pk_url_kwarg = "pk"
    query_pk_and_slug = False
    object: Any
    kwargs: dict[str, Any]

    def get_object(self, queryset: Any = None) -> Any:
        """Return the object that the URL's arguments name.

        Raises:
            AttributeError: the URL gives neither key nor slug.
            Http404: there is no such object.
        """
        rows = self.get_queryset() if queryset is None else queryset
        key, slug = self.kwargs.get(self.pk_url_kwarg), self.kwargs.get(self.slug_url_kwarg)
        wanted = {}
        if key is not None:
            wanted["pk"] = key
        if slug is not None and (key is None or self.query_pk_and_slug):
            wanted[self.get_slug_field()] = slug
        if not wanted:
            raise AttributeError(
                f"Generic detail view {type(self).__name__} must be called with either an object "
                "pk or a slug in the URLconf."
            )
        rows = rows.filter(**wanted)
        try:
            return rows.get()
        except rows.model.DoesNotExist:
            raise Http404(
                _("No %(verbose_name)s found matching the query")
                % {"verbose_name": rows.model._meta.verbose_name}
            ) from None

    def get_queryset(self) -> Any:
        """Return ``queryset``, or all objects of ``model``.

        Raises:
            ImproperlyConfigured: the view has neither.
        """
        if self.queryset is not None:
            return self.queryset.all()
        if self.model:
            return self.model._default_manager.all()
        name = type(self).__name__
        raise ImproperlyConfigured(
            f"{name} is missing a QuerySet. Define {name}.model, {name}.queryset, or override "
            f"{name}.get_queryset()."
        )

    def get_slug_field(self) -> str:
        """Return the name of the field with the slug."""
        return self.slug_field

    def get_context_object_name(self, obj: Any) -> str | None:
        """Return the object's name in the context, besides ``object``."""
        if self.context_object_name:
            return self.context_object_name
        return obj._meta.model_name if _is_row(obj) else None

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the object, under both of its names."""
        context: dict[str, Any] = {}
        if self.object:
            context["object"] = self.object
            if own_name := self.get_context_object_name(self.object):
                context[own_name] = self.object
        return super().get_context_data(**{**context, **kwargs})


def _is_row(obj: Any) -> bool:
    """Return whether ``obj`` is a model instance."""
    from nuages.db.models import Model

    return isinstance(obj, Model)


class BaseDetailView(SingleObjectMixin, View):
    """Shows one object; needs a mixin that renders."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Answer with the object."""
        self.object = self.get_object()
        return self.render_to_response(self.get_context_data(object=self.object))

    if TYPE_CHECKING:

        def render_to_response(self, context: dict[str, Any], **options: Any) -> Any: ...


class SingleObjectTemplateResponseMixin(TemplateResponseMixin):
    """Names templates after the object's model."""

    template_name_field: str | None = None
    template_name_suffix = "_detail"
    object: Any

    def get_template_names(self) -> list[str]:
        """Return the candidates: the declared name, the object's own, the model's.

        Raises:
            ImproperlyConfigured: nothing to make a name from.
        """
        if self.template_name is not None:
            return [self.template_name]
        names = []
        if self.object and self.template_name_field:
            own_name = getattr(self.object, self.template_name_field, None)
            if own_name:
                names.append(own_name)
        model: Any = type(self.object) if _is_row(self.object) else getattr(self, "model", None)
        if hasattr(model, "_meta"):
            options = model._meta
            names.append(
                f"{options.app_label}/{options.model_name}{self.template_name_suffix}.html"
            )
        if not names:
            raise ImproperlyConfigured(
                "SingleObjectTemplateResponseMixin requires a definition of 'template_name', "
                "'template_name_field', or 'model'; or an implementation of "
                "'get_template_names()'."
            )
        return names


class DetailView(SingleObjectTemplateResponseMixin, BaseDetailView):
    """Renders a template with one object."""
