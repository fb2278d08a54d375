"""One layer and one store for the contract tests; a new kind of store becomes one more parameter."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests_support import CRS, LAYER, Rows, make_rows
from twin.layer import Layer
from twin.store import Store
from twin.stores import create_store


@pytest.fixture
def layer() -> Layer:
    return LAYER


@pytest.fixture
def rows() -> Rows:
    return make_rows


@pytest.fixture(params=["gpkg"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    with create_store(tmp_path / "twin.gpkg", crs=CRS, title="contract") as opened:
        yield opened
