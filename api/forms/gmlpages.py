"""Documents in GML 3.2: collections of features as WFS 2.0 has them, and one feature by itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from api.forms.gml import GML_URI, NAMESPACE, PREFIX, encode_members
from api.forms.xmlnames import escape_text
from twin.moments import write_instant

if TYPE_CHECKING:
    from api.features.itempages import ItemsPage
    from api.http.links import Link

WFS_URI = "http://www.opengis.net/wfs/2.0"
_XML = '<?xml version="1.0" encoding="UTF-8"?>\n'
_SPACES = {
    "wfs": WFS_URI,
    "gml": GML_URI,
    PREFIX: NAMESPACE,
    "xlink": "http://www.w3.org/1999/xlink",
    "xsi": "http://www.w3.org/2001/XMLSchema-instance",
}


def write_page(page: ItemsPage, related: list[Link]) -> Iterator[bytes]:
    """Write a page as a ``wfs:FeatureCollection``."""
    following = next((each["href"] for each in related if each["rel"] == "next"), None)
    exact = page.matched.number if page.matched.exact else None
    yield open_collection("FeatureCollection", exact, len(page.rows), following=following)
    for rows in page.pieces():
        yield enclose_members(
            encode_members(page.frame.take(rows), page.crs, page.crs.uri, fields=page.fields) if len(rows) else ()
        )
    yield close_collection("FeatureCollection")


def write_one(page: ItemsPage, _related: list[Link]) -> Iterator[bytes]:
    """Write one feature, which is a document of its own."""
    (member,) = encode_members(page.frame.take(page.rows), page.crs, page.crs.uri, fields=page.fields)
    yield enclose_feature(member)


def open_collection(
    element: str, matched: int | None, returned: int, *, schema: str | None = None, following: str | None = None
) -> bytes:
    """Begin a document that is a collection.

    Parameters
    ----------
    element
        ``FeatureCollection`` or ``ValueCollection``.
    matched, returned
        How many there are, where that is known, and how many stand here.
    schema
        Address of the schema of the layers.
    following
        Address of the next page.
    """
    link = f' next="{escape_text(following)}"' if following else ""
    return _XML.encode() + _open(element, _spaces(schema), matched, returned, link)


def enclose_collection(matched: int, returned: int, members: Iterable[bytes]) -> Iterator[bytes]:
    """Write a collection that is a member of another one (OGC 09-025r2, 11.3.3.5)."""
    yield b"<wfs:member>" + _open("FeatureCollection", "", matched, returned)
    yield from members
    yield close_collection("FeatureCollection").rstrip() + b"</wfs:member>\n"


def refer_to(gml_id: str) -> str:
    """A member that stands in the document already."""
    return f'<wfs:member xlink:href="#{gml_id}"/>\n'


def _open(element: str, spaces: str, matched: int | None, returned: int, link: str = "") -> bytes:
    known = "unknown" if matched is None else matched
    now = write_instant(datetime.now(UTC), timespec="seconds")
    return (
        f'<wfs:{element}{spaces} timeStamp="{now}" numberMatched="{known}" numberReturned="{returned}"{link}>\n'
    ).encode()


def enclose_members(members: Iterable[str]) -> bytes:
    """Write members of a collection."""
    return "".join(f"<wfs:member>{member}</wfs:member>\n" for member in members).encode()


def close_collection(element: str) -> bytes:
    """End a collection."""
    return f"</wfs:{element}>\n".encode()


def enclose_feature(member: str, schema: str | None = None) -> bytes:
    """Make a document of one feature."""
    head, _, rest = member.partition(" ")
    return f"{_XML}{head}{_spaces(schema)} {rest}\n".encode()


def _spaces(schema: str | None) -> str:
    """The namespaces, and where their schemas are."""
    places = (
        f"{WFS_URI} http://schemas.opengis.net/wfs/2.0/wfs.xsd {GML_URI} http://schemas.opengis.net/gml/3.2.1/gml.xsd"
    )
    if schema:
        places += f" {NAMESPACE} {schema}"
    spaces = "".join(f' xmlns:{prefix}="{uri}"' for prefix, uri in _SPACES.items())
    return f'{spaces} xsi:schemaLocation="{escape_text(places)}"'
