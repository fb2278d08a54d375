"""The small sample county in a GeoPackage and in PostGIS: the same rows, the same tiles, the same indicators."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
import shapely

import layers
from tests_copy import stored_rows
from tiles.grid import grids_for
from tiles.source import VectorSource
from twin.catalog import Catalog
from twin.crs import CRS84, reproject_bbox
from twin.engine import evaluate
from twin.frames import Frames
from twin.store import Store
from twin.stores import open_store
from twin.stores.copying import copy_store

pytestmark = pytest.mark.needs("postgis")

Pair = tuple[Store, Store]


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return layers.catalog()


@pytest.fixture(scope="module")
def both(catalog, cluster, sample_store) -> Iterator[Pair]:
    """The county as it was loaded into a file, and its copy in the database."""
    place = cluster.address("twin_sample")
    copy_store(str(sample_store), place, catalog.layers, tell=lambda _: None)
    with open_store(sample_store) as original, open_store(place) as copied:
        yield original, copied


def test_the_copy_back_has_every_row_of_every_table(both, catalog, tmp_path):
    original, copied = both
    back = str(tmp_path / "back.gpkg")
    copy_store(copied.url, back, catalog.layers, tell=lambda _: None)
    assert stored_rows(back) == stored_rows(original.url)


def test_crs_outline_and_moment_of_creation_are_equal(both):
    original, copied = both
    assert copied.crs == original.crs
    assert copied.crs.to_epsg() is None  # one of the county's own
    assert shapely.equals_identical(copied.area, original.area)
    assert copied.created_at == original.created_at


@pytest.mark.parametrize("as_of", [None, 3])
def test_tiles_and_their_tags_are_equal_byte_for_byte(both, catalog, as_of):
    original, copied = both
    grid = grids_for(original.crs)["WebMercatorQuad"]
    drawn = tuple(catalog.layers.values())
    first, second = (
        VectorSource(layers=drawn, frames=Frames(store), grid=grid, as_of=as_of) for store in (original, copied)
    )
    box = reproject_bbox(original.extent(catalog.layer("buildings")), original.crs, CRS84)
    middle = (box.west + box.east) / 2, (box.south + box.north) / 2
    places = [(z, *grid.tile_at(*middle, z)) for z in range(18)]
    places += [(13, x, y) for x in grid.tiles_over(box, 13)[0] for y in grid.tiles_over(box, 13)[1]]
    for place in places:
        assert second.etag(*place) == first.etag(*place)
        assert second.tile(*place).data == first.tile(*place).data
    assert max(len(first.tile(*place).data) for place in places) > 10_000


@pytest.mark.parametrize("known_at", [None, 9])
def test_indicators_and_their_evidence_are_equal_to_the_last_digit(both, catalog, known_at):
    results = [
        [evaluate(indicator, catalog, store, known_at=known_at).to_dict() for indicator in catalog.indicators.values()]
        for store in both
    ]
    for result in (*results[0], *results[1]):
        del result["computed_at"]
    assert json.dumps(results[1], default=str) == json.dumps(results[0], default=str)
    assert any(result["value"] for result in results[0])
