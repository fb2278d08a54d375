"""Water networks of WNTR as ours, with valves where a valve layer of WNTR has them."""

from __future__ import annotations

from typing import Any

from layers.pipelines.network.graph import Network, build_network
from layers.pipelines.network.roles import Role
from tests_network import list_nodes, tabulate


def read_inp(path: Any) -> Any:
    """Read an EPANET file by WNTR, which takes long to import."""
    import wntr

    return wntr.network.WaterNetworkModel(str(path))


def valve_name(link: str, node: str) -> str:
    """How the valve at the end of a link is called; the stub between it and the node is called so too."""
    return f"{link}|{node}"


def network_of(model: Any, valve_layer: Any = None) -> Network:
    """The network of a model: its links, reservoirs and tanks as sources, and valves near the ends of links.

    Parameters
    ----------
    model
        A ``WaterNetworkModel``.
    valve_layer
        Rows ``link`` and ``node``, as WNTR has them: a valve in that link near that node.
    """
    valves = set() if valve_layer is None else set(zip(valve_layer["link"], valve_layer["node"], strict=True))
    segments = []
    for name, link in model.links():
        ends = [link.start_node_name, link.end_node_name]
        for side, node in enumerate(ends):
            if (name, node) in valves:
                ends[side] = valve_name(name, node)
                segments.append({"id": ends[side], "start": node, "end": ends[side], "length_m": 0.0})
        length_m = getattr(link, "length", 0.0)
        segments.append({"id": name, "start": ends[0], "end": ends[1], "length_m": length_m})
    roles = dict.fromkeys([*model.reservoir_name_list, *model.tank_name_list], Role.SOURCE)
    roles |= {valve_name(*valve): Role.VALVE for valve in valves}
    return build_network(
        list_nodes([*model.node_name_list, *(valve_name(*valve) for valve in valves)], roles), tabulate(segments)
    )
