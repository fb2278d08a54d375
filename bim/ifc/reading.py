"""An IFC file becomes a model: the one door of this room."""

from __future__ import annotations

import pickle
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bim.ifc.shapes import collect_shapes
from bim.ifc.supervising import Gathered, Limits, gather
from bim.model import Model, Source, Units
from twin.filenames import require_file

if TYPE_CHECKING:
    import pandas as pd

_TABLES = ("elements", "types", "properties", "materials", "classifications")


def read_ifc(path: Path, *, limits: Limits | None = None, watch: Callable[[str], None] | None = None) -> Model:
    """Read a building model; whatever the file does, this process survives it and nothing is left on the disk.

    Parameters
    ----------
    path
        A file `.ifc` or `.ifczip`.
    limits
        What it may cost; generous by default.
    watch
        Told what is going on, for people.

    Returns
    -------
    Model
        With an outcome for each product: `outcome` (see `bim.ifc.elements.OUTCOMES`) and `why` in its elements.

    Raises
    ------
    SourceError
        It is no IFC, damaged, or of a schema that cannot be read; the detail says what to do.
    """
    began = time.monotonic()
    require_file(path)
    with tempfile.TemporaryDirectory(prefix="twin-bim-", ignore_cleanup_errors=True) as folder:
        gathered = gather(path, Path(folder), limits=limits or Limits(), watch=watch or _ignore)
        tables = {name: _read_table(gathered.folder / f"{name}.arrow") for name in _TABLES}
        told: dict[str, Any] = gathered.tables or {}
        elements = tables["elements"]
        rows = {int(step): row for row, step in enumerate(elements["step"].to_numpy())}
        shapes = collect_shapes(gathered, rows)
        elements["outcome"], elements["why"] = _judge(elements, gathered, shapes.elements)
        source, units = told["source"], told["units"]
        return Model(
            source=Source(**source | {name: tuple(source[name]) for name in ("normalised", "faults")}),
            units=Units(**units | {"notes": tuple(units["notes"])}),
            **tables,
            shapes=shapes,
            levels=pickle.loads((gathered.folder / "levels.pickle").read_bytes()),  # noqa: S301 - our own worker wrote it
            notes=(*told["notes"], *(f"the geometry kernel: {note}" for note in gathered.notes)),
            seconds=time.monotonic() - began,
        )


def _judge(elements: pd.DataFrame, gathered: Gathered, shown: Any) -> tuple[list[str], list[str | None]]:
    """What came of the shape of each product, and why where that is not all that was wanted."""
    has_shape = np.zeros(len(elements), bool)
    has_shape[shown] = True
    outcomes: list[str] = []
    reasons: list[str | None] = []
    columns = (elements["step"].to_numpy(), elements["represented"].to_numpy(), elements["representations"].to_numpy())
    for row, (step, represented, representations) in enumerate(zip(*columns, strict=True)):
        why = gathered.failures.get(int(step))
        if has_shape[row]:
            outcome = "shape"
        elif not represented:
            outcome = "none"
        elif int(step) in gathered.unreached:
            outcome, why = "unreached", "the time for the file was over"
        elif why:
            outcome, why = "failed", f"{why} ({representations})"
        else:
            outcome, why = "empty", f"it has {representations}"
        outcomes.append(outcome)
        reasons.append(why)
    return outcomes, reasons


def _read_table(path: Path) -> pd.DataFrame:
    import pyarrow as pa

    with pa.OSFile(str(path)) as file:
        table: pd.DataFrame = pa.ipc.open_file(file).read_all().to_pandas()
    return table


def _ignore(_: str) -> None:
    """Nobody watches."""
