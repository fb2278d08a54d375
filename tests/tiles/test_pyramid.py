"""Going through the tiles of a source: every tile where a feature has a part, and nothing counted that is none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import shapely

from tests_support import CRS, LAYER, make_rows, write
from tiles.grid import grids_for
from tiles.pyramid import ZoomReport, make_tiles
from tiles.source import VectorSource
from twin.frames import Frames
from twin.layer import Style
from twin.stores import create_store

#: Areas with names from the first zoom on, and others 300 km away that are drawn from zoom 10 on.
NAMED = replace(LAYER, id="named", zooms=(0, 22), style=Style(label="name", label_zoom=0))
LATE = replace(LAYER, id="late", zooms=(10, 22))


def square(x: float) -> shapely.Polygon:
    return shapely.force_3d(shapely.box(x, 3_900_000, x + 2000, 3_902_000), 10.0)


@pytest.fixture
def source(tmp_path: Path) -> Iterator[VectorSource]:
    with create_store(tmp_path / "twin.gpkg", crs=CRS) as store:
        write(store, layer=NAMED, insert=make_rows(A={"geometry": square(400_000), "name": "甲"}))
        write(store, layer=LATE, insert=make_rows(B={"geometry": square(700_000), "name": "乙"}))
        grid = grids_for(CRS)["WebMercatorQuad"]
        yield VectorSource(layers=(NAMED, LATE), frames=Frames(store), grid=grid)


def test_a_layer_that_begins_later_is_found_where_nothing_else_is(source: VectorSource) -> None:
    shown = {(packed.place[0], name) for packed in make_tiles(source, range(8, 12)) for name in packed.tile.layers
             if packed.tile.layers[name].features_in}  # fmt: skip
    assert {name for zoom, name in shown if zoom == 8} == {"named", "named_labels"}
    assert {name for zoom, name in shown if zoom == 11} == {"named", "named_labels", "late"}


@pytest.mark.parametrize("cores", [1, 2])
def test_names_are_no_features(source: VectorSource, cores: int) -> None:
    report = ZoomReport(zoom=8)
    for packed in make_tiles(source, range(8, 9), cores=cores):
        report.count(packed, source.layers)
    assert (report.tiles, report.features_in, report.features_out, report.left_out) == (1, 1, 1, {})
