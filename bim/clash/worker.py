"""The process in which bodies are compared: its kernels may crash, or take for ever."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from bim.clash.bodies import Bodies
from bim.ifc.child import Journal, serve

#: What is handed over, and what comes back, in the folder of the job.
GIVEN, FOUND = "given.npz", "found.npz"


def main() -> None:
    """Do the job that stands in the input; never returns."""
    serve(_work)


def _work(job: dict[str, Any], journal: Journal) -> None:
    from bim.clash.measuring import find_meetings

    folder = Path(job["folder"])
    with np.load(folder / GIVEN) as given:
        wanted = {name: given[name] for name in ("first", "second", "apart")}
        arrays = {name: given[name] for name in given.files if name not in wanted}
    found = find_meetings(Bodies(**arrays), **wanted, tolerance_m=job["tolerance_m"], clearance_m=job["clearance_m"])
    np.savez(folder / FOUND, **asdict(found))
    journal.tell("end")


if __name__ == "__main__":
    main()
