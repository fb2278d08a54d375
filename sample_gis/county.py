"""The sample county as a whole."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
import shapely

from sample_gis.admin_rows import PLANS, admin_rows, divide, planning_rows
from sample_gis.blocks import Blocks
from sample_gis.boundary import Division
from sample_gis.buildings import build, building_rows
from sample_gis.dice import Dice, Floats
from sample_gis.mesh import Mask
from sample_gis.pipes.devices import device_rows
from sample_gis.pipes.rows import pipe_rows
from sample_gis.pipes.ways import Ways
from sample_gis.pipes.works import build_works
from sample_gis.place import storage_crs
from sample_gis.places import choose_places, place_keys, place_rows
from sample_gis.reception import Design
from sample_gis.road_rows import draw_roads, node_rows, points_along, road_rows
from sample_gis.roads import ARTERIAL, COUNTY, MOTORWAY, PROVINCIAL, WIDTH_M, Network
from sample_gis.samples import sample_rows
from sample_gis.settlements import Settlements
from sample_gis.sheets import DELIVERIES, plan_sheets, sheet_rows
from sample_gis.sites import cell_rows, place_sites
from sample_gis.stations import place_stations, station_rows
from sample_gis.terrain import Terrain
from sample_gis.truth import Truth, tell_truth
from sample_gis.warp import Warp

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

    from twin.crs import CRS

Size = Literal["small", "county"]

#: What of the buildings the small county has: those within this of the seat, at key places, and in so many villages.
_HEART_M = 1_700.0
_SMALL_VILLAGES = 5
#: The small county has the pipelines of the streets within this of the seat.
_PIPES_M = 600.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Delivery:
    """The state of a layer that becomes known at once: a revision of the twin.

    Parameters
    ----------
    layer
        Layer id.
    effective
        Day from which it holds in the real world.
    reason
        What the revision is recorded for.
    rows
        All rows of the layer at that time.
    """

    layer: str
    effective: str
    reason: str
    rows: GeoDataFrame


@dataclass(frozen=True, kw_only=True, eq=False)
class County:
    """A synthetic county at the place of Yinan; nothing in it is real.

    Parameters
    ----------
    size, seed
        What it was generated from.
    crs
        Storage CRS: a transverse Mercator of its own at 118.5°E.
    area
        Outline of the county, storage CRS.
    deliveries
        What became known when, oldest first.
    terrain
        The ground, a function of the place.
    truth
        What is wrong with the county by construction.
    """

    size: Size
    seed: int
    crs: CRS
    area: shapely.Polygon
    deliveries: tuple[Delivery, ...]
    terrain: Terrain
    truth: Truth

    @property
    def layers(self) -> Mapping[str, GeoDataFrame]:
        """The rows of each layer after its last delivery."""
        return MappingProxyType({delivery.layer: delivery.rows for delivery in self.deliveries})

    def digest(self) -> str:
        """SHA-256 over every row of every delivery: the same seed gives the same on every machine."""
        digest = hashlib.sha256()
        for delivery in self.deliveries:
            digest.update(f"{delivery.layer} {delivery.effective}\n".encode())
            rows = delivery.rows
            for name in rows.columns.drop("geometry"):
                known = rows[name].notna().tolist()
                values = [str(value) if here else "" for value, here in zip(rows[name].tolist(), known, strict=True)]
                digest.update("\x1f".join([name, *values]).encode())
            for blob in shapely.to_wkb(rows.geometry.to_numpy(), byte_order=1).tolist():
                digest.update(blob)
        return digest.hexdigest()


def generate(size: Size = "small", *, seed: int = 2022) -> County:
    """Generate the sample county.

    Both sizes have the same ground, townships, plan, roads, sheets, places, cells and stations; ``small`` has fewer
    communities, only the buildings in the heart of the seat, at key places and in a few villages, and only the
    pipelines in the streets around the seat.

    Parameters
    ----------
    size
        ``small`` for some thousand buildings and pipeline segments, ``county`` for more than 300,000 and 200,000.
    seed
        The same seed gives the same county, to the bit.

    Raises
    ------
    ValueError
        There is no such size.
    """
    if size not in get_args(Size):
        raise ValueError(f"size must be {' or '.join(get_args(Size))}, not {size!r}")
    terrain, warp = Terrain.of(seed), Warp.of(seed)
    division = Division.of(seed, terrain)
    settlements = Settlements.of(seed, division, terrain, warp)
    network = Network.of(seed, settlements)
    blocks = Blocks.of(seed, division, settlements, network, warp)
    places, habits = choose_places(seed, division, settlements, network, blocks, terrain, warp)
    villages = warp.bend(settlements.sheet[settlements.villages])

    sites = _community_sites(seed, size, division, blocks, villages)
    division, communities = divide(seed, division, terrain, sites)
    planning, urban = division.outline(division.planning), division.outline(division.urban)
    sheets, sheet_truth = plan_sheets(seed, planning, urban)
    design = Design.of(seed, places)
    roadside = points_along(network, settlements, warp, (COUNTY, PROVINCIAL, MOTORWAY), (0.5,))
    streets = points_along(network, settlements, warp, (ARTERIAL,), (0.1, 0.3, 0.5, 0.7, 0.9))
    cells = cell_rows(seed, place_sites(seed, design, division, villages, roadside), terrain)
    stations = place_stations(seed, division)

    roads = draw_roads(settlements, network, warp)
    built_blocks, built_villages = _extent(size, blocks, habits, villages)
    groups = build(
        seed,
        terrain,
        blocks,
        villages,
        habits=habits,
        houses=Dice(seed, "village sizes").integers(200, 640, len(villages)),
        built_blocks=built_blocks,
        built_villages=built_villages,
    )

    works = build_works(seed, _piped(size, Ways.of(settlements, network, warp)), terrain)
    pipe_nodes, pipe_segments = pipe_rows(seed, works)

    rows: list[tuple[str, str, str, GeoDataFrame]] = [
        ("admin_areas", "2019-01-01", "administrative areas", admin_rows(seed, division, communities)),
        *(("planning_areas", day, f"plan {plan}", planning_rows(division, plan=plan)) for plan, day in PLANS.items()),
        ("roads", "2020-06-30", "road survey", road_rows(seed, network, roads)),
        ("road_nodes", "2020-06-30", "road survey", node_rows(network, settlements, warp)),
        *(
            ("topo_sheets", day, f"sheets delivered by {day}", sheet_rows(sheets, delivery=number))
            for number, day in enumerate(DELIVERIES)
        ),
        ("buildings", "2021-09-30", "building survey", building_rows(groups, roads, WIDTH_M[network.rank])),
        ("pipe_nodes", "2021-12-31", "pipeline survey", pipe_nodes),
        ("pipe_segments", "2021-12-31", "pipeline survey", pipe_segments),
        ("key_places", "2022-01-01", "list of key places", place_rows(places)),
        ("weather_stations", "2022-03-01", "list of weather stations", station_rows(stations, terrain)),
        ("monitoring_devices", "2022-09-01", "inventory of the owners", device_rows(seed, works)),
        ("cell_sites", "2022-10-01", "inventory of the operators", cells),
        ("signal_samples", "2022-11-15", "measurement of 2022", sample_rows(seed, design, place_keys(places), streets)),
    ]
    crs = storage_crs()
    return County(
        size=size,
        seed=seed,
        crs=crs,
        area=division.outline(division.county),
        deliveries=tuple(
            Delivery(layer=layer, effective=day, reason=f"synthetic sample: {reason}", rows=table.set_crs(crs))
            for layer, day, reason, table in sorted(rows, key=lambda row: row[1])
        ),
        terrain=terrain,
        truth=tell_truth(sheet_truth, design, place_keys(places), stations, urban),
    )


def _community_sites(seed: int, size: Size, division: Division, blocks: Blocks, villages: Floats) -> Floats:
    """Around what communities form: every so many blocks of the seat and villages, and every township seat."""
    dice = Dice(seed, "community sites")
    urban = blocks.center[blocks.town == 0]
    urban_count, village_count = (12, len(villages) // 9) if size == "small" else (40, len(villages) // 3)
    chosen_urban = urban[dice.order(len(urban))[:urban_count]]
    chosen_villages = villages[dice.order(len(villages))[:village_count]]
    return np.concatenate([division.seats, chosen_urban, chosen_villages])


def _extent(size: Size, blocks: Blocks, habits: Mapping[int, str], villages: Floats) -> tuple[Mask, Mask]:
    """Which blocks and which villages are built on."""
    if size == "county":
        return np.ones(len(blocks.town), bool), np.ones(len(villages), bool)
    heart = (blocks.center * blocks.center).sum(axis=1) < _HEART_M**2
    near = np.argsort((villages * villages).sum(axis=1), kind="stable")[:_SMALL_VILLAGES]
    return (
        heart | np.isin(np.arange(len(blocks.town)), list(habits)),
        np.isin(np.arange(len(villages)), near),
    )


def _piped(size: Size, ways: Ways) -> Ways:
    """The roads under which pipelines lie."""
    if size == "county":
        return ways
    near = (ways.middle * ways.middle).sum(axis=1) < _PIPES_M**2
    return ways.take(ways.street & near[ways.edge].all(axis=1))
