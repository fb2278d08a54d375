"""Servers in processes of their own, and what asks them: wrk for the same tiles over and over, a list for each once."""

from __future__ import annotations

import http.client
import json
import os
import random
import re
import resource
import selectors
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import layers
from tiles.grid import grids_for
from tiles.prepared import columns_of
from twin.crs import parse_crs
from twin.stores import open_store

#: What the system counts processor time in.
_TICK_S = 1 / os.sysconf("SC_CLK_TCK")

#: Buildings a tile must hold to be asked for.
_LEAST = 20
_WRK = """
local asked = {}
function init(arguments)
  for line in io.lines("PATHS") do
    asked[#asked + 1] = wrk.format("GET", line, {["Accept-Encoding"] = "CODING"})
  end
end
local last = 0
function request()
  last = last % #asked + 1
  return asked[last]
end
function done(summary, latency)
  local wrong = summary.errors
  io.write(string.format('{"n": %d, "us": %d, "p50": %d, "p99": %d, "wrong": %d}', summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99), wrong.connect + wrong.read + wrong.write + wrong.status))
end
"""


@dataclass(frozen=True, kw_only=True)
class Load:
    """What came of asking: answers a second by the clock and of each second that the server computed, waiting, size."""

    per_s: float
    per_core_s: float
    p50_ms: float
    p99_ms: float
    mean_bytes: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Server:
    """A running server."""

    process: subprocess.Popen[bytes]
    port: int

    def ready(self, path: str) -> bool:
        """Whether it sends a path."""
        try:
            return get(http.client.HTTPConnection("127.0.0.1", self.port, timeout=30), path)[0] in (200, 204)
        except OSError:
            return False

    def cpu_s(self) -> float:
        """Seconds that it and its children have computed so far."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        ticks = 0
        for process in (str(self.process.pid), *children):
            fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")


def require(**packages: str) -> None:
    """End plainly where a command is missing."""
    missing = [package for command, package in packages.items() if shutil.which(command) is None]
    if missing:
        sys.exit(f"not measured, because something is missing: apt-get install {' '.join(missing)}")


def make_county(folder: Path) -> Path:
    """Make the sample county."""
    path = folder / "county.gpkg"
    command = [sys.executable, "-m", "twin.cli", "sample", str(path), "--size", "county"]
    subprocess.run(command, check=True, capture_output=True)
    return path


def tiles_with_buildings(store: Path, z: int, count: int) -> list[tuple[int, int]]:
    """Choose tiles over the whole county, by column and row."""
    with open_store(str(store)) as opened:
        frame = opened.read(layers.catalog().layer("buildings"))
        grid = grids_for(opened.crs)["WebMercatorQuad"]
    bounds = columns_of(frame, parse_crs(3857)).bounds
    side = grid.side / 2**z
    columns = np.floor(((bounds[:, 0] + bounds[:, 2]) / 2 - grid.west) / side).astype(int)
    rows = np.floor((grid.north - (bounds[:, 1] + bounds[:, 3]) / 2) / side).astype(int)
    places, numbers = np.unique(np.stack([columns, rows], axis=1), axis=0, return_counts=True)
    full = [(int(x), int(y)) for x, y in places[numbers >= _LEAST]]
    return random.Random(1).sample(full, min(count, len(full)))


@contextmanager
def run_server(command: Sequence[str | Path], port: int, ready: str, *, core: int | None = None) -> Iterator[Server]:
    """Run a server, on one core or on all, from when it answers a path."""
    pin = [] if core is None else ["taskset", "-c", str(core)]
    with subprocess.Popen(
        [*pin, *map(str, command)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    ) as process:
        server = Server(process=process, port=port)
        try:
            until = time.monotonic() + 60
            while not server.ready(ready):
                if process.poll() is not None or time.monotonic() > until:
                    raise SystemExit(f"{command[0]} does not serve {ready}")
                time.sleep(0.01)
            yield server
        finally:
            os.killpg(process.pid, signal.SIGTERM)


#: A setting with which a server reads its rows.
NO_SHELF = "TWIN_CACHE_MB=0"


def serve_twin(store: Path | str, port: int, settings: Sequence[str] = (NO_SHELF,)) -> list[str | Path]:
    """The command that serves a store."""
    return ["env", *settings, sys.executable, "-m", "twin.cli", "--store", store, "serve", "--port", str(port)]


def wait_until_prepared(server: Server) -> None:
    """Wait until the server has the layers in memory: until it computes no more."""
    quiet, before = 0, server.cpu_s()
    while quiet < 3:
        time.sleep(0.5)
        now = server.cpu_s()
        quiet, before = quiet + 1 if now - before < 0.05 else 0, now


def get(connection: http.client.HTTPConnection, path: str, coding: str = "gzip") -> tuple[int, dict[str, str], bytes]:
    """Ask for a path: status, headers in lower case, body."""
    connection.request("GET", path, headers={"Accept-Encoding": coding})
    answer = connection.getresponse()
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()


def ask_on_and_on(
    server: Server, paths: Sequence[str], connections: int, *, seconds: int, core: int, coding: str = "gzip"
) -> Load:
    """Ask for the same paths in turn for some seconds, by wrk on one core."""
    with tempfile.TemporaryDirectory() as name:
        script, listed = Path(name) / "load.lua", Path(name) / "paths"
        listed.write_text("\n".join(paths) + "\n")
        script.write_text(_WRK.replace("PATHS", str(listed)).replace("CODING", coding))
        command = ["taskset", "-c", str(core), "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", str(script)]
        before = server.cpu_s()
        said = subprocess.run([*command, f"http://127.0.0.1:{server.port}"], check=True, capture_output=True, text=True)
        computed = server.cpu_s() - before
    found = re.search(r"\{.*\}", said.stdout)
    result = json.loads(found[0]) if found else {"wrong": said.stdout}
    if result["wrong"]:
        raise SystemExit(f"not every answer was right: {result}")
    return Load(
        per_s=result["n"] / result["us"] * 1e6,
        per_core_s=result["n"] / computed,
        p50_ms=result["p50"] / 1000,
        p99_ms=result["p99"] / 1000,
    )


class _Channel:
    """A connection that asks for a path, and takes in what comes."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._received, self._end = b"", 0

    def ask(self, path: str, coding: str) -> None:
        """Ask for a path."""
        self.path, self.begun, self._received, self._end = path, time.perf_counter(), b"", 0
        self.socket.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept-Encoding: {coding}\r\n\r\n".encode())

    def take(self) -> int | None:
        """Take in what has come; return the bytes of the body once it is whole."""
        self._received += self.socket.recv(1 << 20)
        if not self._end:
            self._end = self._received.find(b"\r\n\r\n") + 4
            if self._end < 4 or self._received[9:12] not in (b"200", b"204"):
                raise SystemExit(f"{self.path}: {self._received[:100]!r}")
            head = self._received[: self._end].lower()
            length = re.search(rb"\r\ncontent-length: *([0-9]+)\r", head)
            self._size = int(length[1]) if length else 0
            self._chunked = b"\r\ntransfer-encoding: chunked\r" in head
        if self._chunked:
            return len(self._received) - self._end if self._received.endswith(b"\r\n0\r\n\r\n") else None
        return self._size if len(self._received) == self._end + self._size else None


def ask_once(server: Server, paths: Sequence[str], connections: int, *, coding: str = "gzip") -> Load:
    """Ask for each path once, over some connections that take the next when they are free.

    One thread does it, because the client shares the machine with the server.
    """
    left, taken, sizes = list(reversed(paths)), [], []
    with selectors.DefaultSelector() as waiting, ExitStack() as opened:
        before, begun = server.cpu_s(), time.perf_counter()
        for _ in range(min(connections, len(paths))):
            channel = _Channel(server.port)
            opened.enter_context(channel.socket)
            waiting.register(channel.socket, selectors.EVENT_READ, channel)
            channel.ask(left.pop(), coding)
        while len(taken) < len(paths):
            for key, _ in waiting.select(30):
                size = key.data.take()
                if size is not None:
                    taken.append(time.perf_counter() - key.data.begun)
                    sizes.append(size)
                    if left:
                        key.data.ask(left.pop(), coding)
        clock, computed = time.perf_counter() - begun, max(server.cpu_s() - before, _TICK_S)
    ms = 1000 * np.sort(taken)
    return Load(
        per_s=len(paths) / clock,
        per_core_s=len(paths) / computed,
        p50_ms=float(np.percentile(ms, 50)),
        p99_ms=float(np.percentile(ms, 99)),
        mean_bytes=statistics.mean(sizes),
    )


def print_load(what: str, load: Load) -> None:
    """One line."""
    size = f"{load.mean_bytes / 1000:7.1f} kB" if load.mean_bytes else ""
    print(
        f"{what:<44} {load.per_s:9,.0f} /s   {load.per_core_s:9,.0f} a core-second   "
        f"p50 {load.p50_ms:7.2f} ms   p99 {load.p99_ms:7.2f} ms {size}"
    )


def median_of(loads: Sequence[Load]) -> Load:
    """The run in the middle by rate."""
    return sorted(loads, key=lambda load: load.per_s)[len(loads) // 2]


def describe_machine() -> str:
    """How busy it is beside."""
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return f"{os.cpu_count()} cores, load average {load}, {files} open files"
