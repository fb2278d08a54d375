"""One layer and one store for the contract tests; a new kind of store becomes one more parameter."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator

import pytest

from tests_postgis import Cluster
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


@pytest.fixture(scope="session", params=["gpkg", pytest.param("postgis", marks=pytest.mark.needs("postgis"))])
def new_store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Store]:
    """Makes one empty store after the other, all in the same kind of database."""
    if request.param == "gpkg":
        folder = tmp_path_factory.mktemp("stores")
        return lambda: create_store(folder / f"{secrets.token_hex(4)}.gpkg", crs=CRS, title="contract")
    cluster: Cluster = request.getfixturevalue("cluster")
    return lambda: create_store(cluster.address(f"twin_{secrets.token_hex(4)}"), crs=CRS, title="contract")


@pytest.fixture
def store(new_store: Callable[[], Store]) -> Iterator[Store]:
    with new_store() as opened:
        yield opened
