"""What backends give to templates for CSRF protection."""

from __future__ import annotations

from typing import Any

from nuages.utils.functional import lazy
from nuages.utils.html import format_html
from nuages.utils.safestring import SafeString


def _token(request: Any) -> str:
    from nuages.middleware.csrf import get_token

    return get_token(request)


def csrf_input(request: Any) -> SafeString:
    """Return the hidden form field with the token of a request."""
    return format_html(
        '<input type="hidden" name="csrfmiddlewaretoken" value="{}">', _token(request)
    )


csrf_input_lazy = lazy(csrf_input, SafeString, str)
csrf_token_lazy = lazy(_token, str)
