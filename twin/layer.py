"""A Layer: data that says what a theme is, from which everything else is derived."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from twin.errors import Fault
from twin.schema import GEOMETRY, Field, Schema

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

    from twin.solids import KeptModels, Solids

GeometryType = Literal["Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon"]
Classification = Literal["public", "internal", "secret"]
Marker = Literal["circle", "square", "triangle", "diamond", "star"]

#: A check of rows of a layer: rows indexed by key in the storage CRS in, faults out (`row` holds positions).
Check = Callable[["GeoDataFrame"], list[Fault]]

#: What features are in space: rows in the storage CRS in, solids out.
MakeSolids = Callable[["GeoDataFrame"], "Solids"]

#: Provenance that every row of every layer carries for good (standards of source datum, see `twin.gcj02`).
PROVENANCE = (
    Field(
        name="source_datum",
        title="Source datum",
        title_zh="来源基准",
        note="Datum the coordinates were delivered in, where it was not a survey datum (GCJ-02, BD-09).",
    ),
    Field(
        name="accuracy_m",
        type="real",
        title="Positional accuracy",
        title_zh="位置精度",
        unit="m",
        minimum=0,
        note="Stated positional accuracy of the row where it is worse than its layer's standard.",
    ),
)


@dataclass(frozen=True, kw_only=True)
class Style:
    """The default look, from which map styles are derived (`tiles.style`).

    Parameters
    ----------
    color, by, colors
        One colour, or a colour by the codes of a field of text.
    weights
        How much features of a code stand out, 1 where not said: heavy ones are drawn wider, labelled larger, and seen
        from farther, two zooms for twice the weight.
    opacity
        Of areas (their outline stays), lines and points.
    width_px, radius_px
        Of lines and outlines, and of points, in a map of the town (zoom 13).
    marker
        What points are drawn as.
    label
        Field that names a feature on the map.
    label_zoom
        Zoom from which features of weight 1 are labelled.
    """

    color: str = "#3a6ea5"
    by: str | None = None
    colors: Mapping[str, str] = field(default_factory=dict)
    weights: Mapping[str, float] = field(default_factory=dict)
    opacity: float = 0.6
    width_px: float = 1.0
    radius_px: float = 4.0
    marker: Marker = "circle"
    label: str | None = None
    label_zoom: int = 14

    def labelled_from(self, weight: float) -> float:
        """The zoom from which features of a weight are labelled."""
        return self.label_zoom - 2 * math.log2(weight)


@dataclass(frozen=True, kw_only=True)
class Layer:
    """What a theme of the county is.

    Parameters
    ----------
    id
        Plural noun; the same word is the table, the URL segment and the tile layer.
    title, title_zh, about
        What people read; `about` is one or two sentences.
    group
        English and Chinese title of what it belongs to, where many layers are listed.
    geometry, has_z
        Geometry type of every feature, and whether it carries heights (1985 national heights, metres).
    also
        Further geometry types a feature may have where the theme needs it (a place known only as a point).
    geometry_optional
        Whether a feature may have no geometry at all: a storey, or an element that nobody drew.
    key
        The text field that identifies a feature for good; it is the feature id everywhere.
    makes_keys
        Whether a feature that is added without a key gets one: not where somebody else gives them, as the codes of
        divisions or the numbers of sheets and stations.
    fields
        The theme's own fields, key included; `schema` adds the provenance fields.
    zooms
        First and last tile zoom at which the layer is worth drawing.
    simplify
        Whether small scales may leave out vertices of lines and outlines, borders that are shared staying shared. Not
        so where there is none to spare.
    joined_over
        Of lines: fields that change where a line meets the next one of the same road or stream. Lines that meet end to
        end and differ in nothing else are one on maps of the county, without these fields and the key, and in
        whatever direction. None: lines are never joined.
    classification
        Default secrecy class of the data; only ``public`` layers may leave the bureau's network unchanged.
    standard
        The standard or policy the layer follows.
    row_checks
        Checks of each row by itself, beyond the rules that the fields make: an edit runs them on what it changes.
    checks
        Checks across features, of the layer as a whole: an edit reads all of it for them.
    survey
        Whether the layer is survey data, which must never come from offset internet maps.
    solids
        What features are in space, by which scenes draw them in the colours of `style`; None: scenes are without them.
    models
        That its features are models of which the store keeps shapes, which scenes draw too.
    example
        One valid GeoJSON feature in CRS84.
    """

    id: str
    title: str
    title_zh: str
    about: str
    group: tuple[str, str] = ("Other", "其他")
    geometry: GeometryType
    has_z: bool = False
    also: tuple[GeometryType, ...] = ()
    geometry_optional: bool = False
    key: str
    makes_keys: bool = False
    fields: tuple[Field, ...]
    zooms: tuple[int, int] = (0, 22)
    style: Style = Style()
    simplify: bool = True
    joined_over: tuple[str, ...] | None = None
    classification: Classification = "internal"
    standard: str = ""
    row_checks: tuple[Check, ...] = ()
    checks: tuple[Check, ...] = ()
    survey: bool = False
    solids: MakeSolids | None = None
    models: KeptModels | None = None
    example: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def schema(self) -> Schema:
        """The layer's fields followed by the provenance fields."""
        return Schema(self.fields + PROVENANCE)

    @property
    def geometries(self) -> tuple[GeometryType, ...]:
        """Every geometry type a feature may have, the main one first."""
        return (self.geometry, *self.also)

    @property
    def dimension(self) -> int:
        """0 for points, 1 for lines, 2 for areas."""
        return dimension_of(self.geometry)

    def json_schema(self) -> dict[str, Any]:
        """The layer as a JSON Schema object: its fields and its geometry.

        References
        ----------
        OGC 23-058r1 (draft), 7 and 8: schemas, and the roles of properties.
        """
        geometry = "any" if self.also else self.geometry.lower()
        # By the reference alone QGIS sees which property is the geometry.
        reference = f"https://geojson.org/schema/{'Geometry' if self.also else self.geometry}.json"
        return {
            "type": "object",
            "title": self.title,
            "x-title-zh": self.title_zh,
            "description": self.about,
            "properties": {
                **{f.name: self._describe(f, number) for number, f in enumerate(self.schema, 1)},
                GEOMETRY: {
                    "title": "Geometry",
                    "x-title-zh": "几何",
                    "$ref": reference,
                    "format": f"geometry-{geometry}",
                    "x-ogc-role": "primary-geometry",
                    "x-ogc-propertySeq": len(self.schema) + 1,
                },
            },
            "required": [f.name for f in self.schema if f.required],
            "additionalProperties": False,
        }

    def _describe(self, field: Field, number: int) -> dict[str, Any]:
        """Describe a field where it stands in the layer; codes with their titles, as forms offer them."""
        described = field.json_schema() | {"x-ogc-propertySeq": number}
        if field.name == self.key:
            described["x-ogc-role"] = "id"
        if field.codes:
            described["oneOf"] = [
                {"const": code.value, "title": code.title, "x-title-zh": code.title_zh} for code in field.codes
            ]
        return described


def dimension_of(kind: GeometryType) -> int:
    """The dimension of a geometry type: 0 for points, 1 for lines, 2 for areas."""
    return 0 if "Point" in kind else 1 if "Line" in kind else 2
