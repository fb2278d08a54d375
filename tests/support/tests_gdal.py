"""GDAL as a client of a service in this process; it keeps Python's lock while it waits, so it reads in a process of its
own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context

import geopandas as gpd
import pyogrio


@contextmanager
def reading_elsewhere() -> Iterator[Callable[[str, str, list[str]], list[gpd.GeoDataFrame]]]:
    """Give a function that reads the features of a collection of a service in some CRS, one after the other."""
    with ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn")) as other:
        yield lambda root, layer, crs: other.submit(_read, root, layer, crs).result(timeout=60)


def _read(root: str, layer: str, crs: list[str]) -> list[gpd.GeoDataFrame]:
    return [pyogrio.read_dataframe(f"OAPIF:{root}", layer=layer, CRS=name) for name in crs]
