"""Views with forms. Manual: "Generic editing views", "Editing mixins"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from nuages.core.exceptions import ImproperlyConfigured
from nuages.forms import Form
from nuages.forms import models as model_forms
from nuages.http import HttpRequest, HttpResponseRedirect
from nuages.views.generic.base import ContextMixin, TemplateResponseMixin, View
from nuages.views.generic.detail import (
    BaseDetailView,
    SingleObjectMixin,
    SingleObjectTemplateResponseMixin,
)


class FormMixin(ContextMixin):
    """Makes a form, and says what follows when it is sent."""

    initial: Mapping[str, Any] = {}
    form_class: Any = None
    success_url: Any = None
    prefix: str | None = None
    request: HttpRequest

    def get_form(self, form_class: Any = None) -> Any:
        """Return a form."""
        chosen = self.get_form_class() if form_class is None else form_class
        return chosen(**self.get_form_kwargs())

    def get_form_class(self) -> Any:
        """Return the form's class."""
        return self.form_class

    def get_form_kwargs(self) -> dict[str, Any]:
        """Return the arguments for the form; data only for ``POST`` and ``PUT``."""
        sent = self.request.method in ("POST", "PUT")
        data = {"data": self.request.POST, "files": self.request.FILES} if sent else {}
        return dict(data, prefix=self.get_prefix(), initial=self.get_initial())

    def get_prefix(self) -> str | None:
        """Return the form's prefix."""
        return self.prefix

    def get_initial(self) -> dict[str, Any]:
        """Return the form's initial data, a copy."""
        return dict(self.initial)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the form."""
        shown = kwargs if "form" in kwargs else {**kwargs, "form": self.get_form()}
        return super().get_context_data(**shown)

    if TYPE_CHECKING:
        # Of the classes that it is mixed with.
        render_to_response: Any

    def form_invalid(self, form: Any) -> Any:
        """Answer to invalid data."""
        return self.render_to_response(self.get_context_data(form=form))

    def form_valid(self, form: Any) -> Any:
        """Answer to valid data."""
        return HttpResponseRedirect(self.get_success_url())

    def get_success_url(self) -> str:
        """Return where to go when the form was valid.

        Raises:
            ImproperlyConfigured: nowhere.
        """
        return str(_declared_target(self))


def _declared_target(view: Any) -> Any:
    if view.success_url:
        return view.success_url
    raise ImproperlyConfigured("No URL to redirect to. Provide a success_url.")


class ModelFormMixin(FormMixin, SingleObjectMixin):
    """Makes a model form, for a new object or for the one that the URL names."""

    fields: Any = None

    def get_form_class(self) -> Any:
        """Return the declared form, or one made from the model and ``fields``.

        Raises:
            ImproperlyConfigured: both ``fields`` and ``form_class`` are set, or neither.
        """
        if self.form_class:
            if self.fields is not None:
                raise ImproperlyConfigured(
                    "Specifying both 'fields' and 'form_class' is not permitted."
                )
            return self.form_class
        present = getattr(self, "object", None)
        if self.model is not None:
            model = self.model
        elif present is not None:
            model = type(present)
        else:
            model = self.get_queryset().model
        if self.fields is None:
            raise ImproperlyConfigured(
                "Using ModelFormMixin (base class of "
                f"{type(self).__name__}) without the 'fields' attribute is prohibited."
            )
        return model_forms.modelform_factory(model, fields=self.fields)

    def get_form_kwargs(self) -> dict[str, Any]:
        """Add the object, if there is one."""
        arguments = super().get_form_kwargs()
        if hasattr(self, "object"):
            arguments["instance"] = self.object
        return arguments

    def get_success_url(self) -> str:
        """Return ``success_url`` filled in with the object's attributes, or the object's URL.

        Raises:
            ImproperlyConfigured: there is neither.
        """
        if self.success_url:
            return self.success_url.format(**vars(self.object))
        own_url = getattr(self.object, "get_absolute_url", None)
        if own_url is not None:
            return own_url()
        raise ImproperlyConfigured(
            "No URL to redirect to. Either provide a url or define a get_absolute_url method "
            "on the Model."
        )

    def form_valid(self, form: Any) -> Any:
        """Store the object and go on."""
        self.object = form.save()
        return super().form_valid(form)


class ProcessFormView(View):
    """Shows a form on ``GET``, takes it on ``POST`` and ``PUT``."""

    if TYPE_CHECKING:
        # Of the classes that it is mixed with.
        get_form: Any
        form_valid: Any
        form_invalid: Any
        render_to_response: Any
        get_context_data: Any

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Validate the form and hand over to ``form_valid()`` or ``form_invalid()``."""
        form = self.get_form()
        return (self.form_valid if form.is_valid() else self.form_invalid)(form)

    def put(self, *args: Any, **kwargs: Any) -> Any:
        """Do as for ``POST``."""
        return self.post(*args, **kwargs)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Answer with the empty form."""
        return self.render_to_response(self.get_context_data())


class BaseFormView(FormMixin, ProcessFormView):
    """Shows a form; needs a mixin that renders."""


class FormView(TemplateResponseMixin, BaseFormView):
    """Renders a template with a form."""


class _ObjectFirst(ModelFormMixin, ProcessFormView):
    """Sets ``self.object`` before anything else happens."""

    def _start(self) -> Any:
        """Return the object, or ``None`` for one to be made."""
        return None

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Answer with the form for the object."""
        self.object = self._start()
        return super().get(request, *args, **kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Take the form for the object."""
        self.object = self._start()
        return super().post(request, *args, **kwargs)


class BaseCreateView(_ObjectFirst):
    """Makes an object; needs a mixin that renders."""


class CreateView(SingleObjectTemplateResponseMixin, BaseCreateView):
    """Renders a template with a form for a new object."""

    template_name_suffix = "_form"


class BaseUpdateView(_ObjectFirst):
    """Changes an object; needs a mixin that renders."""

    def _start(self) -> Any:
        return self.get_object()


class UpdateView(SingleObjectTemplateResponseMixin, BaseUpdateView):
    """Renders a template with a form for an object."""

    template_name_suffix = "_form"


def _delete_and_go(view: Any) -> HttpResponseRedirect:
    # The target can depend on the object.
    response = HttpResponseRedirect(view.get_success_url())
    view.object.delete()
    return response


class DeletionMixin:
    """Deletes an object on ``DELETE`` and ``POST``."""

    success_url: Any = None
    object: Any

    if TYPE_CHECKING:
        # Of the classes that it is mixed with.
        get_object: Any

    def delete(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Delete the object and go on."""
        self.object = self.get_object()
        return _delete_and_go(self)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Do as for ``DELETE``: HTML forms cannot send that."""
        return self.delete(request, *args, **kwargs)

    def get_success_url(self) -> str:
        """Return ``success_url`` filled in with the object's attributes.

        Raises:
            ImproperlyConfigured: there is none.
        """
        return _declared_target(self).format(**vars(self.object))


class BaseDeleteView(DeletionMixin, FormMixin, BaseDetailView):
    """Deletes an object after a form; needs a mixin that renders."""

    form_class = Form

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Take the form that confirms."""
        self.object = self.get_object()
        form = self.get_form()
        return (self.form_valid if form.is_valid() else self.form_invalid)(form)

    def form_valid(self, form: Any) -> Any:
        """Delete the object and go on."""
        return _delete_and_go(self)


class DeleteView(SingleObjectTemplateResponseMixin, BaseDeleteView):
    """Renders a template that asks whether to delete an object."""

    template_name_suffix = "_confirm_delete"
