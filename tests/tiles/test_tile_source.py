"""Sources of tiles: several layers, zooms, entity tags, and their TileJSON."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from tiles.grid import grids_for
from tiles.source import VectorSource
from tiles.tilejson import describe_tiles
from twin.crs import CRS, transverse_mercator
from twin.errors import InvalidParameter
from twin.frame import Frame
from twin.layer import Layer
from twin.query import AsOf

MakeFrame = Callable[..., Frame]
GRIDS = grids_for(transverse_mercator(118.5))
WEB = GRIDS["WebMercatorQuad"]


@dataclass(frozen=True)
class Held:
    """Frames that are simply there."""

    frames: dict[str, Frame]
    created_at: datetime = datetime(2026, 1, 1, tzinfo=UTC)

    @property
    def store(self) -> Held:
        """What a source asks of the store is known here."""
        return self

    @property
    def departures(self) -> Held:
        return self

    def name_revision(self, number: int) -> str:
        return str(number)

    def of(self, layer: Layer, crs: CRS) -> tuple[Any, Any]:
        return np.empty((0, 4)), np.empty(0, dtype=np.int64)

    def peek(self, layer: Layer, *, ask: bool = True) -> Frame:
        return self.frames[layer.id]

    def get(self, layer: Layer, as_of: AsOf | None = None) -> Frame:
        return self.frames[layer.id]

    @property
    def most_rows(self) -> int:
        return 1000

    def beyond(self, layer: Layer) -> None:
        return None


@pytest.fixture
def places(make_frame: MakeFrame, make_layer: Callable[..., Layer]) -> Frame:
    layer = make_layer("Point", id="places", title="Places", title_zh="地点", zooms=(3, 9))
    return make_frame(["POINT (13187534 4240466)", "POINT (13187534 4240470)"], layer=layer, revision=4)


@pytest.fixture
def parks(make_frame: MakeFrame, make_layer: Callable[..., Layer]) -> Frame:
    layer = make_layer("Polygon", id="parks", title="Parks", title_zh="公园", zooms=(6, 14))
    shape = "POLYGON ((13187000 4240000, 13188000 4240000, 13188000 4241000, 13187000 4240000))"
    return make_frame([shape], layer=layer, revision=7)


def source_of(*frames: Frame, **more: Any) -> VectorSource:
    held = Held({frame.layer.id: frame for frame in frames})
    given = {"grid": WEB} | more
    return VectorSource(layers=tuple(frame.layer for frame in frames), frames=held, **given)  # type: ignore[arg-type]


def test_several_layers_stand_in_one_tile(places: Frame, parks: Frame, decode: Callable[..., Any]) -> None:
    tile = source_of(places, parks).tile(8, 212, 100)
    layers = decode(tile.data)
    assert {name: len(layer["features"]) for name, layer in layers.items()} == {"places": 2, "parks": 1}
    counts = {name: (layer.features_in, layer.features_out) for name, layer in tile.layers.items()}
    assert counts == {"places": (2, 2), "parks": (1, 1)}
    assert tile.media_type == "application/vnd.mapbox-vector-tile"


def test_a_layer_stays_out_of_zooms_that_are_not_its_own(
    places: Frame, parks: Frame, decode: Callable[..., Any]
) -> None:
    source = source_of(places, parks)
    assert set(decode(source.tile(4, 13, 6).data)) == {"places"}
    assert set(decode(source.tile(10, 848, 403).data)) == {"parks"}
    assert source.tile(2, 3, 1).data == b""


def test_a_tile_that_does_not_exist_is_refused(places: Frame) -> None:
    for ask in (source_of(places).tile, source_of(places).etag):
        with pytest.raises(InvalidParameter):
            ask(4, 16, 0)


def test_the_entity_tag_tells_states_layers_and_places_apart(places: Frame, parks: Frame) -> None:
    source = source_of(places)
    tag = source.etag(8, 212, 100)
    assert tag == source_of(places).etag(8, 212, 100)
    instant = datetime(2024, 1, 1, tzinfo=UTC)
    others = [
        source.etag(8, 212, 101),
        source.etag(9, 212, 100),
        source_of(replace(places, revision=5)).etag(8, 212, 100),
        source_of(places, parks).etag(8, 212, 100),
        source_of(parks, places).etag(8, 212, 100),
        source_of(places, as_of=instant).etag(8, 212, 100),
        replace(source, frames=Held({"places": places}, created_at=instant)).etag(8, 212, 100),  # of another twin
    ]
    assert len({tag, *others}) == 8
    assert tag.startswith('"')
    assert tag.endswith('"')


def test_info_covers_all_layers(places: Frame, parks: Frame) -> None:
    info = source_of(places, parks, attribution="Survey office").info
    assert (info.id, info.title, info.title_zh) == ("places,parks", "Places, Parks", "地点、公园")
    assert (info.min_zoom, info.max_zoom, info.revision) == (3, 14, 7)
    # The corners of the park by the spherical formulas: x / R, and the Gudermannian of y / R.
    assert info.bounds_crs84 is not None
    assert list(info.bounds_crs84) == pytest.approx([118.4608365, 35.5582042, 118.4698197, 35.5655119], abs=1e-6)


def test_a_source_without_features_has_no_bounds(places: Frame) -> None:
    empty = places.take(places.fid < 0)
    info = source_of(empty).info
    assert info.bounds_crs84 is None
    assert "bounds" not in describe_tiles(info, "t/{z}/{x}/{y}")
    assert source_of(empty).tile(8, 212, 100).data == b""


def test_tilejson_tells_a_client_all_it_needs(places: Frame, parks: Frame) -> None:
    template = "https://example.org/tiles/places,parks/{z}/{x}/{y}.mvt"
    described = describe_tiles(source_of(places, parks, attribution="Survey office").info, template)
    assert described["tilejson"] == "3.0.0"
    assert described["tiles"] == [template]
    assert described["scheme"] == "xyz"
    assert (described["minzoom"], described["maxzoom"]) == (3, 14)
    assert described["attribution"] == "Survey office"
    assert len(described["bounds"]) == 4
    first, second = described["vector_layers"]
    assert (first["id"], first["minzoom"], first["maxzoom"]) == ("places", 3, 9)
    assert second["id"] == "parks"
    assert first["fields"]["height_m"] == "Height 高度 (real, m)"
    assert first["fields"]["open"] == "Open 开放 (boolean)"


def test_a_feature_without_a_place_is_left_out_and_told(
    make_frame: MakeFrame, make_layer: Callable[..., Layer]
) -> None:
    layer = make_layer("Point", id="places", zooms=(0, 9))
    frame = make_frame(["POINT (13187534 4240466)", "POINT (1e300 0)", "POINT (NaN 0)"], layer=layer)
    (shown,) = source_of(frame).tile(8, 212, 100).layers.values()
    assert (shown.features_in, shown.features_out, shown.left_out) == (1, 1, {"broken": 2})
