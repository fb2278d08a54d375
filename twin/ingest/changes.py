"""From delivered rows to what one write does to a layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import shapely

from twin.crs import CRS, CRS84, geodesic_distance_m, transform
from twin.errors import CrsError, Fault
from twin.history import changed_fields
from twin.ingest.faults import Faults, Rows
from twin.layer import Layer
from twin.store import Changes

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

Mode = Literal["append", "replace", "sync"]

#: An offset map shows when places moved by this much, about where the formula moves them.
_OFFSET_LEAST_M, _OFFSET_AGREE_M = 300.0, 150.0
_COMPARED_ROWS = 1_000


#: How a spreadsheet shows a number of more than eleven digits, and saves it: 371321001002 becomes 3.71321E+11.
_ROUNDED = r"\d(?:\.\d+)?[eE]\+\d\d"


def check_keys(rows: GeoDataFrame, origin: Rows, layer: Layer, faults: Faults) -> None:
    """Add a fault for every key that an earlier row has, naming both, and for every one that a spreadsheet rounded."""
    key = rows[layer.key]
    rounded = key.str.fullmatch(_ROUNDED).to_numpy(dtype=bool, na_value=False)
    what = "a spreadsheet rounded the key: format the column as text and deliver it anew"
    faults.add_rows(what, rounded, origin, field=layer.key, values=key)
    again = (key.duplicated() & key.notna()).to_numpy()
    if not again.any():
        return
    first = dict(zip(reversed(key.tolist()), range(len(key) - 1, -1, -1), strict=True))
    for position in np.flatnonzero(again).tolist():
        file, number = origin.where(position)
        what = f"the key stands twice, first in {origin.describe(first[key.iloc[position]])}"
        faults.add(Fault(what=what, file=file, row=number, field=layer.key, value=str(key.iloc[position])))


def find_changes(
    rows: GeoDataFrame, stored: GeoDataFrame, mode: Mode, layer: Layer, origin: Rows, faults: Faults
) -> Changes:
    """What to write so that a layer becomes what the mode says.

    Parameters
    ----------
    rows, stored
        Delivered rows and the layer's current ones, indexed by key, storage CRS.
    mode
        ``append`` adds, and a key already stored is a fault. ``sync`` makes the layer equal to the delivery and leaves
        unchanged rows alone. ``replace`` does the same but writes every delivered row anew.
    layer
        The layer.
    origin
        Where the delivered rows come from.
    faults
        Gets what is wrong.
    """
    known = stored.index.get_indexer(rows.index) >= 0
    if mode == "append":
        faults.add_rows(
            "the key is stored already; update with --mode sync", known, origin, field=layer.key, values=rows.index
        )
        return Changes(insert=rows)
    update = rows[known] if mode == "replace" else rows.loc[list(differing_fields(stored, rows, layer))]
    return Changes(insert=rows[~known], update=update, delete=tuple(stored.index.difference(rows.index)))


def differing_fields(before: GeoDataFrame, after: GeoDataFrame, layer: Layer) -> dict[str, tuple[str, ...]]:
    """For each key that both have and that differs: its fields; a ring that starts or turns otherwise is the same."""
    changed = changed_fields(before, after, layer)
    moved = [key for key, fields in changed.items() if "geometry" in fields]
    if moved:
        old, new = (shapely.normalize(frame.geometry.loc[moved].to_numpy()) for frame in (before, after))
        for key, same in zip(moved, shapely.equals_identical(old, new), strict=True):
            if same:
                changed[key] = tuple(name for name in changed[key] if name != "geometry")
    return {key: fields for key, fields in changed.items() if fields}


def run_checks(
    rows: GeoDataFrame, stored: GeoDataFrame, mode: Mode, layer: Layer, origin: Rows, faults: Faults
) -> None:
    """Run the checks of rows on the delivered ones, and those of the layer on the state that would result.

    In append mode that is the stored rows and the delivered ones.
    """
    if len(rows):
        for check in layer.row_checks:
            for fault in check(rows):
                faults.add(_locate(fault, rows, 0, origin))
    if not layer.checks:
        return
    before = stored if mode == "append" else stored.iloc[:0]
    state = rows
    if len(before):
        import pandas as pd

        state = pd.concat([before, rows])
    for check in layer.checks:
        for fault in check(state):
            faults.add(_locate(fault, state, len(before), origin))


def _locate(fault: Fault, state: GeoDataFrame, stored: int, origin: Rows) -> Fault:
    """Name file and row of a fault whose row is a position; a row that is stored already is named by its key."""
    if fault.row is None:
        return fault
    if fault.row < stored:
        what = f"stored feature {state.index[fault.row]}: {fault.what}"
        return Fault(what=what, field=fault.field, value=fault.value, limit=fault.limit)
    file, row = origin.where(fault.row - stored)
    return Fault(what=fault.what, file=file, row=row, field=fault.field, value=fault.value, limit=fault.limit)


def refuse_offset(rows: GeoDataFrame, stored: GeoDataFrame, crs: CRS) -> None:
    """Refuse rows that lie where an offset map would put the stored features of the same keys.

    Raises
    ------
    CrsError
        Half of the features moved by more than 300 m, to within 150 m of where GCJ-02 puts them.
    """
    from twin.gcj02 import wgs84_to_gcj02

    common = rows.index.intersection(stored.index)[:_COMPARED_ROWS]
    if not len(common):
        return
    old, new = (
        shapely.centroid(np.asarray(frame.geometry.loc[common].to_numpy(), dtype=object)) for frame in (stored, rows)
    )
    x, y = shapely.get_x(new), shapely.get_y(new)
    moved_m = geodesic_distance_m(shapely.get_x(old), shapely.get_y(old), x, y, crs)
    if np.median(moved_m) <= _OFFSET_LEAST_M:
        return
    offset = wgs84_to_gcj02(*transform(shapely.get_x(old), shapely.get_y(old), crs, CRS84))
    apart_m = geodesic_distance_m(*transform(*offset, CRS84, crs), x, y, crs)
    if np.median(apart_m) < _OFFSET_AGREE_M:
        raise CrsError(
            f"the features lie {np.median(moved_m):.0f} m from where they are stored, just where the offset of "
            f"internet maps (GCJ-02) would put them (within {np.median(apart_m):.0f} m): give --datum gcj02, or "
            "--datum wgs84 or cgcs2000 if they really moved"
        )
