"""Real models, read once for all tests, whichever process runs them."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path

import pytest

from bim.ifc.reading import read_ifc
from bim.ifc.supervising import Limits
from bim.model import Model
from tests_once import make_once

#: Models of which some products are given up, whatever time they get.
NEVER_END = ("awkward/hang_fixed_reference_sweptarea.ifc",)


@pytest.fixture(scope="session")
def real_model(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Model]:
    """A file of the shared data by its place among the models, as `read_ifc` reads it; each test gets its own copy."""

    def read(name: str) -> Model:
        def make(path: Path) -> None:
            limits = Limits(product_s=4.0) if name in NEVER_END else Limits()
            path.write_bytes(pickle.dumps(read_ifc(shared_data / "ifc" / name, limits=limits)))

        kept = make_once(f"{name.replace('/', ' ')}.pickle", make, tmp_path_factory)
        read: Model = pickle.loads(kept.read_bytes())
        return read

    return read
