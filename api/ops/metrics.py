"""What the service counts and holds, as Prometheus reads it.

References
----------
Prometheus text format, version 0.0.4.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, FastAPI, Query, Request, Response

from api.context import Context
from api.openapi import answers
from api.ops.measures import SECONDS, Measures, Tally
from api.ops.memory import frame_bytes
from api.params import Params
from twin import __version__
from twin.errors import TwinError

METRICS = "text/plain;version=0.0.4"

router = APIRouter(tags=["About"])
_STARTED = time.time()

#: Labels and a value, and what follows the name of the metric.
Sample = tuple[dict[str, str], float, str]


@dataclass(frozen=True)
class Metric:
    """A metric with its samples of one process."""

    name: str
    kind: str
    about: str
    samples: list[Sample]


@router.get("/metrics", name="metrics", responses=answers(METRICS))
def show_metrics(request: Request, params: Annotated[Params, Query()]) -> Response:  # noqa: ARG001
    """Count answers, features and tiles, and say what is held in memory, in the text format of Prometheus.

    Where several processes answer on one port, all of them are there, told apart by the label ``worker``; what the
    others counted is a second old at most.
    """
    context: Context = request.app.state.context
    everybody = {context.worker.number: collect(request.app)} | _read_others(context)
    text = "".join(write_metrics(everybody))
    return Response(text, media_type=METRICS, headers={"Cache-Control": "no-store"})


def publish(app: FastAPI) -> None:
    """Leave what this process counted where the others find it, if there are any."""
    worker = app.state.context.worker
    folder = worker.find_folder("metrics")
    if folder is not None:
        target = folder / f"{worker.number}.json"
        draft = target.with_suffix(".draft")
        draft.write_text(json.dumps([list(vars(metric).values()) for metric in collect(app)]))
        draft.replace(target)


def collect(app: FastAPI) -> list[Metric]:
    """Collect the metrics of this process."""
    context: Context = app.state.context
    return [*_answers(context.measures), *_caches(context), *_layers(context), *_process(context)]


def write_metrics(everybody: dict[int, list[Metric]]) -> Iterator[str]:
    """Write the metrics of several processes, each metric in one place."""
    merged: dict[str, tuple[Metric, list[str]]] = {}
    for worker, metrics in sorted(everybody.items()):
        for metric in metrics:
            _, lines = merged.setdefault(metric.name, (metric, []))
            for labels, value, suffix in metric.samples:
                written = ",".join(
                    f'{name}="{_escape(text)}"' for name, text in (labels | {"worker": str(worker)}).items()
                )
                lines.append(f"{metric.name}{suffix}{{{written}}} {value:.17g}\n")
    for metric, lines in merged.values():
        yield f"# HELP {metric.name} {metric.about}\n# TYPE {metric.name} {metric.kind}\n"
        yield from lines


def _answers(measures: Measures) -> Iterator[Metric]:
    tallies = dict(measures.answers)
    counts: list[Sample] = []
    sizes: list[Sample] = []
    for (route, method, status), tally in tallies.items():
        labels = {"route": route, "method": method, "status": str(status)}
        counts.append((labels, sum(tally.classes), ""))
        sizes.append((labels, tally.size, ""))
    yield Metric("twin_requests_total", "counter", "Requests answered.", counts)
    yield Metric("twin_sent_bytes_total", "counter", "Bytes of bodies sent.", sizes)
    seconds: list[Sample] = []
    for route in sorted({route for route, _, _ in tallies}):
        seconds += _histogram(route, [tally for (of, _, _), tally in tallies.items() if of == route])
    yield Metric("twin_request_seconds", "histogram", "How long answers took, seconds.", seconds)
    features: list[Sample] = [({"layer": layer}, count, "") for layer, count in sorted(measures.features.items())]
    yield Metric("twin_features_sent_total", "counter", "Features sent as pages or by themselves.", features)


def _histogram(route: str, tallies: list[Tally]) -> Iterator[Sample]:
    reached = list(accumulate(map(sum, zip(*(tally.classes for tally in tallies), strict=True))))
    for bound, count in zip([*(f"{bound:g}" for bound in SECONDS), "+Inf"], reached, strict=True):
        yield {"route": route, "le": bound}, count, "_bucket"
    yield {"route": route}, sum(tally.seconds for tally in tallies), "_sum"
    yield {"route": route}, reached[-1], "_count"


def _caches(context: Context) -> Iterator[Metric]:
    caches = {"answers": context.answers, "requests": context.hot, "tags": context.tags}
    for name, kind, about in (
        ("hits", "counter", "How often something was there."),
        ("misses", "counter", "How often it was not."),
        ("evictions", "counter", "What had to go for want of room."),
        ("size_bytes", "gauge", "What is kept, bytes."),
    ):
        counted = [({"cache": cache}, float(getattr(kept, name)), "") for cache, kept in caches.items()]
        yield Metric(f"twin_cache_{name}" + ("_total" if kind == "counter" else ""), kind, about, counted)
    waiting: list[Sample] = [({}, context.desk.length, "")]
    yield Metric("twin_tile_queue_length", "gauge", "Tiles that are made or wait for it.", waiting)


def _layers(context: Context) -> Iterator[Metric]:
    revisions: list[Sample] = []
    with suppress(TwinError):
        revisions += [
            ({"layer": layer.id}, context.store.latest(layer), "") for layer in context.served.layers.values()
        ]
    yield Metric("twin_store_up", "gauge", "Whether the store can be read.", [({}, float(bool(revisions)), "")])
    yield Metric("twin_layer_revision", "gauge", "Last revision of a layer.", revisions)
    held = [(frame.layer.id, frame) for frame in context.frames.held() if frame.layer.id in context.served.layers]
    sizes: dict[str, int] = {}
    for layer, frame in held:
        sizes[layer] = sizes.get(layer, 0) + frame_bytes(frame)
    memory = [({"layer": layer}, float(size), "") for layer, size in sizes.items()]
    yield Metric("twin_frames_bytes", "gauge", "Rows in memory and what is made of them, of all states, bytes.", memory)


def _process(context: Context) -> Iterator[Metric]:
    seconds = sum(os.times()[:2])
    yield Metric("twin_workers", "gauge", "Processes that answer together.", [({}, context.worker.count, "")])
    yield Metric("twin_info", "gauge", "The version.", [({"version": __version__}, 1, "")])
    yield Metric("process_start_time_seconds", "gauge", "Start, seconds since 1970.", [({}, _STARTED, "")])
    yield Metric("process_cpu_seconds_total", "counter", "Time of processors, seconds.", [({}, seconds, "")])
    with suppress(OSError):  # where there is no /proc
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        size = pages * os.sysconf("SC_PAGE_SIZE")
        yield Metric("process_resident_memory_bytes", "gauge", "Memory, bytes.", [({}, size, "")])


def _read_others(context: Context) -> dict[int, list[Metric]]:
    others: dict[int, list[Metric]] = {}
    folder = context.worker.find_folder("metrics")
    for file in [] if folder is None else folder.glob("*.json"):
        if int(file.stem) != context.worker.number:
            others[int(file.stem)] = _parse(json.loads(file.read_text()))
    return others


def _parse(written: Iterable[tuple[str, str, str, list[Sample]]]) -> list[Metric]:
    return [Metric(*metric) for metric in written]


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
