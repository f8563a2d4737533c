"""The XML format. Manual: topics/serialization, "XML"."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat
from xml.sax import SAXParseException
from xml.sax.expatreader import ExpatLocator

from nuages.apps import apps
from nuages.conf import settings
from nuages.core.exceptions import SuspiciousOperation
from nuages.core.serializers import base
from nuages.db import DEFAULT_DB_ALIAS, models
from nuages.db.models import CompositePrimaryKey
from nuages.utils.xmlutils import SimplerXMLGenerator, UnserializableContentError


class Serializer(base.Serializer):
    """Writes a document of ``object`` elements."""

    def indent(self, level: int) -> None:
        """Start a new line, if the output is indented at all."""
        if (width := self.options.get("indent")) is not None:
            self.xml.ignorableWhitespace("\n" + " " * width * level)

    def start_serialization(self) -> None:
        """Open the document."""
        encoding = self.options.get("encoding", settings.DEFAULT_CHARSET)
        self.xml = SimplerXMLGenerator(self.stream, encoding)
        self.xml.startDocument()
        self.xml.startElement("django-objects", {"version": "1.0"})

    def end_serialization(self) -> None:
        """Close the document."""
        self.indent(0)
        self.xml.endElement("django-objects")
        self.xml.endDocument()

    def start_object(self, obj: Any) -> None:
        """Open the element of an instance."""
        if not hasattr(obj, "_meta"):
            raise base.SerializationError(
                f"Non-model object ({type(obj)}) encountered during serialization"
            )
        self.indent(1)
        attributes = {"model": str(obj._meta)}
        if obj.pk is not None and not self._has_natural_primary_key(obj):
            pk_field = obj._meta.pk
            attributes["pk"] = (
                json.dumps([f.value_to_string(obj) for f in pk_field])
                if isinstance(pk_field, CompositePrimaryKey)
                else pk_field.value_to_string(obj)
            )
        with _blaming(f"{obj._meta.object_name} (pk:{obj.pk})"):
            self._check(attributes.get("pk", ""))
        self.xml.startElement("object", attributes)

    @staticmethod
    def _check(value: str) -> None:
        from nuages.utils.xmlutils import _not_xml

        if _not_xml.search(value):
            raise UnserializableContentError

    def end_object(self, obj: Any) -> None:
        """Close the element of an instance."""
        self.indent(1)
        self.xml.endElement("object")

    def handle_field(self, obj: Any, field: Any) -> None:
        """Write a ``field`` element with a value."""
        self.indent(2)
        kind = field.get_internal_type()
        self.xml.startElement("field", {"name": field.name, "type": kind})
        if getattr(obj, field.name) is None:
            self.xml.addQuickElement("None")
        else:
            text = field.value_to_string(obj)
            if kind == "JSONField":
                # Its text form is for other formats; the encoder may be the field's own.
                text = json.dumps(text, cls=field.encoder)
            with _blaming(f"{type(obj).__name__}.{field.name} (pk:{obj.pk})"):
                self.xml.characters(text)
        self.xml.endElement("field")

    def _start_relational_field(self, field: Any) -> None:
        self.indent(2)
        relation = field.remote_field
        self.xml.startElement(
            "field",
            {"name": field.name, "rel": type(relation).__name__, "to": str(relation.model._meta)},
        )

    def _write_natural_key(self, key: Any) -> None:
        for part in key:
            self.xml.startElement("natural", {})
            if part is None:
                self.xml.addQuickElement("None")
            else:
                self.xml.characters(str(part))
            self.xml.endElement("natural")

    def handle_fk_field(self, obj: Any, field: Any) -> None:
        """Write a ``field`` element with a natural key, or the column's value."""
        self._start_relational_field(field)
        value = getattr(obj, field.attname)
        key = None if value is None else self._resolve_fk_natural_key(obj, field)
        if value is None:
            self.xml.addQuickElement("None")
        elif key is not None:
            self._write_natural_key(key)
        else:
            self.xml.characters(str(value))
        self.xml.endElement("field")

    def handle_m2m_field(self, obj: Any, field: Any) -> None:
        """Write a ``field`` element with an ``object`` for each reference."""
        if not field.remote_field.through._meta.auto_created:
            return
        self._start_relational_field(field)
        empty = True
        for each, key in self._m2m_objects(obj, field):
            empty = False
            self.indent(3)
            self.xml.startElement("object", {} if key is not None else {"pk": str(each.pk)})
            self._write_natural_key(key or ())
            self.xml.endElement("object")
        if not empty:
            self.indent(2)
        self.xml.endElement("field")


class _blaming:
    """Says which value has the characters that XML does not allow."""

    def __init__(self, what: str) -> None:
        self.what = what

    def __enter__(self) -> None: ...

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> None:
        if isinstance(error, UnserializableContentError):
            raise ValueError(f"{self.what} contains unserializable characters") from error


class DefusedXmlException(ValueError):
    """The document has something that could harm whoever reads it."""

    def __repr__(self) -> str:
        return str(self)


class DTDForbidden(DefusedXmlException):
    """The document has a type definition."""

    def __init__(self, name: str, sysid: str | None, pubid: str | None) -> None:
        super().__init__(name, sysid, pubid)
        self.name, self.sysid, self.pubid = name, sysid, pubid

    def __str__(self) -> str:
        return (
            f"DTDForbidden(name='{self.name}', system_id={self.sysid!r}, public_id={self.pubid!r})"
        )


class EntitiesForbidden(DefusedXmlException):
    """The document defines entities."""


class ExternalReferenceForbidden(DefusedXmlException):
    """The document refers to another one."""


@dataclass
class Element:
    """An element that was read: name, attributes, and what is in it."""

    tag: str
    attributes: dict[str, str]
    children: list["Element"] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    def named(self, tag: str) -> list["Element"]:
        """Return the children with a name."""
        return [child for child in self.children if child.tag == tag]

    def text(self) -> str:
        """Return the text; raises `SuspiciousOperation` if there are elements in it."""
        for child in self.children:
            raise SuspiciousOperation(f"Unexpected element: '{child.tag}'")
        return "".join(self.texts).strip()


class _Reader:
    """Feeds a document to the parser piece by piece, and yields the objects in it."""

    def __init__(self, stream: Any) -> None:
        self.stream = stream
        self.stack: list[Element] = []
        self.finished: list[Element] = []
        self.parser = parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = self.start
        parser.EndElementHandler = self.end
        parser.CharacterDataHandler = self.characters
        parser.StartDoctypeDeclHandler = self.forbid_dtd
        parser.EntityDeclHandler = self.forbid_entities
        parser.UnparsedEntityDeclHandler = self.forbid_entities
        parser.ExternalEntityRefHandler = self.forbid_references

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        element = Element(tag, attributes)
        # Objects are wanted one by one: only what is inside of one is remembered.
        if self.stack:
            self.stack[-1].children.append(element)
            self.stack.append(element)
        elif tag == "object":
            self.stack.append(element)

    def end(self, tag: str) -> None:
        if self.stack:
            element = self.stack.pop()
            if not self.stack:
                self.finished.append(element)

    def characters(self, data: str) -> None:
        if self.stack:
            self.stack[-1].texts.append(data)

    def forbid_dtd(self, name: str, sysid: Any, pubid: Any, internal: int) -> None:
        raise DTDForbidden(name, sysid, pubid)

    def forbid_entities(self, *args: Any) -> None:
        raise EntitiesForbidden(*args)

    def forbid_references(self, *args: Any) -> int:
        raise ExternalReferenceForbidden(*args)

    def __iter__(self) -> Iterator[Element]:
        last = False
        while not last:
            piece = self.stream.read(2**16)
            last = not piece
            try:
                self.parser.Parse(piece, last)
            except expat.ExpatError as error:
                raise SAXParseException(
                    expat.ErrorString(error.code), error, _Place(error)
                ) from error
            while self.finished:
                yield self.finished.pop(0)


class _Place(ExpatLocator):
    """Where in the document an error is."""

    def __init__(self, error: expat.ExpatError) -> None:
        self.error = error

    def getColumnNumber(self) -> int:
        return self.error.offset

    def getLineNumber(self) -> int:
        return self.error.lineno

    def getPublicId(self) -> None:
        return None

    getSystemId = getPublicId


class Deserializer(base.Deserializer):
    """Reads ``object`` elements from text, bytes or a stream. Entities and the like are refused."""

    def __init__(
        self,
        stream_or_string: Any,
        *,
        using: str = DEFAULT_DB_ALIAS,
        ignorenonexistent: bool = False,
        **options: Any,
    ) -> None:
        self.handle_forward_references = options.pop("handle_forward_references", False)
        if isinstance(stream_or_string, bytes):
            stream_or_string = stream_or_string.decode()
        elif isinstance(stream_or_string, str):
            stream_or_string = stream_or_string.lstrip()
        super().__init__(stream_or_string, **options)
        self.db, self.ignore = using, ignorenonexistent
        self._elements = iter(_Reader(self.stream))

    def __next__(self) -> base.DeserializedObject:
        return self._handle_object(next(self._elements))

    def _handle_object(self, node: Element) -> base.DeserializedObject:
        model = self._get_model_from_node(node, "model")
        pk_field = model._meta.pk
        values: dict[str, Any] = {}
        if (pk := node.attributes.get("pk")) is not None:
            if isinstance(pk_field, CompositePrimaryKey):
                pk = json.loads(pk)
            values[pk_field.attname] = pk_field.to_python(pk)
        known = {f.name for f in model._meta.get_fields()}
        m2m: dict[str, Any] = {}
        deferred: dict[Any, Any] = {}
        for child in node.named("field"):
            name = child.attributes.get("name")
            if not name:
                raise base.DeserializationError("<field> node is missing the 'name' attribute")
            if self.ignore and name not in known:
                continue
            self._handle_field(model._meta.get_field(name), child, values, m2m, deferred)
        return base.DeserializedObject(base.build_instance(model, values, self.db), m2m, deferred)

    def _handle_field(
        self,
        field: Any,
        node: Element,
        values: dict[str, Any],
        m2m: dict[str, Any],
        deferred: dict[Any, Any],
    ) -> None:
        """Read one field into the place where it belongs."""
        if isinstance(field.remote_field, models.ManyToManyRel):
            raw: Any = [_reference(each) for each in node.named("object")]
            found = base.deserialize_m2m_values(field, raw, self.db, self.handle_forward_references)
            place: dict[Any, Any] = m2m
            key = field.name
        elif isinstance(field.remote_field, models.ManyToOneRel):
            raw = None if node.named("None") else _reference(node)
            found = base.deserialize_fk_value(field, raw, self.db, self.handle_forward_references)
            place, key = values, field.attname
        else:
            place, key, found = values, field.name, _value(field, node)
            raw = None
        if found is base.DEFER_FIELD:
            deferred[field] = raw
        else:
            place[key] = found

    def _get_model_from_node(self, node: Element, attr: str) -> Any:
        identifier = node.attributes.get(attr)
        if not identifier:
            raise base.DeserializationError(
                f"<{node.tag}> node is missing the required '{attr}' attribute"
            )
        try:
            return apps.get_model(identifier)
        except (LookupError, TypeError):
            raise base.DeserializationError(
                f"<{node.tag}> node has invalid model identifier: '{identifier}'"
            ) from None


def _value(field: Any, node: Element) -> Any:
    if node.named("None"):
        return None
    text = node.text()
    if field.get_internal_type() == "JSONField":
        return field.to_python(json.loads(text, cls=field.decoder))
    return field.to_python(text)


def _reference(node: Element) -> Any:
    """Return the natural key in an element, or the primary key as attribute or text."""
    if natural := node.named("natural"):
        return [None if part.named("None") else part.text() for part in natural]
    return node.attributes["pk"] if "pk" in node.attributes else node.text()
