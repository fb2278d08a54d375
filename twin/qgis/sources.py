"""Where QGIS takes layers from: the API, a database, or a file; how it writes each of these places down."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from twin.crs import CRS, epsg_code, parse_crs
from twin.layer import GeometryType, Layer
from twin.parts import find_part

#: What QGIS takes longitude and latitude of WGS 84 in this order for.
_WGS84 = "EPSG:4326"
#: Versions of QGIS that a project over the service may be for: the oldest, and the first known to ask for a CRS.
QgisVersion = Literal["3.22", "3.40"]
OLDEST: QgisVersion = "3.22"
#: The column of the tables that is their key, and that of the geometry.
_KEY, _GEOMETRY = "fid", "geom"


@dataclass(frozen=True, kw_only=True)
class Source:
    """A source of features.

    Parameters
    ----------
    provider
        What reads it, as QGIS calls it.
    address
        What that is told.
    crs
        What it answers in.
    """

    provider: str
    address: str
    crs: CRS


#: Says where the features of a layer that have a geometry type come from.
Sources = Callable[[Layer, GeometryType], Source]


def from_api(root: str, storage: CRS, *, qgis: QgisVersion = OLDEST, authcfg: str | None = None) -> Sources:
    """Take layers from a service by OGC API – Features.

    QGIS 3.22 asks for longitude and latitude whatever the project says, and would take them for coordinates of the CRS
    that the project names. Later versions ask for that one, if it has a code.

    Parameters
    ----------
    root
        Address of its landing page.
    storage
        The storage CRS, in which later versions are given the features.
    qgis
        The oldest version that is to read the project.
    authcfg
        The id of a login that QGIS keeps, for who may edit.
    """
    url = root.rstrip("/")
    login = {} if authcfg is None else {"authcfg": authcfg}
    code = None if qgis == OLDEST else epsg_code(storage)
    # What is not named, later versions take in the CRS that the service says it stores, whatever the project says.
    crs, named = (parse_crs(_WGS84), "OGC:CRS84") if code is None else (storage, f"EPSG:{code}")

    def find(layer: Layer, kind: GeometryType) -> Source:
        name = find_part(layer, kind).shown.id
        asked = {"url": url, "typename": name, "pagingEnabled": "true", "restrictToRequestBBOX": "1"}
        return Source(provider="OAPIF", address=write_words({**asked, "srsname": named, **login}), crs=crs)

    return find


def from_postgis(connection: Mapping[str, str], schema: str, crs: CRS) -> Sources:
    """Take layers from the tables in a schema.

    Parameters
    ----------
    connection
        Words of a libpq connection (``host``, ``dbname``, ``service`` …) or ``authcfg``, the id of a login that QGIS
        keeps; a password is not among them.
    schema, crs
        The schema, and the storage CRS.
    """

    def find(layer: Layer, kind: GeometryType) -> Source:
        words = write_words({**connection, "key": _KEY, "type": kind + ("Z" if layer.has_z else "")})
        return Source(provider="postgres", address=f'{words} table="{schema}"."{layer.id}" ({_GEOMETRY})', crs=crs)

    return find


def from_file(path: str, crs: CRS) -> Sources:
    """Take layers from the tables of a GeoPackage.

    Parameters
    ----------
    path
        The file: absolute, relative to the project with ``./`` before it, or ``attachment:`` and its name where it is
        packed together with the project.
    crs
        The storage CRS.
    """

    def find(layer: Layer, kind: GeometryType) -> Source:
        only = f"|geometrytype={kind}" if layer.also else ""
        return Source(provider="ogr", address=f"{path}|layername={layer.id}{only}", crs=crs)

    return find


def from_geojson(url: str, kind: GeometryType) -> Source:
    """Take the features of a geometry type from GeoJSON at an address."""
    return Source(provider="ogr", address=f"{url}|geometrytype={kind}", crs=parse_crs(_WGS84))


def write_words(words: Mapping[str, str]) -> str:
    """Write words and their values as QGIS and libpq read them."""

    def quote(value: str) -> str:
        return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"

    return " ".join(f"{word}={quote(value)}" for word, value in words.items())
