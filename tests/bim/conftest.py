"""Real models, read once for all tests, whichever process runs them."""

from __future__ import annotations

import fcntl
import os
import pickle
from collections.abc import Callable
from pathlib import Path

import pytest

from bim.ifc.reading import read_ifc
from bim.ifc.supervising import Limits
from bim.model import Model

#: Models of which some products are given up, whatever time they get.
NEVER_END = ("awkward/hang_fixed_reference_sweptarea.ifc",)


@pytest.fixture(scope="session")
def real_model(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Model]:
    """A file of the shared data by its place among the models, as `read_ifc` reads it; each test gets its own copy."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    folder /= "real models"
    folder.mkdir(exist_ok=True)

    def read(name: str) -> Model:
        kept = folder / f"{name.replace('/', ' ')}.pickle"
        with kept.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not kept.exists():
                limits = Limits(product_s=4.0) if name in NEVER_END else Limits()
                model = read_ifc(shared_data / "ifc" / name, limits=limits)
                kept.write_bytes(pickle.dumps(model))
        read: Model = pickle.loads(kept.read_bytes())
        return read

    return read
