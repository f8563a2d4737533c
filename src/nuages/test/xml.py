"""XML documents compared by what they say."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from nuages.utils._lazy import later

if TYPE_CHECKING:
    from xml.dom import minidom
else:
    minidom = later("xml.dom.minidom")

_SPACE = re.compile(r"[ \t\r\n]+")

# One comparable value for an element: its name, its attributes, its content.
Shape = tuple[str, tuple[tuple[str, str], ...], tuple[object, ...]]


def _shape(element: minidom.Node) -> Shape:
    attributes = tuple(sorted((element.attributes or {}).items()))
    content: list[object] = []
    for child in element.childNodes:
        if child.nodeType == minidom.Node.ELEMENT_NODE:
            content.append(_shape(child))
        elif child.nodeType in (minidom.Node.TEXT_NODE, minidom.Node.CDATA_SECTION_NODE):
            content.append(_SPACE.sub(" ", child.data))
    return element.nodeName or "", attributes, tuple(content)


def compare_xml(want: str, got: str) -> bool:
    """Whether two documents have the same elements, attributes and text.

    White space is folded, and the order of attributes, the document type, processing
    instructions and comments beside the root are left out of account. A fragment with several
    roots will do.

    Raises:
        xml.parsers.expat.ExpatError: one of them is not well-formed.
    """

    def root_of(text: str) -> Shape:
        text = text.strip().replace("\\n", "\n")
        fragment = not text.startswith("<?xml")
        if fragment:
            text = f'<?xml version="1.0" encoding="UTF-8"?><root>{text}</root>'
        document = minidom.parseString(text)
        for node in document.childNodes:
            if node.nodeType == minidom.Node.ELEMENT_NODE:
                # A fragment that is one element is the same as the document of it.
                alone = fragment and len(node.childNodes) == 1
                inner = node.firstChild
                if alone and inner is not None and inner.nodeType == minidom.Node.ELEMENT_NODE:
                    return _shape(inner)
                return _shape(node)
        raise ValueError("The document has no element.")

    return root_of(want) == root_of(got)
