"""A PostGIS server of one's own, for tests that stop it, fill it or change who may enter."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest

from tests_postgis import Cluster, run_cluster


@pytest.fixture(scope="module")
def own_cluster() -> Iterator[Cluster]:
    with run_cluster() as cluster:
        cluster.sql("CREATE EXTENSION postgis")
        yield cluster


@pytest.fixture
def schema() -> str:
    """The name of a schema that is not there yet."""
    return f"twin_{secrets.token_hex(4)}"


@pytest.fixture
def address(cluster: Cluster, schema: str) -> str:
    """Where a twin may be created on the server that all tests share."""
    return cluster.address(schema)
