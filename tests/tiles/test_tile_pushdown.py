"""Tiles of layers that are too large for memory: those of whole layers in memory, byte for byte, from both stores."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import pytest
import shapely

import layers
from tests_postgis import Cluster
from tests_support import CRS, LAYER, make_rows, write
from tests_tiles import RawFeature, raw_layers
from tiles import choosing
from tiles.grid import Grid, grids_for
from tiles.pyramid import make_tiles
from tiles.source import VectorSource
from tiles.tilejson import describe_tiles
from twin.catalog import Catalog
from twin.crs import BBox, reproject_bbox
from twin.errors import InvalidParameter, StoreUnavailable
from twin.frames import Frames
from twin.layer import Layer
from twin.query import AsOf
from twin.store import Store
from twin.stores import create_store, open_store, sql_store
from twin.stores.copying import copy_store

#: Rows that may be in memory: every layer of the sample that is looked at has more.
MOST = 100
GRIDS = ("WebMercatorQuad", "CGCS2000Quad", "StorageQuad")
LAYERS = ("buildings", "roads", "cell_sites", "admin_areas", "topo_sheets")

Place = tuple[int, int, int]
Decode = Callable[[bytes], dict[str, Any]]


@pytest.fixture(scope="module", params=["gpkg", pytest.param("postgis", marks=pytest.mark.needs("postgis"))])
def new_place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    """Says where a store of a name may be made, all in the same kind of database."""
    if request.param == "gpkg":
        folder = tmp_path_factory.mktemp("stores")
        return lambda name: str(folder / f"{name}.gpkg")
    cluster = request.getfixturevalue("cluster")
    return lambda name: cluster.address(f"pushdown_{name}")


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return layers.catalog()


@pytest.fixture(scope="module")
def sample(catalog: Catalog, new_place: Callable[[str], str], sample_store: Path) -> Iterator[Store]:
    place = new_place("sample")
    copy_store(str(sample_store), place, catalog.layers, tell=lambda _: None)
    with open_store(place) as store:
        yield store


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sql_store, "_PIECE", 300)
    monkeypatch.setattr(choosing, "_MOST_GATHERED", 500)


def places_of(store: Store, layer: Layer, grid: Grid) -> list[Place]:
    """Tiles around a feature in the middle of the list, from where all features are in one to where few are."""
    frame = store.read(layer)
    x, y = shapely.get_coordinates(frame.geometry[len(frame) // 2])[0]
    box = reproject_bbox(BBox(x, y, x, y), frame.crs, grid.crs)
    levels = (z - grid.web_zoom for z in (5, 8, 10, 12, 13, 14, 16, layer.zooms[1]))
    return [(z, columns.start, rows.start) for z in levels for columns, rows in [grid.tiles_over(box, z)]]


def both(store: Store, layer: Layer, grid: Grid, **more: object) -> tuple[VectorSource, VectorSource]:
    """A layer from memory, and pushed down."""
    first, second = (
        VectorSource(layers=(layer,), frames=frames, grid=grid, **more)  # type: ignore[arg-type]
        for frames in (Frames(store), Frames(store, most_rows=MOST))
    )
    return first, second


@pytest.mark.parametrize("grid_id", GRIDS)
@pytest.mark.parametrize("name", LAYERS)
def test_tiles_are_those_of_the_layer_in_memory(
    sample: Store, catalog: Catalog, name: str, grid_id: str, decode: Decode
) -> None:
    layer = replace(catalog.layer(name), zooms=(5, 18), joined_over=None)
    grid = grids_for(sample.crs)[grid_id]
    memory, pushed = both(sample, layer, grid)
    drawn = few = 0
    for place in places_of(sample, layer, grid):
        mine, theirs = pushed.tile(*place).layers[name], memory.tile(*place).layers[name]
        if layer.simplify and mine.features_in > MOST:  # borders are judged by the features that are drawn
            assert replace(mine, data=b"") == replace(theirs, data=b"")
            require_same_features(mine.data, theirs.data, decode)
        else:
            assert mine == theirs
        drawn += mine.features_out
        few += mine.features_in <= MOST
    assert drawn > 0
    assert 0 < few < 8


def require_same_features(mine: bytes, wanted: bytes, decode: Decode) -> None:
    """The same features in the same order with the same attributes, drawn within half a pixel of each other's edges.

    Either is within half a pixel, 4 units, of the true one, and rounded to the grid.
    """
    (name,) = decode(wanted)
    one, other = (decode(data)[name]["features"] for data in (mine, wanted))
    assert [(each["id"], each["properties"]) for each in one] == [(each["id"], each["properties"]) for each in other]
    for first, second in zip(raw_layers(mine)[name], raw_layers(wanted)[name], strict=True):
        assert shapely.hausdorff_distance(first.shape, second.shape) <= 2 * 4 + 1.42


@pytest.mark.parametrize("name", LAYERS)
def test_a_budget_keeps_the_same_features(sample: Store, catalog: Catalog, name: str) -> None:
    """A few more of them may fit, since numbers of values are shorter where fewer features were read."""
    layer = replace(catalog.layer(name), zooms=(5, 18), joined_over=None)
    grid = grids_for(sample.crs)["WebMercatorQuad"]
    memory, pushed = both(sample, layer, grid, budget_bytes=2_000)
    left_out = 0
    for place in places_of(sample, layer, grid):
        mine, wanted = pushed.tile(*place), memory.tile(*place)
        one, other = mine.layers[name], wanted.layers[name]
        assert len(mine.data) <= 2_000
        assert one.features_in == other.features_in == one.features_out + sum(one.left_out.values())
        assert ids_of(wanted.data, name) <= ids_of(mine.data, name)
        assert one.features_out <= 1.1 * other.features_out + 1
        left_out += one.left_out.get("budget", 0)
    assert left_out > 0


def ids_of(tile: bytes, name: str) -> set[int]:
    return {feature.fid for feature in raw_layers(tile).get(name, [])}


@pytest.mark.parametrize("name", LAYERS)
def test_everything_is_in_a_strict_tile_or_it_is_refused(sample: Store, catalog: Catalog, name: str) -> None:
    layer = replace(catalog.layer(name), zooms=(5, 18))
    grid = grids_for(sample.crs)["CGCS2000Quad"]
    memory, pushed = both(sample, layer, grid, strict=True)
    refused = 0
    for place in places_of(sample, layer, grid):
        wanted = memory.tile(*place)
        if wanted.layers[name].features_in <= MOST:
            assert pushed.tile(*place) == wanted
        else:
            refused += 1
            with pytest.raises(InvalidParameter, match=f"more than 100 features of {name}; ask for a finer one"):
                pushed.tile(*place)
    assert 0 < refused < 8


def test_names_of_areas_stand_where_they_stand_in_memory(sample: Store, catalog: Catalog) -> None:
    layer = catalog.layer("admin_areas")
    grid = grids_for(sample.crs)["WebMercatorQuad"]
    memory, pushed = both(sample, layer, grid)
    named = 0
    for place in places_of(sample, layer, grid)[3:]:
        assert pushed.tile(*place) == memory.tile(*place)
        named += "admin_areas_labels" in pushed.tile(*place).layers
    assert named > 2


def test_joined_lines_show_the_same_roads(sample: Store, catalog: Catalog) -> None:
    """Which line a joined one is named after may differ; where there is a road, and which, may not."""
    layer, grid = catalog.layer("roads"), grids_for(sample.crs)["WebMercatorQuad"]
    memory, pushed = both(sample, layer, grid)
    differs = 0
    for place in places_of(sample, layer, grid)[2:]:
        mine, wanted = pushed.tile(*place), memory.tile(*place)
        one, other = mine.layers["roads"], wanted.layers["roads"]
        assert one.features_in == other.features_in
        assert lines_of(mine.data).difference(lines_of(wanted.data).buffer(9)).is_empty  # each is a pixel off at most
        assert lines_of(wanted.data).difference(lines_of(mine.data).buffer(9)).length < 40
        differs += mine.data != wanted.data
    assert differs > 0
    said = describe_tiles(pushed.info, "")["x-pushed-down"]["roads"]
    assert any("lines are joined as far as they are read" in each for each in said)
    assert "x-pushed-down" not in describe_tiles(memory.info, "")


def lines_of(tile: bytes) -> shapely.Geometry:
    features: list[RawFeature] = raw_layers(tile).get("roads", [])
    return shapely.union_all([feature.shape for feature in features])


@pytest.mark.parametrize("as_of", [2, 9])
def test_past_states_are_drawn_as_well(sample: Store, catalog: Catalog, as_of: AsOf) -> None:
    layer = replace(catalog.layer("topo_sheets"), zooms=(5, 18))
    grid = grids_for(sample.crs)["WebMercatorQuad"]
    memory, pushed = both(sample, layer, grid, as_of=as_of)
    for place in places_of(sample, layer, grid):
        assert pushed.tile(*place) == memory.tile(*place)
    assert pushed.etag(8, 0, 0) != both(sample, layer, grid)[1].etag(8, 0, 0)


def test_an_archive_has_the_same_tiles(sample: Store, catalog: Catalog) -> None:
    layer = replace(catalog.layer("buildings"), zooms=(9, 18))
    memory, pushed = both(sample, layer, grids_for(sample.crs)["WebMercatorQuad"])
    one, other = (
        {made.place: made.data for made in make_tiles(each.held(), range(9, 13), cores=1)}
        for each in both(sample, layer, memory.grid)
    )
    assert one == other
    assert len(one) > 5
    assert pushed.info.bounds_crs84 == pytest.approx(memory.info.bounds_crs84)


PLOTS = replace(LAYER, simplify=False)
HERE, THERE = (500_000.0, 3_930_000.0), (520_000.0, 3_930_000.0)


def plot(place: tuple[float, float], step: float = 0.0) -> dict[str, object]:
    x, y = place[0] + step, place[1]
    return {"floors": 1, "geometry": shapely.force_3d(shapely.box(x, y, x + 50, y + 50))}


@pytest.fixture
def plots(new_place: Callable[[str], str]) -> Iterator[Store]:
    with create_store(new_place(f"plots_{secrets.token_hex(4)}"), crs=CRS) as store:
        write(store, insert=make_rows(h1=plot(HERE), h2=plot(HERE, 100), t1=plot(THERE)))
        yield store


def tile_at(store: Store, place: tuple[float, float], z: int = 14, *, grid_id: str = "WebMercatorQuad") -> Place:
    grid = grids_for(store.crs)[grid_id]
    (columns, rows) = grid.tiles_over(reproject_bbox(BBox(*place, *place), store.crs, grid.crs), z)
    return z, columns.start, rows.start


def source_of(
    store: Store, *, most_rows: int = 2, layer: Layer = PLOTS, grid_id: str = "WebMercatorQuad"
) -> VectorSource:
    grid = grids_for(store.crs)[grid_id]
    return VectorSource(layers=(layer,), frames=Frames(store, most_rows=most_rows), grid=grid)


def test_the_tag_changes_with_what_stands_in_the_tile_and_not_with_anything_else(plots: Store) -> None:
    source, here, there = source_of(plots), tile_at(plots, HERE), tile_at(plots, THERE)
    tags = [source.etag(*here)]
    elsewhere = source.etag(*there)

    def look() -> str:
        tags.append(source.etag(*here))
        return tags[-1]

    write(plots, update=make_rows(h1={**plot(HERE), "floors": 9}))
    look()
    write(plots, update=make_rows(h1=plot(THERE, 200)))  # moved away; it arrives elsewhere
    look()
    assert source.etag(*there) != elsewhere
    elsewhere = source.etag(*there)
    write(plots, insert=make_rows(h3=plot(HERE, 50)))
    look()
    write(plots, delete=["h3"])
    look()
    assert source.etag(*there) == elsewhere
    assert len(set(tags)) == 4
    assert tags[4] == tags[2]  # as before h3 came
    write(plots, update=make_rows(t1={**plot(THERE), "floors": 2}))
    assert source.etag(*here) == tags[-1]


def test_where_more_is_in_a_tile_the_tag_changes_with_every_edit(plots: Store) -> None:
    source = source_of(plots, most_rows=1)
    here = tile_at(plots, HERE)
    before = source.etag(*here)
    write(plots, update=make_rows(t1={**plot(THERE), "floors": 2}))
    assert source.etag(*here) != before


def test_the_tag_of_borders_that_neighbours_share_changes_with_every_edit(plots: Store) -> None:
    source = source_of(plots, layer=LAYER)
    here, last = tile_at(plots, HERE), tile_at(plots, HERE, 22)
    before = source.etag(*here), source.etag(*last)
    write(plots, update=make_rows(t1={**plot(THERE), "floors": 2}))
    assert source.etag(*here) != before[0]
    assert source.etag(*last) == before[1]  # nothing is left out of borders there


def test_a_tile_stays_with_its_tag_whatever_is_written_meanwhile(plots: Store) -> None:
    here = tile_at(plots, HERE)
    wanted = source_of(plots).tile(*here)
    for most_rows in (1, 2):
        source = source_of(plots, most_rows=most_rows)
        pinned = source.pinned(*here)
        tag = pinned.etag(*here)
        write(plots, update=make_rows(h1={**plot(HERE, most_rows), "floors": 9}))
        assert pinned.tile(*here) == wanted
        assert pinned.etag(*here) == tag
        assert source.tile(*here) != wanted
        write(plots, update=make_rows(h1=plot(HERE)))
        wanted = source_of(plots).tile(*here)


def test_a_layer_is_never_read_whole(plots: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    source = source_of(plots)
    monkeypatch.setattr(Frames, "get", None)
    monkeypatch.setattr(Frames, "fetch", None)
    assert source.pinned(*tile_at(plots, HERE)).tile(*tile_at(plots, HERE)).layers["plots"].features_out == 2
    assert source.info.pushed_down == (PLOTS,)


def test_a_layer_comes_into_memory_when_it_has_become_small_enough(plots: Store) -> None:
    source = source_of(plots)
    assert source.frames.beyond(PLOTS) == 1
    write(plots, delete=["t1"])
    assert source.frames.beyond(PLOTS) is None
    assert source.tile(*tile_at(plots, HERE)).layers["plots"].features_out == 2
    write(plots, insert=make_rows(t1=plot(THERE)))
    source.frames.get(PLOTS)
    assert source.frames.beyond(PLOTS) == 3


def test_neighbours_outside_of_a_tile_say_where_a_border_ends(plots: Store) -> None:
    """A border that bends by less than half a pixel, 16 m here, keeps the vertex where another one begins, far off."""
    x, y = HERE
    wide = shapely.Polygon([(x, y), (x + 30_000, y + 14), (x + 60_000, y), (x + 60_000, y + 9_000), (x, y + 9_000)])
    low = shapely.Polygon([(x + 30_000, y + 14), (x + 60_000, y), (x + 60_000, y - 900), (x + 30_000, y - 900)])
    areas = {"wide": wide, "low": low}
    rows = make_rows(**{key: {"geometry": shapely.force_3d(shape)} for key, shape in areas.items()})
    write(plots, insert=rows, delete=["h1", "h2"])
    here = tile_at(plots, (x + 12_000, y), 10, grid_id="StorageQuad")
    source, whole = (source_of(plots, layer=LAYER, most_rows=most, grid_id="StorageQuad") for most in (2, 99))
    wanted = whole.tile(*here)
    assert wanted.layers["plots"].features_in == 1
    assert source.tile(*here) == wanted


@pytest.mark.needs("postgis")
@pytest.mark.parametrize("most_rows", [1, 2], ids=["many", "few"])
def test_a_database_that_takes_too_long_gives_up(cluster: Cluster, most_rows: int) -> None:
    schema = f"slow_{secrets.token_hex(4)}"
    place = cluster.address(schema)
    with create_store(place, crs=CRS) as store:
        write(store, insert=make_rows(h1=plot(HERE), h2=plot(HERE, 100), t1=plot(THERE)))
    with (
        open_store(f"{place}&options={quote('-c statement_timeout=200')}") as store,
        psycopg.connect(f"host={cluster.folder} user={cluster.user} dbname=postgres") as sql,
    ):
        source, here = source_of(store, most_rows=most_rows), tile_at(store, HERE)
        wanted = source.tile(*here)
        assert wanted.layers["plots"].features_out == 2
        sql.execute(f"LOCK TABLE {schema}.plots IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(StoreUnavailable, match="gave up, because it took too long"):
            source.tile(*here)
        sql.rollback()
        assert source.tile(*here) == wanted
