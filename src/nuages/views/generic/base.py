"""The base of all class-based views. Manual: "Base views", "Simple mixins"."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from inspect import iscoroutinefunction, markcoroutinefunction
from typing import Any, ClassVar

from nuages.core.exceptions import ImproperlyConfigured
from nuages.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseGone,
    HttpResponseNotAllowed,
    HttpResponsePermanentRedirect,
    HttpResponseRedirect,
)
from nuages.template.response import TemplateResponse
from nuages.urls import reverse
from nuages.utils.decorators import classonlymethod
from nuages.utils.functional import classproperty
from nuages.utils.log import log_response

logger = logging.getLogger("django.request")


class ContextMixin:
    """Gives a context for templates. ``extra_context`` is added to it."""

    extra_context: Mapping[str, Any] | None = None

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the context: ``kwargs``, the view itself and ``extra_context``."""
        return {"view": self, **kwargs, **(self.extra_context or {})}


def _noted(response: HttpResponse, request: Any, text: str, *facts: Any) -> HttpResponse:
    """Log a refusal, and mark it so that it is not logged again on its way out."""
    log_response(text, *facts, response=response, request=request, logger=logger)
    return response


async def _answer(response: HttpResponse) -> HttpResponse:
    return response


class View:
    """A view with a method for each HTTP method. Manual: "Base views", ``View``."""

    http_method_names: ClassVar[list[str]] = [
        "get",
        "post",
        "put",
        "patch",
        "delete",
        "head",
        "options",
        "trace",
    ]

    request: HttpRequest
    args: tuple[Any, ...]
    kwargs: dict[str, Any]

    def __init__(self, **kwargs: Any) -> None:
        for name, value in kwargs.items():
            setattr(self, name, value)

    @classproperty
    def view_is_async(cls: Any) -> bool:
        """Whether the handlers are coroutine functions.

        Raises:
            ImproperlyConfigured: some are, and some are not.
        """
        kinds = {
            iscoroutinefunction(getattr(cls, name))
            for name in cls.http_method_names
            if name != "options" and hasattr(cls, name)
        }
        if len(kinds) == 2:
            raise ImproperlyConfigured(
                f"{cls.__qualname__} HTTP handlers must either be all sync or all async."
            )
        return kinds == {True}

    @classonlymethod
    def as_view(cls: Any, **initkwargs: Any) -> Callable[..., Any]:
        """Return a view function that makes an instance for each request.

        Args:
            initkwargs: values for attributes that the class has.

        Raises:
            TypeError: a name is an HTTP method's, or the class has no such attribute.
        """
        for name in initkwargs:
            if name in cls.http_method_names:
                raise TypeError(
                    f"The method name {name} is not accepted as a keyword argument to "
                    f"{cls.__name__}()."
                )
            if not hasattr(cls, name):
                raise TypeError(
                    f"{cls.__name__}() received an invalid keyword {name!r}. as_view only accepts "
                    "arguments that are already attributes of the class."
                )

        def view(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            instance = cls(**initkwargs)
            instance.setup(request, *args, **kwargs)
            if not hasattr(instance, "request"):
                raise AttributeError(
                    f"{cls.__name__} instance has no 'request' attribute. Did you override setup() "
                    "and forget to call super()?"
                )
            return instance.dispatch(request, *args, **kwargs)

        view.view_class = cls  # type: ignore[attr-defined]
        view.view_initkwargs = initkwargs  # type: ignore[attr-defined]
        # Documentation and decorations of the class show on the function.
        view.__doc__, view.__module__ = cls.__doc__, cls.__module__
        view.__annotations__ = cls.dispatch.__annotations__
        view.__dict__.update(cls.dispatch.__dict__)
        return markcoroutinefunction(view) if cls.view_is_async else view

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        """Keep request and arguments. Overrides have to call this one."""
        if hasattr(self, "get") and not hasattr(self, "head"):
            self.head = self.get
        self.request, self.args, self.kwargs = request, args, kwargs

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Call the handler of the request's method."""
        name = (request.method or "").lower()
        handler = self.http_method_not_allowed
        if name in self.http_method_names:
            handler = getattr(self, name, handler)
        return handler(request, *args, **kwargs)

    def _as_handler_would(self, response: HttpResponse) -> Any:
        """Return the response, or something to await if the other handlers are asynchronous."""
        return _answer(response) if self.view_is_async else response

    def http_method_not_allowed(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Answer a method that the view does not have."""
        refusal = HttpResponseNotAllowed(self._allowed_methods())
        text = "Method Not Allowed (%s): %s"
        return self._as_handler_would(_noted(refusal, request, text, request.method, request.path))

    def options(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Answer ``OPTIONS`` with the methods that the view has."""
        headers = {"Allow": ", ".join(self._allowed_methods()), "Content-Length": "0"}
        return self._as_handler_would(HttpResponse(headers=headers))

    def _allowed_methods(self) -> list[str]:
        return [name.upper() for name in self.http_method_names if hasattr(self, name)]


class TemplateResponseMixin:
    """Answers with a rendered template. Manual: "Simple mixins"."""

    request: HttpRequest
    response_class: type[HttpResponse] = TemplateResponse
    content_type: str | None = None
    template_name: str | None = None
    template_engine: str | None = None

    def render_to_response(self, context: Mapping[str, Any], **response_kwargs: Any) -> Any:
        """Return a response of ``response_class``."""
        options = {"content_type": self.content_type, **response_kwargs}
        return self.response_class(
            request=self.request,
            template=self.get_template_names(),
            context=context,
            using=self.template_engine,
            **options,
        )

    def get_template_names(self) -> list[str]:
        """Return the candidates for the template's name.

        Raises:
            ImproperlyConfigured: there is no ``template_name``.
        """
        if self.template_name is not None:
            return [self.template_name]
        raise ImproperlyConfigured(
            "TemplateResponseMixin requires either a definition of 'template_name' or an "
            "implementation of 'get_template_names()'"
        )


class TemplateView(TemplateResponseMixin, ContextMixin, View):
    """Renders a template with the arguments of the URL as context."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Answer with the template."""
        return self.render_to_response(self.get_context_data(**kwargs))


class RedirectView(View):
    """Redirects to a URL, or to a named URL pattern."""

    url: str | None = None
    pattern_name: str | None = None
    permanent = preserve_request = query_string = False

    def get_redirect_url(self, *args: Any, **kwargs: Any) -> str | None:
        """Return where to go, or ``None`` for "gone"."""
        if self.url:
            target = str(self.url) % kwargs
        elif self.pattern_name:
            target = reverse(self.pattern_name, args=args, kwargs=kwargs)
        else:
            return None
        query = self.request.META.get("QUERY_STRING", "") if self.query_string else ""
        if query:
            target += f"{'&' if '?' in target else '?'}{query}"
        return target

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Answer with the redirect, or with 410."""
        if target := self.get_redirect_url(*args, **kwargs):
            kind = HttpResponsePermanentRedirect if self.permanent else HttpResponseRedirect
            return kind(target, preserve_request=self.preserve_request)
        return _noted(HttpResponseGone(), request, "Gone: %s", request.path)

    def _like_get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Answer as to ``GET``."""
        return self.get(request, *args, **kwargs)

    head = post = options = delete = put = patch = _like_get
