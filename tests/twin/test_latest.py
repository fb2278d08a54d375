"""The last revision of a layer: asked for once, and never an old one."""

from __future__ import annotations

import pytest
import shapely

from tests_support import CRS, LAYER, make_rows, write
from twin.latest import LatestRevisions
from twin.stores import create_store, open_store


def test_the_store_is_asked_once_between_two_writes_whoever_writes(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    square = shapely.force_3d(shapely.box(400_000, 3_900_000, 400_100, 3_900_100), 1.0)
    with create_store(tmp_path / "twin.gpkg", crs=CRS) as store:
        write(store, insert=make_rows(A={"geometry": square}))
        latest, asked = LatestRevisions(store), []
        ask = store.latest
        monkeypatch.setattr(store, "latest", lambda layer: asked.append(layer.id) or ask(layer))
        assert [latest.of(LAYER) for _ in range(3)] == [1, 1, 1]
        write(store, insert=make_rows(B={"geometry": square}))
        assert [latest.of(LAYER) for _ in range(3)] == [2, 2, 2]
        with open_store(tmp_path / "twin.gpkg", write=True) as other:
            write(other, delete=["A"])
        assert [latest.of(LAYER) for _ in range(3)] == [3, 3, 3]
    assert asked == ["plots"] * 3
