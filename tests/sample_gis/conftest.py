"""The small sample county as the tests of this room call it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import layers
from sample_gis import County
from twin.catalog import Catalog
from twin.store import Store
from twin.stores import open_store


@pytest.fixture(scope="session")
def county(sample_county) -> County:
    return sample_county


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    return layers.catalog()


@pytest.fixture
def loaded(sample_store) -> Iterator[Store]:
    with open_store(sample_store) as store:
        yield store
