"""What an indicator or an analysis is computed from: frames of one state of the store, and values of parameters."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from typing import Any

import numpy as np
import shapely

from twin.catalog import Catalog, Process
from twin.errors import StoreUnavailable
from twin.frame import Frame
from twin.layer import Layer
from twin.moments import CHINA
from twin.query import AsOf, Query
from twin.store import Store

#: Gives a whole layer as of a moment (None is now).
ReadFrame = Callable[[Layer, AsOf | None], Frame]

#: The parameter that is filled with the day of the evaluation where nobody gave one.
ON_DATE = "on_date"


@dataclass(frozen=True, kw_only=True, eq=False)
class Reading:
    """What was read, and when.

    Parameters
    ----------
    frames
        Of the layers that are asked for, in their order.
    parameters
        Every parameter with its value.
    known_at
        The last revision that the frames may reflect.
    at
        The instant of the evaluation.
    """

    frames: tuple[Frame, ...]
    parameters: Mapping[str, Any]
    known_at: int
    at: datetime


def read_inputs(
    process: Process,
    catalog: Catalog,
    store: Store,
    *,
    parameters: Mapping[str, Any] | None = None,
    as_of: AsOf | None = None,
    known_at: int | None = None,
    read: ReadFrame | None = None,
) -> Reading:
    """Read what an indicator or analysis asks for, of one consistent state.

    Parameters
    ----------
    process, catalog, store
        What, of which layers, where.
    parameters
        Values, or their text, by name; the others take their defaults.
    as_of
        Revision number or instant; now by default.
    known_at
        Only what the store knew at this revision; everything by default.
    read
        Gives layers that are in memory already; by default they are read from the store.

    Raises
    ------
    InvalidParameter
        A parameter is unknown or malformed.
    StoreUnavailable
        A geometry that another program wrote into the store cannot be measured.
    """
    now = datetime.now(UTC)
    known_at = store.latest() if known_at is None else known_at
    query = Query(as_of=as_of, known_at=known_at)
    values = process.parse(parameters or {})
    if ON_DATE in values and values[ON_DATE] is None:
        values[ON_DATE] = _day(as_of, store, now)
    layers = [catalog.layer(name) for name in process.inputs]
    frames = tuple(store.read(layer, query) if read is None else read(layer, as_of) for layer in layers)
    for frame in frames:
        frame.keep("sound", partial(require_sound, frame))
    return Reading(frames=frames, parameters=values, known_at=known_at, at=now)


def write_plain(record: Mapping[str, Any]) -> dict[str, Any]:
    """Make a record JSON-ready: numpy scalars, dates and instants as JSON has them."""
    written: dict[str, Any] = json.loads(json.dumps(record, default=plain, allow_nan=False))
    return written


def plain(value: Any) -> Any:
    """Numpy scalars, dates and instants as JSON has them."""
    if isinstance(value, date):
        return value.isoformat()
    return value.item() if hasattr(value, "item") else value


def require_sound(frame: Frame) -> None:
    """Refuse rows whose geometry is invalid or missing: ingest lets none in, but QGIS may have drawn one."""
    missing = shapely.is_missing(frame.geometry)
    absent = shapely.is_empty(frame.geometry) | missing
    unsound = absent | ~shapely.is_valid(frame.geometry)
    wrong = np.flatnonzero(unsound & ~missing if frame.layer.geometry_optional else unsound)
    if wrong.size:
        first = wrong[0]
        what = "no geometry" if absent[first] else shapely.is_valid_reason(frame.geometry[first])
        more = f" (and {wrong.size - 1} more rows like it)" if wrong.size > 1 else ""
        raise StoreUnavailable(
            f"{frame.layer.id} {frame.data.index[first]}: {what}{more}; another program wrote it so: mend it there, "
            "in QGIS with Fix geometries, or ingest the layer again"
        )


def _day(as_of: AsOf | None, store: Store, now: datetime) -> date:
    """The day for which the sites' service dates are judged; the twin knows none after today."""
    if isinstance(as_of, int):
        as_of = next((r.effective for r in store.revisions() if r.number == as_of), now)
    return min(as_of or now, now).astimezone(CHINA).date()
