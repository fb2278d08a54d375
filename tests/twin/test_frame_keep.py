"""What a frame derives from its rows is derived once, however many ask at once."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import geopandas as gpd
import numpy as np
import shapely

from twin.frame import Frame
from twin.layer import Layer
from twin.rows import Rows
from twin.schema import Field

LAYER = Layer(
    id="spots",
    title="Spots",
    title_zh="点",
    about="Spots.",
    geometry="Point",
    key="spot_id",
    fields=(Field(name="spot_id", title="Spot", title_zh="点"),),
)


def frame_of(count: int) -> Frame:
    data = gpd.GeoDataFrame(geometry=shapely.points(np.arange(count), 0), crs="EPSG:4548")
    return Frame(layer=LAYER, rows=Rows(data=data, fid=np.arange(count)), revision=1)


def test_threads_that_ask_at_once_share_one_answer() -> None:
    frame, made, together = frame_of(3), [], threading.Barrier(8)

    def make() -> object:
        made.append(1)
        time.sleep(0.05)
        return object()

    def ask(_: int) -> object:
        together.wait()
        return frame.keep("slow", make)

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(ask, range(8)))
    assert len(made) == 1
    assert len(set(map(id, answers))) == 1


def test_another_frame_makes_its_own() -> None:
    frame = frame_of(3)
    assert frame.keep("n", lambda: len(frame)) == 3
    part = frame.take(np.array([0]))
    assert part.keep("n", lambda: len(part)) == 1
