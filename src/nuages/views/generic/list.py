"""Views of many objects. Manual: "Generic display views", "Multiple object mixins"."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nuages.core.exceptions import ImproperlyConfigured
from nuages.core.paginator import InvalidPage, Paginator
from nuages.http import Http404, HttpRequest
from nuages.utils.translation import gettext as _
from nuages.views.generic.base import ContextMixin, TemplateResponseMixin, View


class MultipleObjectMixin(ContextMixin):
    """Finds many objects, in order, by pages if so declared."""

    allow_empty = True
    queryset: Any = None
    model: Any = None
    paginate_by: int | None = None
    paginate_orphans = 0
    context_object_name: str | None = None
    paginator_class: type[Paginator] = Paginator
    page_kwarg = "page"
    ordering: Any = None
    object_list: Any
    kwargs: dict[str, Any]
    request: HttpRequest

    def get_queryset(self) -> Any:
        """Return the objects: a queryset, or any other iterable.

        Raises:
            ImproperlyConfigured: the view has neither ``queryset`` nor ``model``.
        """
        rows = self.queryset
        if rows is None:
            if self.model is None:
                name = type(self).__name__
                raise ImproperlyConfigured(
                    f"{name} is missing a QuerySet. Define {name}.model, {name}.queryset, or "
                    f"override {name}.get_queryset()."
                )
            rows = self.model._default_manager.all()
        elif hasattr(rows, "_fetch_all"):
            rows = rows.all()  # the class's queryset stays unevaluated
        if ordering := self.get_ordering():
            rows = rows.order_by(*((ordering,) if isinstance(ordering, str) else ordering))
        return rows

    def get_ordering(self) -> Any:
        """Return the field or the fields to order by."""
        return self.ordering

    def paginate_queryset(self, queryset: Any, page_size: int) -> tuple[Any, Any, Any, bool]:
        """Return paginator, page, the page's objects, and whether there are other pages.

        Raises:
            Http404: the request asks for a page that there is not.
        """
        paginator = self.get_paginator(
            queryset,
            page_size,
            orphans=self.get_paginate_orphans(),
            allow_empty_first_page=self.get_allow_empty(),
        )
        asked = self.kwargs.get(self.page_kwarg) or self.request.GET.get(self.page_kwarg) or 1
        try:
            number = paginator.num_pages if asked == "last" else int(asked)
        except ValueError:
            raise Http404(_("Page is not “last”, nor can it be converted to an int.")) from None
        try:
            page = paginator.page(number)
        except InvalidPage as reason:
            raise Http404(
                _("Invalid page (%(page_number)s): %(message)s")
                % {"page_number": number, "message": str(reason)}
            ) from None
        return paginator, page, page.object_list, page.has_other_pages()

    def get_paginator(
        self,
        queryset: Any,
        per_page: int,
        orphans: int = 0,
        allow_empty_first_page: bool = True,
        **kwargs: Any,
    ) -> Any:
        """Return an instance of ``paginator_class``."""
        options: dict[str, Any] = {
            "allow_empty_first_page": allow_empty_first_page,
            "orphans": orphans,
        }
        return self.paginator_class(queryset, per_page, **options, **kwargs)

    def get_allow_empty(self) -> bool:
        """Return whether there may be nothing to show."""
        return self.allow_empty

    def get_paginate_by(self, queryset: Any) -> int | None:
        """Return the number of objects on a page, ``None`` for a single page."""
        return self.paginate_by

    def get_paginate_orphans(self) -> int:
        """Return how many objects the last page may take on instead of a page of their own."""
        return self.paginate_orphans

    def get_context_object_name(self, object_list: Any) -> str | None:
        """Return the list's name in the context, besides ``object_list``."""
        if self.context_object_name:
            return self.context_object_name
        model = getattr(object_list, "model", None)
        return f"{model._meta.model_name}_list" if model is not None else None

    def get_context_data(self, *, object_list: Any = None, **kwargs: Any) -> dict[str, Any]:
        """Add the objects, and paginator and page."""
        rows = self.object_list if object_list is None else object_list
        own_name = self.get_context_object_name(rows)
        paginator = page = None
        paginated = False
        if size := self.get_paginate_by(rows):
            paginator, page, rows, paginated = self.paginate_queryset(rows, size)
        context = {
            "paginator": paginator,
            "page_obj": page,
            "is_paginated": paginated,
            "object_list": rows,
        }
        if own_name is not None:
            context[own_name] = rows
        return super().get_context_data(**{**context, **kwargs})


class BaseListView(MultipleObjectMixin, View):
    """Shows many objects; needs a mixin that renders."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Answer with the objects.

        Raises:
            Http404: there are none, and there have to be some.
        """
        self.object_list = rows = self.get_queryset()
        if not self.get_allow_empty():
            # With pages, one row is enough to know; without them all are needed anyway.
            cheap = self.get_paginate_by(rows) is not None and hasattr(rows, "exists")
            if not (rows.exists() if cheap else rows):
                raise Http404(
                    _("Empty list and “%(class_name)s.allow_empty” is False.")
                    % {"class_name": type(self).__name__}
                )
        return self.render_to_response(self.get_context_data())

    if TYPE_CHECKING:

        def render_to_response(self, context: dict[str, Any], **options: Any) -> Any: ...


class MultipleObjectTemplateResponseMixin(TemplateResponseMixin):
    """Names templates after the objects' model."""

    template_name_suffix = "_list"
    object_list: Any

    def get_template_names(self) -> list[str]:
        """Return the candidates: the declared name, then the model's.

        Raises:
            ImproperlyConfigured: nothing to make a name from.
        """
        names = [] if self.template_name is None else [self.template_name]
        model = getattr(self.object_list, "model", None)
        if model is not None:
            options = model._meta
            names.append(
                f"{options.app_label}/{options.model_name}{self.template_name_suffix}.html"
            )
        if names:
            return names
        name = type(self).__name__
        raise ImproperlyConfigured(
            f"{name} requires either a 'template_name' attribute or a get_queryset() method that "
            "returns a QuerySet."
        )


class ListView(MultipleObjectTemplateResponseMixin, BaseListView):
    """Renders a template with many objects."""
