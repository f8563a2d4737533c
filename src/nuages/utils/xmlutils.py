"""XML written piece by piece."""

import re
from collections.abc import Mapping
from typing import Any
from xml.sax.saxutils import XMLGenerator


class UnserializableContentError(ValueError):
    """The text has characters that XML 1.0 does not allow."""


_not_xml = re.compile(r"[\x00-\x08\x0B-\x0C\x0E-\x1F]")


def _allowed(text: Any) -> Any:
    """Return ``text`` if an XML document may contain it."""
    if text and _not_xml.search(str(text)):
        raise UnserializableContentError("Control characters are not supported in XML 1.0")
    return text


class SimplerXMLGenerator(XMLGenerator):
    """The standard library's generator, with a short way to write one element."""

    def addQuickElement(
        self, name: str, contents: Any = None, attrs: Mapping[str, Any] | None = None
    ) -> None:
        """Write an element with nothing but text in it."""
        self.startElement(name, attrs or {})
        if contents is not None:
            self.characters(contents)
        self.endElement(name)

    def characters(self, content: Any) -> None:
        """Write text; raises `UnserializableContentError` for control characters."""
        super().characters(_allowed(content))

    def startElement(self, name: str, attrs: Mapping[str, Any]) -> None:  # type: ignore[override]
        """Open an element, with its attributes sorted by name; raises as ``characters()`` does."""
        checked = {key: _allowed(attrs[key]) for key in sorted(attrs)}
        super().startElement(name, checked)  # type: ignore[arg-type]
