"""One write to a layer's tables: close the rows that go, open the rows that come."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

import numpy as np
import shapely
from sqlalchemy import ColumnElement, Connection, delete, insert, literal, select

from twin.columns import plain_values
from twin.crs import CRS, crs_label
from twin.errors import CrsError, InvalidParameter, RevisionConflict
from twin.store import Changes
from twin.stores.dialect import Dialect
from twin.stores.tables import LayerTables

if TYPE_CHECKING:
    from geopandas import GeoDataFrame


def apply_changes(
    dialect: Dialect, connection: Connection, tables: LayerTables, changes: Changes, *, revision: int, crs: CRS
) -> None:
    """Carry out changes as one revision.

    Parameters
    ----------
    dialect, connection, tables
        A write transaction on the layer's tables.
    changes
        What is inserted, updated and deleted.
    revision
        The number that the rows get.
    crs
        The storage CRS.

    Raises
    ------
    RevisionConflict
        A key stands twice, or a row to change is not there.
    CrsError, InvalidParameter
        Rows are in another CRS or have coordinates that are not finite.
    """
    layer = tables.layer
    coming = [rows for rows in (changes.insert, changes.update) if rows is not None and len(rows)]
    if any(rows.crs != crs for rows in coming):
        raise CrsError(f"rows of {layer.id} are not in the storage CRS {crs_label(crs)}")
    geometry = np.concatenate([np.empty(0, dtype=object), *(rows.geometry.to_numpy() for rows in coming)])
    if not np.isfinite(shapely.get_coordinates(geometry)).all():
        raise InvalidParameter(f"a geometry of {layer.id} has coordinates that are not finite numbers")
    new = [] if changes.insert is None else changes.insert.index.tolist()
    updated = [] if changes.update is None else changes.update.index.tolist()
    going = [*updated, *changes.delete]
    if len({*new, *going}) != len(new) + len(going):
        raise RevisionConflict(f"a key of {layer.id} stands twice in one change", layer=layer.id)
    mine = dialect.among(connection, tables.key, going)
    fids = _find_fids(connection, tables, going, mine)
    if going:
        past = [column.name for column in tables.past.c]
        closing = select(*(tables.current.c[name] for name in past[:-1]), literal(revision)).where(mine)
        connection.execute(insert(tables.past).from_select(past, closing))
    free = dialect.next_fid(connection, tables)
    opened = np.array([*range(free, free + len(new)), *(fids[key] for key in updated)], dtype=np.int64)
    closed = np.array([fids[key] for key in going], dtype=np.int64)
    with dialect.indexing(connection, tables, closed, opened, geometry):
        if going:
            connection.execute(delete(tables.current).where(mine))
        if coming:
            _require_finite(tables, coming)
            columns = [list(chain.from_iterable(plain_values(r[f.name], f) for r in coming)) for f in layer.schema]
            rows = [opened.tolist(), geometry, *columns, [revision] * len(opened)]
            dialect.insert_rows(connection, layer, tables.current, rows)
            dialect.reserve_fids(connection, tables, free + len(new))


def _require_finite(tables: LayerTables, coming: list[GeoDataFrame]) -> None:
    """Refuse what no JSON can say, and no measurement gives."""
    layer = tables.layer
    for field in layer.schema:
        for rows in coming if field.type == "real" else []:
            infinite = np.isinf(rows[field.name].to_numpy(dtype=float, na_value=np.nan))
            if infinite.any():
                raise InvalidParameter(f"{layer.id} {rows.index[infinite][0]}: {field.name} is infinite")


def _find_fids(
    connection: Connection, tables: LayerTables, keys: list[str], mine: ColumnElement[bool]
) -> dict[str, int]:
    """Find the numbers of the features with these keys; each must be there."""
    found = connection.execute(select(tables.key.label("key"), tables.current.c.fid).where(mine))
    fids = {row.key: row.fid for row in found}
    absent = [key for key in keys if key not in fids]
    if absent:
        raise RevisionConflict(f"{tables.layer.id} has no {', '.join(absent[:5])} to change", layer=tables.layer.id)
    return fids
