"""`twin serve --workers`: processes that share a socket, and nothing of them that outlives the service."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import Popen
from urllib.parse import urlsplit

import pytest

from api.ops.workers import Worker
from layers import catalog
from tests_server import serving
from twin.settings import Settings
from twin.store import Changes
from twin.stores import open_store

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are looked for in /proc")

#: A machine busy with other tests takes some seconds to start a worker.
PATIENCE_S = 60


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "log"


@pytest.fixture
def service(county: Path, log: Path) -> Iterator[tuple[Popen[str], str]]:
    """Two workers that serve the county, both of which have answered."""
    with serving(county, "--workers", "2", log=log) as (process, root):
        wait_for(lambda: answering(root) == {"1 of 2", "2 of 2"})
        yield process, root


def wait_for(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.05)


def get(address: str) -> dict[str, object]:
    """By a connection of its own, which any of the workers may take."""
    with urllib.request.urlopen(address, timeout=20) as answer:
        found: dict[str, object] = json.load(answer)
        return found


def answering(root: str) -> set[object]:
    """Which workers answer to some requests."""
    return {get(f"{root}/healthz?f=json")["worker"] for _ in range(20)}


def workers_of(process: Popen[str]) -> list[int]:
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    return [int(child) for child in children if "spawn_main" in Path(f"/proc/{child}/cmdline").read_text()]


def is_running(process: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False


def is_free(root: str) -> bool:
    address = urlsplit(root)
    with socket.socket() as probe:
        return probe.connect_ex((address.hostname, address.port)) != 0


def test_all_workers_see_an_edit_and_one_that_dies_is_replaced(service, county, log) -> None:
    process, root = service
    items = f"{root}/collections/weather_stations/items?f=json"
    assert {get(items)["numberMatched"] for _ in range(20)} == {2}
    with open_store(county, write=True) as store:
        store.write(catalog().layer("weather_stations"), Changes(delete=("S2",)), author="weather", reason="closed")
    assert {get(items)["numberMatched"] for _ in range(20)} == {1}
    before = workers_of(process)
    os.kill(before[0], signal.SIGKILL)
    wait_for(lambda: len(set(workers_of(process)) - {before[0]}) == 2)
    assert get(f"{root}/healthz?f=json")["status"] == "alive"  # the other one answers meanwhile
    wait_for(lambda: answering(root) == {"1 of 2", "2 of 2"})
    assert before[1] in workers_of(process)
    assert "worker 1 ended (-9) and is replaced" in log.read_text().splitlines()


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_it_stops_in_good_order(service, log, stop) -> None:
    process, root = service
    workers = workers_of(process)
    assert len(workers) == 2
    process.send_signal(stop)
    assert process.wait(PATIENCE_S) == 0
    assert {json.loads(line)["path"] for line in log.read_text().splitlines()} == {"/healthz"}
    assert not any(map(is_running, workers))
    assert is_free(root)


def test_workers_end_with_the_process_that_watches_over_them(service) -> None:
    process, root = service
    workers = workers_of(process)
    process.kill()
    wait_for(lambda: not any(map(is_running, workers)))
    assert is_free(root)


def test_workers_share_what_one_may_take() -> None:
    settings = Settings(tile_cache_mb=100, tile_queue=1)
    shared = Worker(number=2, count=3).share(settings)
    assert (shared.tile_cache_mb, shared.tile_queue) == (33, 1)
    assert Worker().share(settings) == settings
