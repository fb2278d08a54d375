"""XML from strangers: read without document types, without entities, and not deeper than anything sensible is."""

from __future__ import annotations

from typing import Any
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from twin.errors import InvalidParameter

_MOST_LEVELS = 100
#: What is read takes many times its size in memory.
_MOST_SIGNS = 1_000_000
#: Between namespace and name of an element; expat puts it there.
_APART = "}"


def read_xml(data: bytes | str) -> Element:
    """Read a document; names are ``{namespace}name``.

    Raises
    ------
    InvalidParameter
        It is no XML, declares a document type (of which entities come), is too long or nested too deeply.
    """
    if len(data) > _MOST_SIGNS:
        raise InvalidParameter(f"XML of more than {_MOST_SIGNS:,} characters is not read here")
    builder, level = TreeBuilder(), 0
    parser = expat.ParserCreate(namespace_separator=_APART)
    parser.buffer_text = True

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal level
        level += 1
        if level > _MOST_LEVELS:
            raise InvalidParameter(f"the XML is nested more than {_MOST_LEVELS} deep")
        builder.start(_clark(name), {_clark(key): value for key, value in attributes.items()})

    def end(name: str) -> None:
        nonlocal level
        level -= 1
        builder.end(_clark(name))

    def refuse(*_: Any) -> None:
        raise InvalidParameter("a document type is not taken here; leave it out")

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = builder.data
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, ValueError, LookupError) as error:  # of encodings nobody knows there are two
        raise InvalidParameter(f"this is no XML: {error}") from error
    return builder.close()


def local_name(element: Element) -> str:
    """The name of an element without its namespace."""
    return element.tag.rpartition(_APART)[2]


def text_of(element: Element) -> str:
    """The text in an element, without white space around it."""
    return "".join(element.itertext()).strip()


def _clark(name: str) -> str:
    return f"{{{name}" if _APART in name else name
