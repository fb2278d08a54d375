"""Pipe networks written by hand, and drawn at random."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from hypothesis import strategies as st

from layers.pipelines.network.graph import Network, NodeTable, SegmentTable, build_network
from layers.pipelines.network.inference import BOTH
from layers.pipelines.network.roles import Role


def make_network(segments: Iterable[Mapping[str, Any]], roles: Mapping[str, Role] | None = None) -> Network:
    """A network of segments as `tabulate` takes them, and of the nodes that they name."""
    table = tabulate(segments)
    ids = sorted({*table.start, *table.end, *(roles or {})})
    return build_network(list_nodes(ids, roles or {}), table)


def list_nodes(ids: Iterable[str], roles: Mapping[str, Role]) -> NodeTable:
    """Nodes, plain where no role is given."""
    ids = list(ids)
    found = np.array([roles.get(node, Role.PLAIN) for node in ids], dtype=np.int64)
    return NodeTable(ids=np.array(ids, dtype=object), roles=found)


def tabulate(segments: Iterable[Mapping[str, Any]]) -> SegmentTable:
    """Segments with ``start``, ``end`` and, where it matters, the rest; 10 m of water pipe by default."""
    usual = {"class": "JS", "circulates": False, "length_m": 10.0, "flow": 0, "fall_m": np.nan}
    given = [{"id": f"s{number}"} | usual | segment for number, segment in enumerate(segments, start=1)]

    def column(name: str, kind: Any = object) -> Any:
        return np.array([segment[name] for segment in given], dtype=kind)

    return SegmentTable(
        ids=column("id"),
        start=column("start"),
        end=column("end"),
        classes=column("class"),
        circulates=column("circulates", bool),
        length_m=column("length_m", float),
        flow=column("flow", np.int8),
        fall_m=column("fall_m", float),
    )


def join(*pairs: str, **rest: Any) -> list[dict[str, Any]]:
    """Segments ``A>B`` that flow that way, and ``A-B`` of which nobody knows; each is called as it is written."""
    return [{"id": pair, "start": pair[0], "end": pair[2], "flow": 1 if pair[1] == ">" else 0} | rest for pair in pairs]


@st.composite
def draw_networks(draw: st.DrawFn) -> tuple[list[dict[str, Any]], dict[str, Role]]:
    """Segments and roles of small networks with everything in them: parallels, rings, valves of every kind, parts."""
    nodes = [f"n{number}" for number in range(draw(st.integers(2, 9)))]
    segment = st.fixed_dictionaries(
        {
            "start": st.sampled_from(nodes),
            "end": st.sampled_from(nodes),
            "class": st.sampled_from(["JS", "JS", "RQ", "PS", "DL"]),
            "length_m": st.integers(0, 9).map(float),
            "flow": st.sampled_from([-1, 0, 0, 0, 1, BOTH]),
        }
    )
    segments = draw(st.lists(segment, min_size=1, max_size=14))
    role = st.sampled_from([*Role, Role.VALVE, Role.VALVE, Role.CHECK_VALVE, Role.CHECK_VALVE, Role.PLAIN, Role.PLAIN])
    return segments, draw(st.fixed_dictionaries(dict.fromkeys(nodes, role)))
