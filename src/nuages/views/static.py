"""Files of a directory, for development. Manual: "Built-in Views", "Serving files in development"."""

from __future__ import annotations

import mimetypes
import posixpath
from pathlib import Path
from typing import Any

from nuages.http import (
    FileResponse,
    Http404,
    HttpResponse,
    HttpResponseNotModified,
)
from nuages.template import Context, Engine, TemplateDoesNotExist, loader
from nuages.utils._os import safe_join
from nuages.utils.http import http_date, parse_http_date
from nuages.utils.translation import gettext as _
from nuages.utils.translation import gettext_lazy

TEMPLATES = Path(__file__).parent / "templates"

template_translatable = gettext_lazy("Index of %(directory)s")


def builtin_template_path(name: str) -> Path:
    """Return the path of one of the templates beside this module."""
    return TEMPLATES / name


def serve(
    request: Any, path: str, document_root: Any = None, show_indexes: bool = False
) -> HttpResponse | FileResponse:
    """Return a file below ``document_root``, or the list of a directory if asked for.

    Raises:
        Http404: there is no such file.
    """
    relative = posixpath.normpath(path).lstrip("/")
    found = Path(safe_join(document_root, relative))
    if found.is_dir():
        if not show_indexes:
            raise Http404(_("Directory indexes are not allowed here."))
        return directory_index(relative, found)
    if not found.exists():
        raise Http404(_("“%(path)s” does not exist") % {"path": found})
    changed = found.stat().st_mtime
    if not was_modified_since(request.META.get("HTTP_IF_MODIFIED_SINCE"), changed):
        return HttpResponseNotModified()
    content_type, encoding = mimetypes.guess_type(str(found))
    response = FileResponse(
        found.open("rb"), content_type=content_type or "application/octet-stream"
    )
    response.headers["Last-Modified"] = http_date(changed)
    if encoding:
        response.headers["Content-Encoding"] = encoding
    return response


def directory_index(path: Any, fullpath: Any) -> HttpResponse:
    """Return the list of a directory; a project can have its own template for it."""
    try:
        template: Any = loader.select_template(
            ["static/directory_index.html", "static/directory_index"]
        )
        wrap: type[dict[str, Any]] | type[Context] = dict
    except TemplateDoesNotExist:
        with builtin_template_path("directory_index.html").open(encoding="utf-8") as source:
            engine = Engine(libraries={"i18n": "django.templatetags.i18n"})
            template = engine.from_string(source.read())
        wrap = Context
    names = [
        f"{entry.relative_to(fullpath)}/" if entry.is_dir() else str(entry.relative_to(fullpath))
        for entry in fullpath.iterdir()
        if not entry.name.startswith(".")
    ]
    return HttpResponse(template.render(wrap({"directory": f"{path}/", "file_list": names})))


def was_modified_since(header: str | None = None, mtime: float = 0) -> bool:
    """Return whether a file has changed since the time of an ``If-Modified-Since`` header."""
    if not header:
        return True
    try:
        return int(mtime) > parse_http_date(header)
    except (ValueError, OverflowError):
        return True
