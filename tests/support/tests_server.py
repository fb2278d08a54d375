"""A service on a port of this machine, for what cannot be tried without one."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI

from api.hot import HotProtocol


@contextmanager
def run_server(app: FastAPI) -> Iterator[str]:
    """Serve an application and give its address."""
    http = HotProtocol if hasattr(app.state, "hot") else "auto"
    server = uvicorn.Server(uvicorn.Config(app, http=http, port=0, log_level="warning"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
