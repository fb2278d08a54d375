"""Which valves shut off each of many segments, all at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from layers.pipelines.network.graph import Network
from layers.pipelines.network.roles import Role


def find_valves(network: Network, segment_ids: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Find the valves to close for each of some segments by itself: those between its zone and the others.

    As `layers.pipelines.network.isolation.isolate` names them for one segment.

    Parameters
    ----------
    network
        The network.
    segment_ids
        Keys; of what the network does not have, as what is out of use, nothing is said.
    """
    import pandas as pd

    zones = network.zones
    valve, zone = zones.sides.T
    parts = (np.bincount(valve, minlength=len(zones.valve_node)) > 1) & (zones.valve_role != Role.CLOSED_VALVE)
    valve, zone = valve[parts[valve]], zone[parts[valve]]
    order = np.argsort(zone, kind="stable")
    begins = np.searchsorted(zone[order], np.arange(len(zones.has_anchor) + 1))
    rows = network.segment_index.get_indexer(pd.Index(list(segment_ids), dtype=object))
    names = {
        of: network.name_nodes(zones.valve_node[valve[order[begins[of] : begins[of + 1]]]])
        for of in np.unique(zones.of_segment[rows[rows >= 0]]).tolist()
    }
    return {
        segment_id: names[int(zones.of_segment[row])]
        for segment_id, row in zip(segment_ids, rows.tolist(), strict=True)
        if row >= 0
    }
