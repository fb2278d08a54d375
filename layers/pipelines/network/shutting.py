"""Which valves shut off each of many segments, looked up once for all that are shut off together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from layers.pipelines.network.arrays import mark
from layers.pipelines.network.graph import Network


def find_valves(network: Network, segment_ids: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Find the valves to close for each of some segments by itself.

    As `layers.pipelines.network.isolation.isolate` names them for one segment; what lies in one zone has the same.

    Parameters
    ----------
    network
        The network.
    segment_ids
        Keys; of what the network does not have, as what is out of use, nothing is said.
    """
    import pandas as pd

    zones = network.zones
    rows = network.segment_index.get_indexer(pd.Index(list(segment_ids), dtype=object))
    nothing = np.zeros(len(zones.valve_node), dtype=bool)
    valves: dict[int, tuple[str, ...]] = {}
    for zone in np.unique(zones.of_segment[rows[rows >= 0]]).tolist():
        isolated = zones.spread(mark(len(zones.has_anchor), [zone]), nothing)
        valves[zone] = network.name_nodes(zones.valve_node[zones.to_close(isolated)])
    return {
        segment_id: valves[int(zones.of_segment[row])]
        for segment_id, row in zip(segment_ids, rows.tolist(), strict=True)
        if row >= 0
    }
