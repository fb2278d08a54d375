"""What a client asks of WFS: by keys and values in the address, or by the same in XML.

References
----------
OGC 09-025r2 (ISO 19142), 7 to 14; OGC 06-121r3, 11.5 (keys in any case).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from xml.etree.ElementTree import Element

from api.errors import MissingParameter
from api.wfs.xmlread import local_name, read_xml, text_of
from twin.errors import InvalidParameter

#: Both names of the one query that every WFS has stored.
FEATURE_BY_ID = "urn:ogc:def:query:OGC-WFS::GetFeatureById"
STORED_QUERIES = (FEATURE_BY_ID, "http://www.opengis.net/def/query/OGC-WFS/0/GetFeatureById")
VERSIONS = ("2.0.0", "2.0.2")
#: What each of several queries has of its own, in brackets behind one another.
_OF_QUERIES = ("TYPENAMES", "ALIASES", "SRSNAME", "PROPERTYNAME", "FILTER", "RESOURCEID", "BBOX", "SORTBY")
#: Between two of them; a filter begins with a tag.
_BETWEEN = re.compile(r"\)\s*\((?=\s*<|\)|$)")
#: Keys that some clients use: older ones, and OWSLib for a filter.
_OLDER = {"TYPENAME": "TYPENAMES", "MAXFEATURES": "COUNT", "FEATUREID": "RESOURCEID", "QUERY": "FILTER"}
_NUMBER = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True, kw_only=True)
class Ask:
    """A request.

    Parameters
    ----------
    values
        By key, in capitals.
    filter
        What was given as XML.
    by_get
        Whether the address says everything.
    queries
        Where there are several, each as if it had been asked by itself.
    """

    values: Mapping[str, str]
    filter: Element | None = None
    by_get: bool = True
    queries: tuple[Ask, ...] = ()

    def __getitem__(self, key: str) -> str:
        """The value of a key that must be there.

        Raises
        ------
        MissingParameter
            It is not.
        """
        value = self.values.get(key.upper(), "")
        if not value:
            raise MissingParameter(f"{key} is missing", parameter=key)
        return value

    def get(self, key: str) -> str | None:
        """The value of a key, None where there is none."""
        return self.values.get(key.upper()) or None

    def number(self, key: str) -> int | None:
        """The value of a key as a number."""
        text = self.get(key)
        if text is not None and not _NUMBER.fullmatch(text):
            raise InvalidParameter(f"{key} must be a whole number, not {text!r}", parameter=key)
        return None if text is None else int(text)

    def names(self, key: str) -> list[str]:
        """The value of a key as a list."""
        return [name.strip() for name in (self.get(key) or "").split(",") if name.strip()]

    def choice(self, key: str, choices: Iterable[str], default: str) -> str:
        """The value of a key that is one of some."""
        value = self.get(key) or default
        if value not in choices:
            raise InvalidParameter(f"{key} must be one of {', '.join(choices)}; not {value!r}", parameter=key)
        return value


def read_query(pairs: Iterable[tuple[str, str]]) -> Ask:
    """Read a request from an address.

    Raises
    ------
    InvalidParameter
        A key is there twice with different values.
    """
    values: dict[str, str] = {}
    for name, value in pairs:
        key = _OLDER.get(name.upper(), name.upper())
        if values.setdefault(key, value) != value:
            raise InvalidParameter(f"{name} is given twice; give it once", parameter=name)
    several = _split(values)
    if len(several) == 1:
        return _with_filter(several[0])
    return replace(_with_filter(values | {"FILTER": ""}), queries=tuple(map(_with_filter, several)))


def read_document(body: bytes) -> Ask:
    """Read a request that was posted as XML.

    Raises
    ------
    InvalidParameter
        It is no such request.
    """
    root = read_xml(body)
    values = _attributes(root) | {"REQUEST": local_name(root)}
    types = [text_of(part) for part in root if local_name(part) == "TypeName"]
    values |= {"TYPENAMES": ",".join(types)} if types else {}
    queries = tuple(_read_part(part, values) for part in root if local_name(part) in ("Query", "StoredQuery"))
    if len(queries) == 1:
        return queries[0]
    return Ask(values=values, by_get=False, queries=queries)


def _read_part(query: Element, common: Mapping[str, str]) -> Ask:
    """Read one query of a document, and what holds of all."""
    values = {**common, **_attributes(query, {"ID": "STOREDQUERY_ID"}), **_read_lists(query)}
    values |= {part.get("name", "").upper(): text_of(part) for part in query if local_name(part) == "Parameter"}
    conditions = [part for part in query if local_name(part) == "Filter"]
    return Ask(values=values, filter=conditions[0] if conditions else None, by_get=False)


def _split(values: Mapping[str, str]) -> list[dict[str, str]]:
    """Split the values of several queries, which stand in brackets behind one another.

    Raises
    ------
    InvalidParameter
        There are not as many of one key as of another.
    """
    types = values.get("TYPENAMES", "").strip()
    count = len(types[1:-1].split(")(")) if types.startswith("(") and types.endswith(")") else 1
    several = [dict(values) for _ in range(count)]
    for key in _OF_QUERIES:
        text = values.get(key, "").strip()
        if not (text.startswith("(") and text.endswith(")")):
            continue
        parts = [text[1:-1]]
        if count > 1:
            parts = _BETWEEN.split(text[1:-1]) if key == "FILTER" else text[1:-1].split(")(")
        if len(parts) != count:
            raise InvalidParameter(f"{key} is there for {len(parts)} queries, typeNames for {count}", parameter=key)
        for one, part in zip(several, parts, strict=True):
            one[key] = part
    return several


def _with_filter(values: dict[str, str]) -> Ask:
    given = values.pop("FILTER", "")
    return Ask(values=values, filter=read_xml(given) if given else None)


def _attributes(element: Element, renamed: Mapping[str, str] | None = None) -> dict[str, str]:
    keys = {name.upper(): value for name, value in element.attrib.items() if "}" not in name}
    return {_OLDER.get(key, (renamed or {}).get(key, key)): value for key, value in keys.items()}


def _read_lists(query: Element) -> dict[str, str]:
    """The properties that are wanted, and the order, as they stand in an address."""
    wanted = [text_of(part) for part in query if local_name(part) == "PropertyName"]
    keys = [part for part in query.iter() if local_name(part) == "SortProperty"]
    order = [" ".join(text_of(value) for value in key) for key in keys]
    lists = {"PROPERTYNAME": ",".join(wanted), "SORTBY": ",".join(order)}
    return {key: value for key, value in lists.items() if value}
