"""A service on a port of this machine, for what cannot be tried without one."""

from __future__ import annotations

import http.client
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from api.hot import HotProtocol


@contextmanager
def run_server(app: FastAPI, **options: int) -> Iterator[str]:
    """Serve an application and give its address; options of uvicorn."""
    http = HotProtocol if hasattr(app.state, "hot") else "auto"
    server = uvicorn.Server(uvicorn.Config(app, http=http, port=0, log_level="warning", **options))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


def get(connection: http.client.HTTPConnection, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    """Ask on a connection, and give status, headers (in small letters) and body."""
    connection.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
    answer = connection.getresponse()
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()


@contextmanager
def serving(store: Path | str, *options: str, log: Path | None = None) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run `twin serve` on a store and give the process and the address that it printed; its log may go to a file."""
    command = [sys.executable, "-m", "twin.cli", "serve", "--store", str(store), "--port", "0", *options]
    with (
        (log or Path(os.devnull)).open("w", encoding="utf-8") as file,
        subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE if log is None else file,
            text=True,
            env=os.environ | {"PYTHONUNBUFFERED": "1"},
        ) as process,
    ):
        assert process.stdout is not None
        try:
            said = "".join(process.stdout.readline() for _ in range(5))
            found = re.search(r"http://[^/]+:\d+", said)
            assert found is not None, said
            yield process, found.group()
        finally:
            process.kill()
