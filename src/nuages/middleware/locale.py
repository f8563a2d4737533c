"""The language of a request. Manual: "Locale middleware", "How Django discovers ..."."""

from __future__ import annotations

from typing import Any

from nuages.conf import settings
from nuages.conf.urls.i18n import is_language_prefix_patterns_used
from nuages.http import HttpResponseRedirect
from nuages.urls import get_script_prefix, is_valid_path
from nuages.utils import translation
from nuages.utils.cache import patch_vary_headers
from nuages.utils.deprecation import MiddlewareMixin


class LocaleMiddleware(MiddlewareMixin):
    """Activates the language that the path's prefix, a cookie or the browser asks for."""

    inline = True
    response_redirect_class = HttpResponseRedirect

    def process_request(self, request: Any) -> None:
        """Choose the language."""
        prefixed, default_prefixed = self._prefixes(request)
        language = translation.get_language_from_request(request, check_path=prefixed)
        if prefixed and not default_prefixed:
            # A path without a prefix stands for the default language then.
            language = (
                translation.get_language_from_path(request.path_info) or settings.LANGUAGE_CODE
            )
        translation.activate(language)
        request.LANGUAGE_CODE = translation.get_language()

    @staticmethod
    def _prefixes(request: Any) -> tuple[bool, bool]:
        urlconf = getattr(request, "urlconf", settings.ROOT_URLCONF)
        return is_language_prefix_patterns_used(urlconf)

    def process_response(self, request: Any, response: Any) -> Any:
        """Redirect a 404 to the path with the language's prefix; name the language."""
        language = translation.get_language()
        prefixed, default_prefixed = self._prefixes(request)
        in_path = translation.get_language_from_path(request.path_info)
        if response.status_code == 404 and prefixed and default_prefixed and not in_path:
            target = self._with_prefix(request, language or settings.LANGUAGE_CODE)
            if target is not None:
                redirect = self.response_redirect_class(target)
                patch_vary_headers(redirect, ("Accept-Language", "Cookie"))
                return redirect
        if not (prefixed and in_path):
            patch_vary_headers(response, ("Accept-Language",))
        response.headers.setdefault("Content-Language", language)
        return response

    @staticmethod
    def _with_prefix(request: Any, language: str) -> str | None:
        """Return the full path behind the language's prefix, if there is such a page."""
        urlconf = getattr(request, "urlconf", settings.ROOT_URLCONF)
        path = f"/{language}{request.path_info}"
        valid = is_valid_path(path, urlconf)
        needs_slash = not valid and settings.APPEND_SLASH and not path.endswith("/")
        if not valid and not (needs_slash and is_valid_path(f"{path}/", urlconf)):
            return None
        prefix = get_script_prefix()
        full = request.get_full_path(force_append_slash=needs_slash)
        return full.replace(prefix, f"{prefix}{language}/", 1)
