"""The small sample county, generated and loaded once for all tests."""

from __future__ import annotations

from pathlib import Path

import pytest

import layers
from sample_gis import County, generate, load
from twin.catalog import Catalog
from twin.store import Store
from twin.stores import create_store, open_store


@pytest.fixture(scope="session")
def county() -> County:
    return generate()


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    return layers.catalog()


@pytest.fixture(scope="session")
def loaded_path(county, catalog, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("sample") / "sample.gpkg"
    with create_store(path, crs=county.crs, title="test", area=county.area) as store:
        load(store, catalog.layers, county)
    return path


@pytest.fixture
def loaded(loaded_path) -> Store:
    with open_store(loaded_path) as store:
        yield store
