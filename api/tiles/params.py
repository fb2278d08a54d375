"""The parameters of tiles: in a path, and in the query string; see `api.params`."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from fastapi import Path
from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator
from pydantic.json_schema import SkipJsonSchema

from api.params import NAMES, DocumentParams, FormatParams, MomentParams, Params
from api.values import parse_subset
from twin.errors import InvalidParameter


def _read_number(text: str) -> str:
    """Let pass what is written as a whole number; other spellings would be other addresses of the same tile."""
    if not re.fullmatch(r"-?[0-9]{1,18}", text):
        raise ValueError("this is not a whole number")
    return text


#: Level, column or row of a tile, as it stands in a path.
TileNumber = Annotated[int, BeforeValidator(_read_number)]

# What OGC API - Tiles calls them and says of their types (OGC 20-057, requirements 2 to 4).
GridId = Annotated[str, Path(alias="tileMatrixSetId", description="The tile grid; `/tileMatrixSets` lists them.")]
TileMatrix = Annotated[
    TileNumber, WithJsonSchema({"type": "string"}), Path(alias="tileMatrix", description="Level of the grid.")
]
TileRow = Annotated[
    TileNumber,
    WithJsonSchema({"type": "integer", "minimum": 0}),
    Path(alias="tileRow", description="Row of the tile, from the north."),
]
TileCol = Annotated[
    TileNumber,
    WithJsonSchema({"type": "integer", "minimum": 0}),
    Path(alias="tileCol", description="Column of the tile, from the west."),
]


class SubsetParams(MomentParams):
    """What the resources of OGC API - Tiles take: the moment, in one of two ways."""

    subset: Annotated[
        str | SkipJsonSchema[None],
        Field(description='The same as `datetime`, written `datetime("2021-12-31")`; `*` is an open end.'),
    ] = None

    @model_validator(mode="before")
    @classmethod
    def _read_subset(cls, values: dict[str, Any]) -> dict[str, Any]:
        if not values.get("subset"):
            return values
        if values.get("datetime"):
            raise InvalidParameter("datetime is given as well; give one of the two", parameter="subset")
        return values | {"datetime": parse_subset(values["subset"])}


_Strict = Annotated[
    bool,
    Field(description="Leave nothing out and keep to no budget: every feature with every vertex, or a refusal."),
]


class TileParams(MomentParams):
    """A tile."""

    strict: _Strict = False


class GridTileParams(TileParams):
    """A tile by its column and row, of any grid."""

    tms: Annotated[str, Field(description="The tile grid; `/tileMatrixSets` lists them.")] = "WebMercatorQuad"


class TileJsonParams(GridTileParams, FormatParams):
    """Tiles as TileJSON describes them."""


class OgcTileParams(TileParams, SubsetParams):
    """A tile of a layer, as OGC API - Tiles has it."""

    f: Annotated[
        Literal["mvt", "geojson"] | SkipJsonSchema[None],
        Field(description="Form of the tile; without it the Accept header decides."),
    ] = None


class TilesetParams(DocumentParams, SubsetParams):
    """The tiles of a layer."""


_Transparent = Annotated[bool, Field(description="Leave out the background, so that what is below is seen.")]


class MapTileParams(SubsetParams):
    """A tile of a map."""

    transparent: _Transparent = False
    f: Annotated[
        Literal["png", "jpeg", "tiff", "netcdf"] | SkipJsonSchema[None],
        Field(description="Form of the tile; without it the Accept header decides."),
    ] = None


class MapTilesetParams(SubsetParams):
    """The tiles of a map in a grid."""

    transparent: _Transparent = False
    f: Annotated[
        Literal["json", "tilejson", "xml", "html"] | SkipJsonSchema[None],
        Field(description="Form of the answer; without it the Accept header decides."),
    ] = None


_Collections = Annotated[
    str | None,
    NAMES,
    Field(description="Only these layers, in this order: their ids joined by commas."),
]


class DatasetTileParams(OgcTileParams):
    """A tile of all layers, or of some."""

    collections: _Collections = None


class DatasetTilesParams(TilesetParams):
    """The tiles of all layers, or of some."""

    collections: _Collections = None


class DatasetMapTileParams(MapTileParams):
    """A tile of the map of all layers, or of some."""

    collections: _Collections = None


class DatasetMapTilesetParams(MapTilesetParams):
    """The tiles of the map of all layers, or of some, in a grid."""

    collections: _Collections = None


class ArcgisParams(Params):
    """What clients of ArcGIS servers ask with."""

    f: Literal["json", "pjson"] | SkipJsonSchema[None] = None
