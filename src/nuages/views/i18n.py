"""Choosing a language, and translations for scripts. Manual: "Translation"."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

from nuages.apps import apps
from nuages.conf import settings
from nuages.http import HttpResponse, HttpResponseRedirect, JsonResponse
from nuages.template import Context, Engine
from nuages.urls import translate_url
from nuages.utils.formats import get_format
from nuages.utils.http import url_has_allowed_host_and_scheme
from nuages.utils.translation import check_for_language, get_language
from nuages.utils.translation.trans_real import DjangoTranslation
from nuages.views.generic import View

LANGUAGE_QUERY_PARAMETER = "language"


def builtin_template_path(name: str) -> Path:
    """Return the path of one of the templates beside this module."""
    return Path(__file__).parent / "templates" / name


def set_language(request: Any) -> HttpResponse:
    """Store the language that was posted in a cookie, and go back to where the user was.

    Changes state, so it does so for ``POST`` only. The target is ``next``, else the referring
    page, else ``/``; scripts that ask for no target get 204. Manual: "The ``set_language``
    redirect view".
    """

    def is_ours(url: str | None) -> bool:
        return url_has_allowed_host_and_scheme(
            url=url, allowed_hosts={request.get_host()}, require_https=request.is_secure()
        )

    target = request.POST.get("next", request.GET.get("next"))
    if (target or request.accepts("text/html")) and not is_ours(target):
        target = request.META.get("HTTP_REFERER")
        if not is_ours(target):
            target = "/"
    response = HttpResponseRedirect(target) if target else HttpResponse(status=204)
    code = request.POST.get(LANGUAGE_QUERY_PARAMETER) if request.method == "POST" else None
    if not code or not check_for_language(code):
        return response
    if target:
        # The page may have another path in that language.
        translated = translate_url(target, code)
        if translated != target:
            response = HttpResponseRedirect(translated)
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        code,
        max_age=settings.LANGUAGE_COOKIE_AGE,
        path=settings.LANGUAGE_COOKIE_PATH,
        domain=settings.LANGUAGE_COOKIE_DOMAIN,
        secure=settings.LANGUAGE_COOKIE_SECURE,
        httponly=settings.LANGUAGE_COOKIE_HTTPONLY,
        samesite=settings.LANGUAGE_COOKIE_SAMESITE,
    )
    return response


_FORMAT_NAMES = (
    "DATE_FORMAT DATETIME_FORMAT TIME_FORMAT YEAR_MONTH_FORMAT MONTH_DAY_FORMAT "
    "SHORT_DATE_FORMAT SHORT_DATETIME_FORMAT FIRST_DAY_OF_WEEK DECIMAL_SEPARATOR "
    "THOUSAND_SEPARATOR NUMBER_GROUPING DATE_INPUT_FORMATS TIME_INPUT_FORMATS "
    "DATETIME_INPUT_FORMATS"
).split()


def get_formats() -> dict[str, Any]:
    """Return the formats of the active locale that scripts can ask for."""
    return {name: get_format(name) for name in _FORMAT_NAMES}


class JavaScriptCatalog(View):
    """A script with the translations of some applications, and the functions to use them.

    Manual: "Internationalization: in JavaScript code".
    """

    domain = "djangojs"
    packages: Any = None
    translation: DjangoTranslation

    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        """Answer with the catalogue of the active language."""
        # The URL can name packages, too: "a+b".
        named = kwargs.get("packages", "").split("+")
        packages = self.packages or [name for name in named if name] or None
        self.translation = DjangoTranslation(
            get_language() or settings.LANGUAGE_CODE,
            domain=kwargs.get("domain", self.domain),
            localedirs=self.get_paths(packages) if packages else None,
        )
        return self.render_to_response(self.get_context_data(**kwargs))

    def get_paths(self, packages: Any) -> list[str]:
        """Return the ``locale`` directories of applications, and the project's.

        Raises:
            ValueError: one of them is not installed.
        """
        installed = {config.name: config.path for config in apps.get_app_configs()}
        unknown = [name for name in packages if name not in installed]
        if unknown:
            raise ValueError(
                f"Invalid package(s) provided to JavaScriptCatalog: {','.join(unknown)}"
            )
        own = [os.path.join(installed[name], "locale") for name in packages]
        return own + list(reversed([str(path) for path in settings.LOCALE_PATHS]))

    @property
    def _plural_string(self) -> str | None:
        """The plural rule that the catalogue's header declares."""
        for line in self.translation._catalog.get("", "").split("\n"):
            if line.startswith("Plural-Forms:"):
                return line.partition(":")[2].strip()
        return None

    @property
    def _num_plurals(self) -> int:
        """How many plural forms the language has."""
        found = re.search(r"nplurals=\s*(\d+)", self._plural_string or "")
        return int(found[1]) if found else 2

    def get_plural(self) -> str | None:
        """Return the expression that gives the number of the plural form for ``n``."""
        found = re.search(r"(?:^|;)\s*plural=([^;]+)", self._plural_string or "")
        return found[1].strip() if found else None

    def get_catalog(self) -> dict[str, Any]:
        """Return texts, and lists of plural forms, by message."""
        texts: dict[str, str] = {}
        forms: dict[str, dict[int, str]] = {}
        source: Any = self.translation
        while source is not None:
            for key, text in source._catalog.items():
                if isinstance(key, tuple):
                    forms.setdefault(key[0], {}).setdefault(key[1], text)
                elif key:
                    texts.setdefault(key, text)
            source = source._fallback
        numbers = range(self._num_plurals)
        return texts | {
            message: [known.get(number, "") for number in numbers]
            for message, known in forms.items()
        }

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return catalogue, formats and plural expression."""
        return {
            "catalog": self.get_catalog(),
            "formats": get_formats(),
            "plural": self.get_plural(),
        }

    def render_to_response(self, context: dict[str, Any], **response_kwargs: Any) -> HttpResponse:
        """Return the script."""

        def as_json(value: Any) -> str | None:
            return json.dumps(value, sort_keys=True, indent=2) if value else None

        with builtin_template_path("i18n_catalog.js").open(encoding="utf-8") as source:
            template = Engine().from_string(source.read())
        context["catalog_str"] = as_json(context["catalog"])
        context["formats_str"] = as_json(context["formats"])
        return HttpResponse(template.render(Context(context)), 'text/javascript; charset="utf-8"')


class JSONCatalog(JavaScriptCatalog):
    """The same as JSON. Manual: "The ``JSONCatalog`` view"."""

    def render_to_response(self, context: dict[str, Any], **response_kwargs: Any) -> HttpResponse:
        """Return the context as JSON."""
        return JsonResponse(context)
