"""What WFS says of itself: capabilities, the schema of its features, and the one stored query."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from api.context import Context
from api.forms.gml import NAMESPACE, PREFIX
from api.forms.xmlnames import make_writable, to_xml_name
from api.http.media import GEOJSON, JSON
from api.wfs.ask import FEATURE_BY_ID, VERSIONS
from api.wfs.crs import offer_srs
from api.wfs.fes import COMPARISONS, SPATIAL, TEMPORAL
from api.wfs.write import GML_TYPE
from twin.crs import CRS84, reproject_bbox
from twin.kinds import FUNCTIONS, KINDS
from twin.layer import Layer
from twin.schema import GEOMETRY, FieldType

#: What each output format is called; clients ask by any of the names.
FORMATS: Mapping[str, str] = {
    GML_TYPE: GML_TYPE,
    "text/xml; subtype=gml/3.2": GML_TYPE,
    "gml32": GML_TYPE,
    GEOJSON: GEOJSON,
    JSON: GEOJSON,
}
_QUERY = {"resultType": ("results", "hits"), "outputFormat": tuple(FORMATS)}
OPERATIONS: Mapping[str, Mapping[str, Iterable[str]]] = {
    "GetCapabilities": {"AcceptVersions": VERSIONS, "AcceptFormats": ("text/xml", "application/xml")},
    "DescribeFeatureType": {"outputFormat": (GML_TYPE, "text/xml; subtype=gml/3.2")},
    "ListStoredQueries": {},
    "DescribeStoredQueries": {},
    "GetFeature": _QUERY,
    "GetPropertyValue": {"resultType": ("results", "hits")},
}
_IMPLEMENTS = {
    **dict.fromkeys(("ImplementsBasicWFS", "KVPEncoding", "XMLEncoding", "ImplementsResultPaging"), "TRUE"),
    **dict.fromkeys(
        (
            *("ImplementsTransactionalWFS", "ImplementsLockingWFS", "SOAPEncoding", "ImplementsInheritance"),
            *(
                "ImplementsRemoteResolve",
                "ImplementsStandardJoins",
                "ImplementsSpatialJoins",
                "ImplementsTemporalJoins",
            ),
            *("ImplementsFeatureVersioning", "ManageStoredQueries", "PagingIsTransactionSafe"),
        ),
        "FALSE",
    ),
    "QueryExpressions": "wfs:Query wfs:StoredQuery",
}
_FILTERS = {
    **dict.fromkeys(
        (
            *("ImplementsQuery", "ImplementsAdHocQuery", "ImplementsFunctions", "ImplementsResourceId"),
            *("ImplementsMinStandardFilter", "ImplementsStandardFilter", "ImplementsMinSpatialFilter"),
            *(
                "ImplementsSpatialFilter",
                "ImplementsMinTemporalFilter",
                "ImplementsTemporalFilter",
                "ImplementsSorting",
            ),
        ),
        "TRUE",
    ),
    **dict.fromkeys(("ImplementsVersionNav", "ImplementsExtendedOperators", "ImplementsMinimumXPath"), "FALSE"),
}
_GEOMETRIES = (
    "Envelope",
    "Point",
    "MultiPoint",
    "LineString",
    "Curve",
    "MultiCurve",
    "Polygon",
    "Surface",
    "MultiSurface",
)
_XSD: Mapping[FieldType, str] = {
    "text": "xsd:string",
    "integer": "xsd:long",
    "real": "xsd:double",
    "boolean": "xsd:boolean",
    "date": "xsd:date",
    "datetime": "xsd:dateTime",
}
_GML = {
    "Point": "gml:PointPropertyType",
    "MultiPoint": "gml:MultiPointPropertyType",
    "LineString": "gml:CurvePropertyType",
    "MultiLineString": "gml:MultiCurvePropertyType",
    "Polygon": "gml:SurfacePropertyType",
    "MultiPolygon": "gml:MultiSurfacePropertyType",
}


def write_capabilities(context: Context, address: str) -> bytes:
    """Write the capabilities of a service at an address."""
    kinds = {KINDS[name]: xsd.replace("xsd:", "xs:") for name, xsd in _XSD.items()}
    kinds |= {"geometry": "gml:AbstractGeometryType"}
    return _render(
        context,
        "wfs_capabilities.xml",
        title=context.title,
        address=address,
        versions=VERSIONS,
        operations=OPERATIONS,
        constraints=_IMPLEMENTS | {"CountDefault": str(context.settings.max_items)},
        types=[
            _describe_type(part.shown) | {"box": _box(part.layer, context)} for part in context.collections.values()
        ],
        srs=offer_srs(context.store, context.crs),
        formats=tuple(FORMATS),
        filters=_FILTERS,
        comparisons=(*COMPARISONS, "PropertyIsBetween", "PropertyIsLike", "PropertyIsNull", "PropertyIsNil"),
        spatial=("BBOX", *SPATIAL, "DWithin", "Beyond"),
        temporal=tuple(name for name in TEMPORAL if name != "AnyInteracts"),  # which the schema forgets
        geometries=_GEOMETRIES,
        functions=FUNCTIONS,
        xsd=kinds,
    )


def write_schema(context: Context, layers: Iterable[Layer]) -> bytes:
    """Write the application schema of layers (OGC 07-036, 21)."""
    return _render(context, "wfs_schema.xml", types=[_describe_type(layer) for layer in layers])


def write_stored_queries(context: Context, response: str) -> bytes:
    """List or describe the stored query."""
    names = [to_xml_name(name) for name in context.collections]
    return _render(context, "wfs_stored_queries.xml", response=response, id=FEATURE_BY_ID, names=names)


def write_exception(context: Context, code: str, locator: str, detail: str) -> bytes:
    """Write what went wrong as an ``ows:ExceptionReport`` (OGC 06-121r3, 8)."""
    return _render(
        context, "wfs_exception.xml", code=code, locator=make_writable(locator), detail=make_writable(detail)
    )


def _describe_type(layer: Layer) -> dict[str, Any]:
    fields = [
        {
            "name": to_xml_name(field.name),
            "type": _XSD[field.type],
            "about": f"{field.heading}. {field.note}".strip(". "),
        }
        for field in layer.schema
    ]
    shape = "gml:GeometryPropertyType" if layer.also else _GML[layer.geometry]
    geometry = {"name": GEOMETRY, "type": shape, "about": ""}
    return {"layer": layer, "name": to_xml_name(layer.id), "properties": [*fields, geometry]}


def _box(layer: Layer, context: Context) -> Any:
    """The box of the features, in degrees."""
    box = context.store.extent(layer)
    return None if box is None else reproject_bbox(box, context.store.crs, CRS84)


def _render(context: Context, template: str, **shown: Any) -> bytes:
    page = context.pages.get_template(template)
    return page.render(prefix=PREFIX, namespace=NAMESPACE, **shown).encode("utf-8", "replace")
