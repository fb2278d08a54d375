"""Arrow columns as pandas columns and geometries, without a detour through Python objects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import shapely

from twin.bulk import many_objects

if TYPE_CHECKING:
    import pandas as pd


def frame_of(names: Sequence[str], arrays: Sequence[Any], rows: int) -> pd.DataFrame:
    """A DataFrame from Arrow columns: text as ``str``, integers as nullable integers, days as ``datetime64``."""
    import pandas as pd
    import pyarrow as pa

    text = pd.StringDtype(na_value=np.nan)
    dtypes = {
        pa.string(): text,
        pa.large_string(): text,
        pa.int8(): pd.Int64Dtype(),
        pa.int16(): pd.Int64Dtype(),
        pa.int32(): pd.Int64Dtype(),
        pa.int64(): pd.Int64Dtype(),
        pa.bool_(): pd.BooleanDtype(),
    }
    columns = {}
    for index, array in enumerate(arrays):
        column = array.to_pandas(types_mapper=dtypes.get, date_as_object=False)
        columns[index] = column.astype("Int64") if str(column.dtype) in ("Int8", "Int16", "Int32") else column
    frame = pd.DataFrame(columns, index=pd.RangeIndex(rows))
    frame.columns = pd.Index(list(names), dtype="str")
    return frame


def decode_geometry(column: Any) -> tuple[npt.NDArray[np.object_], npt.NDArray[np.bool_]]:
    """Geometries of a WKB column, and which could not be made of their bytes (an open ring, an odd type)."""
    with many_objects():
        geometry = shapely.from_wkb(column.to_numpy(), on_invalid="ignore")
    unreadable: npt.NDArray[np.bool_] = shapely.is_missing(geometry) & ~np.asarray(column.is_null())
    return geometry, unreadable
