"""The six classes of pipelines as nets with sections and depths."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sample_gis.dice import Dice, Floats, Ints
from sample_gis.graph import make_graph
from sample_gis.mesh import Mask
from sample_gis.pipes import gravity
from sample_gis.pipes.lines import BELOW_HEAT_M, GAS, HEAT, LAMPS, POWER, SEWAGE, STORM, TELECOM, WATER, Line
from sample_gis.pipes.net import Net, Stations, Texts, fed_ways, find_roots, lay
from sample_gis.pipes.ways import Ways
from sample_gis.place import ORIGIN, millimetres, to_storage
from sample_gis.roads import ARTERIAL, COUNTY, PROVINCIAL, SECONDARY, TOWNSHIP, WIDTH_M
from sample_gis.terrain import Terrain

_COUNTRY_SPACING_M = 46.0
#: Beyond the kerb: into the houses, cabinets and regulators before them, hydrants.
_HOUSE_M, _CABINET_M, _HYDRANT_M = 6.6, 4.2, 0.4
_GULLY_DEPTH_M, _HOUSE_DRAIN_DEPTH_M = 0.95, 2.83
#: Share of the ways that could be shut off at one end which are.
_SHUT = 0.1
#: Beside their lowest crossing, towns have an outfall of storm water on each of these sides.
_OUTFALLS = ((0.8, -0.6), (-0.6, -0.8), (1.0, 0.5), (-1.0, 0.3))


@dataclass(frozen=True, kw_only=True, eq=False)
class Works:
    """A net with what its pieces are.

    Parameters
    ----------
    net
        Its n points and s pieces.
    ground_m
        (n,) height of the ground at each point, to the millimetre.
    depth_m
        (s, 2) at both ends of each piece, to the inner bottom of sewers, to the outer top of all else.
    size_mm
        (s, 3) diameter, or width and height, NaN where it has none.
    wall_mm
        (s,) thickness of the wall.
    material, embedding
        (s,) codes of CJJ 61-2017.
    flow
        (s,) 1 from start to end, -1 from end to start, 0 of cables.
    shut
        (n,) valves that are closed.
    """

    net: Net
    ground_m: Floats
    depth_m: Floats
    size_mm: Floats
    wall_mm: Floats
    material: Texts
    embedding: Texts
    flow: Ints
    shut: Mask


def build_works(seed: int, ways: Ways, terrain: Terrain) -> list[tuple[Ways, Works]]:
    """Lay all lines, each along the ways that have it."""
    street, rank = ways.street, ways.rank
    streets = ways.take(street)
    heated = ways.take(street & (rank >= SECONDARY) & (ways.town[ways.edge[:, 0]] == 0))
    between_towns = np.isin(rank, (COUNTY, PROVINCIAL))
    gas = ways.take(street | between_towns)
    telecom = ways.take(street | between_towns | (rank == TOWNSHIP))
    builders = [
        (_water, ways.take(fed_ways(ways))),
        (_gas, gas.take(fed_ways(gas))),
        (_heat, heated),
        (_power, streets),
        (_telecom, telecom.take(fed_ways(telecom))),
    ]
    built = [(chosen, builder(seed, chosen, terrain)) for builder, chosen in builders if len(chosen.edge)]
    return built + _sewers(seed, streets, terrain)


def _spacing(ways: Ways, line: Line) -> Floats:
    return np.where(ways.street, line.spacing_m, _COUNTRY_SPACING_M)


def _branch(
    net: Net, ways: Ways, at: Ints, way: Ints, share: Floats, *, beyond_m: float, side: int, what: str
) -> tuple[Net, Ints]:
    """Lead pieces from points to places on a side of the street; returns the new points too."""
    place = ways.along(net.line, way, share, offset_m=side * (WIDTH_M[ways.rank[way]] / 2 + beyond_m))
    grown = net.grow(at, place, way, what)
    return grown, np.arange(len(net.place), len(grown.place))


def _water(seed: int, ways: Ways, terrain: Terrain) -> Works:
    dice = Dice(seed, "water mains")
    net, at = lay(ways, WATER, spacing_m=_spacing(ways, WATER))
    luck = dice.unit(2, len(at.point))
    for side, share, beyond_m, what in (
        (-1, (0.0, 0.75), _HOUSE_M, "meter"),
        (-1, (0.75, 0.9), _HYDRANT_M, "hydrant"),
    ):
        chosen = at.inner & (luck[0] >= share[0]) & (luck[0] < share[1])
        net = _branch_off(net, ways, at, chosen, side, beyond_m, what)
    net = _branch_off(net, ways, at, at.inner & (luck[1] < 0.5), 1, _HOUSE_M, "meter")
    net = net.end_beyond(find_roots(ways, ways.far_to(WATER.direction)), ways, "waterworks", towards=True)
    main = np.select([ways.rank == ARTERIAL, np.isin(ways.rank, (SECONDARY, PROVINCIAL))], [300.0, 200.0], 150.0)
    to_hydrant = net.what[net.ends[:, 1]] == "hydrant"
    size = np.select([~net.branch, to_hydrant], [main[net.way], 100.0], 50.0)
    material = np.where(size >= 100, "QM", "PE").astype(object)
    return _pressed(dice, net, ways, terrain, size=size, wall=np.where(size >= 100, 8.0, 5.0), material=material)


def _branch_off(net: Net, ways: Ways, at: Stations, chosen: Mask, side: int, beyond_m: float, what: str) -> Net:
    places = at.point[chosen], at.way[chosen], at.share[chosen]
    return _branch(net, ways, *places, beyond_m=beyond_m, side=side, what=what)[0]


def _gas(seed: int, ways: Ways, terrain: Terrain) -> Works:
    dice = Dice(seed, "gas mains")
    net, at = lay(ways, GAS, spacing_m=_spacing(ways, GAS))
    luck = dice.unit(len(at.point))
    for side, share in ((1, (0.0, 0.45)), (-1, (0.45, 0.8))):
        chosen = at.inner & (luck >= share[0]) & (luck < share[1])
        way, along = at.way[chosen], at.share[chosen]
        net, boxes = _branch(net, ways, at.point[chosen], way, along, beyond_m=_CABINET_M, side=side, what="regulator")
        net, _ = _branch(net, ways, boxes, way, along, beyond_m=_HOUSE_M, side=side, what="meter")
    net = net.end_beyond(find_roots(ways, ways.far_to(GAS.direction)), ways, "gate_station", towards=True)
    main = np.select([ways.rank == ARTERIAL, np.isin(ways.rank, (SECONDARY, PROVINCIAL))], [150.0, 125.0], 100.0)
    size = np.where(net.branch, 50.0, main[net.way])
    return _pressed(dice, net, ways, terrain, size=size, wall=size / 20, material=_all(net, "PE"))


def _heat(seed: int, ways: Ways, terrain: Terrain) -> Works:
    dice = Dice(seed, "heat mains")
    net, at = lay(ways, HEAT, spacing_m=_spacing(ways, HEAT))
    net = _branch_off(net, ways, at, at.inner & (dice.unit(len(at.point)) < 0.3), -1, _HOUSE_M, "heat_station")
    net = net.end_beyond(find_roots(ways, ways.far_to(HEAT.direction)), ways, "heat_source", towards=True)
    size = np.select([net.branch, ways.rank[net.way] == ARTERIAL], [100.0, 300.0], 200.0)
    return _pressed(dice, net, ways, terrain, size=size, wall=np.full(len(size), 60.0), material=_all(net, "G"))


def _power(seed: int, ways: Ways, terrain: Terrain) -> Works:
    dice = Dice(seed, "power ducts")
    net, at = lay(ways, POWER, spacing_m=_spacing(ways, POWER))
    net = net.built(at.point, "hand_hole").built(np.flatnonzero(net.crossing >= 0), "access_hole")
    chosen = at.inner & (dice.unit(len(at.point)) < 0.2)
    net = _branch_off(net, ways, at, chosen, -1, _HOUSE_M + 0.9, "transformer")
    # Lamps of a street hang on one line, which begins at the first hand hole across.
    new = len(net.place) + np.arange(len(at.point))
    first = np.diff(at.way, prepend=-1) != 0
    net = net.grow(np.where(first, at.point, new - 1), ways.along(LAMPS, at.way, at.share), at.way, "street_lamp")
    net = net.end_beyond(find_roots(ways, ways.far_to(POWER.direction)), ways, "substation", towards=True)

    lamp, branch = net.what[net.ends[:, 1]] == "street_lamp", net.branch
    width = np.where(ways.rank[net.way] == ARTERIAL, 450.0, 300.0)
    height = np.where(ways.rank[net.way] == ARTERIAL, 300.0, 150.0)
    direct = branch & ~lamp
    size = np.stack(
        [
            np.where(lamp, 75.0, np.where(direct, 80.0, np.nan)),
            *(np.where(branch, np.nan, it) for it in (width, height)),
        ],
        axis=1,
    )
    ground = _ground(net, terrain)
    depth = np.select([lamp, direct], [LAMPS.top_m, 0.75], POWER.top_m)
    return Works(
        net=net,
        ground_m=ground,
        depth_m=np.stack([depth, depth], axis=1),
        size_mm=size,
        wall_mm=np.where(lamp, 5.0, 0.0),
        material=np.where(lamp, "PE", "TZ").astype(object),
        embedding=np.select([lamp, direct], ["GM", "ZM"], "GK").astype(object),
        flow=np.zeros(len(branch), np.int64),
        shut=np.zeros(len(net.place), bool),
    )


def _telecom(seed: int, ways: Ways, terrain: Terrain) -> Works:
    dice = Dice(seed, "telecom ducts")
    net, at = lay(ways, TELECOM, spacing_m=_spacing(ways, TELECOM))
    net = net.built(at.point, "hand_hole").built(np.flatnonzero(net.crossing >= 0), "access_hole")
    net = _branch_off(net, ways, at, at.inner & (dice.unit(len(at.point)) < 0.2), 1, _CABINET_M, "cross_connect")
    net = net.end_beyond(find_roots(ways, ways.far_to(TELECOM.direction)), ways, "exchange", towards=True)
    branch = net.branch
    wide = ways.street[net.way] & (ways.rank[net.way] >= SECONDARY)
    size = np.stack(
        [
            np.where(branch, 100.0, np.nan),
            np.where(branch, np.nan, np.where(wide, 360.0, 240.0)),
            np.where(branch, np.nan, 240.0),
        ],
        axis=1,
    )
    depth = np.full((len(branch), 2), TELECOM.top_m)
    return Works(
        net=net,
        ground_m=_ground(net, terrain),
        depth_m=depth,
        size_mm=size,
        wall_mm=np.where(branch, 5.0, 0.0),
        material=_all(net, "GX"),
        embedding=np.where(branch, "GM", "GK").astype(object),
        flow=np.zeros(len(branch), np.int64),
        shut=np.zeros(len(net.place), bool),
    )


def _sewers(seed: int, ways: Ways, terrain: Terrain) -> list[tuple[Ways, Works]]:
    """Storm water first, sewage below it."""
    ground = terrain.height_m(*(ways.middle + ORIGIN).T)
    luck = Dice(seed, "house drains")

    storm, at, turned = _mains(ways, STORM, ground, *(ways.far_to(side) for side in _OUTFALLS))
    heights = _ground(storm, terrain)
    sewers = gravity.settle(storm, heights, heights - _below_all(storm, turned))
    crossings, bottom = sewers.bottoms(storm)
    storm = storm.built(np.flatnonzero(sewers.pumped), "pump_station")
    mains = len(storm.ends)
    for side in (1, -1):
        place = turned.along(STORM, at.way, at.share, offset_m=side * (WIDTH_M[turned.rank[at.way]] / 2 - 0.6))
        storm = storm.grow(at.point, place, at.way, "gully", towards=True)
    works = _drained(storm, terrain, sewers, mains, depth_m=np.full(2 * len(at.point), _GULLY_DEPTH_M))

    sewage, at, below = _mains(ways, SEWAGE, ground)
    heights = _ground(sewage, terrain)
    limit = np.full(len(ways.sheet) + 1, np.inf)
    limit[crossings] = bottom - 0.3
    crown = np.minimum(heights - _below_all(sewage, below), limit[sewage.crossing])
    sewers = gravity.settle(sewage, heights, crown)
    sewage = sewage.built(np.flatnonzero(sewers.pumped), "pump_station")
    mains = len(sewage.ends)
    chosen = luck.unit(len(at.point)) < 0.8
    way, share = at.way[chosen], at.share[chosen]
    place = below.along(SEWAGE, way, share, offset_m=-(WIDTH_M[below.rank[way]] / 2 + _HOUSE_M))
    sewage = sewage.grow(at.point[chosen], place, way, "septic_tank", towards=True)
    heated = (below.rank[way] >= SECONDARY) & (ways.town[below.edge[way, 0]] == 0)
    depth = _HOUSE_DRAIN_DEPTH_M + BELOW_HEAT_M * heated
    return [(turned, works), (below, _drained(sewage, terrain, sewers, mains, depth_m=depth))]


def _below_all(net: Net, ways: Ways) -> Floats:
    """The least depth of the outer top of sewers at each point: in the seat, which has heat, they lie deeper."""
    town = ways.town[ways.edge[net.way, 0]]
    least = np.zeros(len(net.place))
    np.maximum.at(least, net.ends.ravel(), (net.line.top_m + BELOW_HEAT_M * (town == 0)).repeat(2))
    return least


def _mains(ways: Ways, line: Line, ground_m: Floats, *scores: Floats) -> tuple[Net, Stations, Ways]:
    """Sewers that drain to the lowest crossing, and to those with other highest scores."""
    roots = find_roots(ways, -ground_m, *scores)
    turned, detached = gravity.drain(ways, ground_m, roots)
    net, at = lay(turned, line, spacing_m=_spacing(turned, line), detached=detached)
    net = net.built(np.arange(len(net.place)), "manhole")
    works = "treatment_works" if line is SEWAGE else ""
    return net.end_beyond(roots, turned, works, towards=False), at, turned


def _drained(net: Net, terrain: Terrain, sewers: gravity.Sewers, mains: int, *, depth_m: Floats) -> Works:
    """Sewers with what leads to them: these fall by two in a hundred, and drop into the manhole."""
    ground = _ground(net, terrain)
    start, end = net.ends[mains:].T
    floor, length = sewers.out_m[end], net.length_m[mains:]
    begin = np.maximum(ground[start] - depth_m, floor + 0.01 * length)
    arrival = np.maximum(np.minimum(begin - 0.02 * length, ground[end] - depth_m), floor)
    bottom = np.stack([np.concatenate([sewers.start_m, begin]), np.concatenate([sewers.end_m, arrival])], axis=1)
    size = np.concatenate([sewers.size_mm, np.full(len(begin), 200.0)])
    return Works(
        net=net,
        ground_m=ground,
        depth_m=millimetres(ground[net.ends] - bottom),
        size_mm=_round(size),
        wall_mm=gravity.wall_mm(size),
        material=np.where(size < 400, "PVC" if net.line is SEWAGE else "T", "T").astype(object),
        embedding=_all(net, "ZM"),
        flow=np.ones(len(size), np.int64),
        shut=np.zeros(len(net.place), bool),
    )


def _pressed(
    dice: Dice, net: Net, ways: Ways, terrain: Terrain, *, size: Floats, wall: Floats, material: Texts
) -> Works:
    """Pipes under pressure: at their depth, give or take a centimetre, flowing away from their sources."""
    from scipy.sparse.csgraph import dijkstra

    top = millimetres(net.line.top_m + dice.between(-0.01, 0.01, len(net.place)))
    sources = np.flatnonzero(np.isin(net.what, ("waterworks", "gate_station", "heat_source")))
    roots = net.crossing[net.ends[np.isin(net.ends[:, 0], sources), 1]]
    _, spare = gravity.drain(ways, np.zeros(len(ways.sheet)), roots)
    # Valves are shut at the start of some ways without which all is still fed, from their other end.
    after_crossing = (net.crossing[net.ends[:, 0]] >= 0) & (net.what[net.ends[:, 1]] == "valve_well")
    cut = after_crossing & spare[net.way] & (dice.unit(len(ways.edge))[net.way] < _SHUT)
    shut = np.zeros(len(net.place), bool)
    shut[net.ends[cut, 1]] = True
    graph = make_graph(len(net.place), net.ends[~cut], net.length_m[~cut])
    far = dijkstra(graph, directed=False, indices=sources, min_only=True)
    return Works(
        net=net,
        ground_m=_ground(net, terrain),
        depth_m=top[net.ends],
        size_mm=_round(size),
        wall_mm=wall,
        material=material,
        embedding=_all(net, "ZM"),
        flow=np.where(cut | (far[net.ends[:, 0]] <= far[net.ends[:, 1]]), 1, -1),
        shut=shut,
    )


def _ground(net: Net, terrain: Terrain) -> Floats:
    return millimetres(terrain.height_m(*to_storage(net.place).T))


def _round(size_mm: Floats) -> Floats:
    return np.stack([size_mm, np.full(len(size_mm), np.nan), np.full(len(size_mm), np.nan)], axis=1)


def _all(net: Net, code: str) -> Texts:
    return np.full(len(net.ends), code, dtype=object)
