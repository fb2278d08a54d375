"""Rows that another program edited in the store, held to the rules of the way in."""

from __future__ import annotations

from dataclasses import replace

from twin.errors import Fault, SchemaViolation
from twin.ingest.run import ingest_rows
from twin.layer import Layer
from twin.store import Store


def find_faults(store: Store, layer: Layer) -> list[tuple[str | None, Fault]]:
    """Find the current rows that an ingest would refuse: nobody checked what was edited in the file.

    Parameters
    ----------
    store, layer
        Where.

    Returns
    -------
    list of (key, Fault)
        The key is None where a check speaks of the layer as a whole.

    Raises
    ------
    StoreUnavailable
        A value or geometry cannot even be read.
    """
    rows = store.read(layer).data
    if not len(rows):
        return []
    try:
        ingest_rows(store, layer, rows, mode="sync", author="nobody", repair_tolerance=0.0, dry_run=True)
    except SchemaViolation as violation:
        return [
            (None if fault.row is None else rows.index[fault.row - 1], replace(fault, row=None))
            for fault in violation.faults
        ]
    return []
