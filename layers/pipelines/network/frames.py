"""The network of the features of ``pipe_nodes`` and ``pipe_segments``."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np
import shapely

from layers.pipelines.axis import has_heights, lengths_m
from layers.pipelines.codes.points import has_role
from layers.pipelines.metres import in_metres
from layers.pipelines.network.arrays import Floats, Ints
from layers.pipelines.network.gaps import find_gaps
from layers.pipelines.network.graph import Network, NodeTable, SegmentTable, build_network
from layers.pipelines.network.inference import BOTH
from layers.pipelines.network.roles import Role
from twin.frame import Frame

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

#: Nothing flows in segments of these states.
OUT_OF_USE = ("abandoned", "empty")


def read_network(pipe_nodes: Frame, pipe_segments: Frame) -> Network:
    """Return the network of what is in use, built once for the same two frames."""
    kept: MutableMapping[Frame, Network] = pipe_segments.keep("networks", WeakKeyDictionary)
    network = kept.get(pipe_nodes)
    if network is None:
        network = kept[pipe_nodes] = build_network(_read_nodes(pipe_nodes.data), _read_segments(pipe_segments))
    return network


def read_gaps(pipe_nodes: Frame, pipe_segments: Frame) -> tuple[tuple[str, str], ...]:
    """Return where two pipes end beside one another under different numbers, found once for the same two frames."""
    kept: MutableMapping[Frame, tuple[tuple[str, str], ...]] = pipe_segments.keep("gaps", WeakKeyDictionary)
    gaps = kept.get(pipe_nodes)
    if gaps is None:
        network = read_network(pipe_nodes, pipe_segments)
        (rows,) = in_metres(pipe_nodes)
        places = rows.geometry.reindex(network.node_ids).to_numpy()
        gaps = find_gaps(network, np.column_stack([shapely.get_x(places), shapely.get_y(places)]))
        kept[pipe_nodes] = gaps
    return gaps


def _read_nodes(rows: GeoDataFrame) -> NodeTable:
    return NodeTable(ids=rows.index.to_numpy(dtype=object), roles=_read_roles(rows))


def _read_roles(rows: GeoDataFrame) -> Ints:
    """What each of n points is to the network; of several roles the one that matters most to it.

    A pumping station is where a sewer may end: what it lifts goes on where gravity would not take it. A regulator parts
    no networks: what is behind it is fed through it.
    """
    roles = np.full(len(rows), Role.PLAIN, dtype=np.int64)
    for role, names in (
        (Role.END, ("end",)),
        (Role.BORDER, ("border",)),
        (Role.CUSTOMER, ("consumer", "hydrant")),
        (Role.OUTFALL, ("outfall", "pump")),
        (Role.SOURCE, ("source", "storage")),
        (Role.CHECK_VALVE, ("check_valve",)),
        (Role.VALVE, ("valve",)),
    ):
        roles[has_role(rows, *names)] = role
    state = rows["valve_state"]
    roles[(state == "closed").to_numpy(bool)] = Role.CLOSED_VALVE
    inoperable = (state == "inoperable").to_numpy(bool)
    roles[inoperable & (roles == Role.VALVE)] = Role.STUCK_VALVE
    roles[inoperable & (roles == Role.CHECK_VALVE)] = Role.PLAIN  # it holds nothing back
    return roles


def _read_segments(segments: Frame) -> SegmentTable:
    used = segments.take(~segments.data["status"].isin(OUT_OF_USE).to_numpy(bool))
    rows = used.data
    direction = rows["flow_direction"]
    length_m, fall_m = _measure(used)
    return SegmentTable(
        ids=rows.index.to_numpy(dtype=object),
        start=rows["from_node"].to_numpy(dtype=object),
        end=rows["to_node"].to_numpy(dtype=object),
        classes=rows["class"].to_numpy(dtype=object),
        length_m=length_m,
        circulates=((rows["class"] == "RL") & (rows["subclass"] != "ZQ")).to_numpy(bool),
        flow=direction.map({"forward": 1, "backward": -1, "both": BOTH}).fillna(0).to_numpy(np.int8),
        fall_m=fall_m,
    )


def _measure(segments: Frame) -> tuple[Floats, Floats]:
    """Return how long each segment is, in space where its heights are known, and how much it falls from start to end.

    The section of a segment is the same at both ends, so its invert falls as its axis does.
    """
    (rows,) = in_metres(segments)
    lines = rows.geometry.to_numpy()
    known = has_heights(segments.data)
    first_m, last_m = (shapely.get_z(shapely.get_point(lines, at)) for at in (0, -1))
    return lengths_m(lines, known), np.where(known, first_m - last_m, np.nan)
