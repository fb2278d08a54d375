"""The command `twin serve`."""

from __future__ import annotations

import gc
import signal
import socket
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Timer
from typing import TYPE_CHECKING

import click

from twin.errors import TwinError
from twin.session import Session
from twin.store import UNTITLED, Store

if TYPE_CHECKING:
    from api.ops.workers import Worker


@click.command()
@click.option("--host", help="Address to listen on; otherwise the setting `host`.")
@click.option("--port", type=click.IntRange(0, 65535), help="Port; otherwise the setting `port`; 0 takes a free one.")
@click.option("--workers", type=click.IntRange(1, 64), help="Processes that answer; otherwise the setting `workers`.")
@click.pass_obj
def serve(session: Session, host: str | None, port: int | None, workers: int | None) -> None:
    """Serve the map APIs and the viewer until Ctrl-C.

    Example: twin serve --port 8080
    """
    from api.ops.workers import ALONE, run_workers

    gc.disable()  # what is loaded here stays, and to search it for garbage would take a fifth of the time
    session = replace(session, settings=replace(session.settings, host=host or session.settings.host))
    host, count = session.settings.host, workers or session.settings.workers
    with _listen(host, session.settings.port if port is None else port) as listening:
        with session.open() as store:
            root = f"http://{f'[{host}]' if ':' in host else host}:{listening.getsockname()[1]}/"
            click.echo(f"{store.title or UNTITLED} is served:")
            for what, path in (("start", ""), ("map", "viewer/"), ("indicators", "indicators"), ("API", "docs")):
                click.echo(f"  {what:<12}{root}{path}")
            if count == 1:
                _serve(session, store, listening, ALONE)
        if count > 1:
            with TemporaryDirectory(prefix="county-twin-", ignore_cleanup_errors=True) as shared:
                run_workers(partial(_work, session), listening, count, Path(shared))


def _work(session: Session, listening: socket.socket, worker: Worker) -> None:
    """Serve as one of several processes."""
    gc.disable()
    try:
        with _open(session, worker) as store:
            _serve(session, store, listening, worker)
    except TwinError as error:  # the store went away meanwhile
        sys.exit(f"worker {worker.number}: {error.detail}")


def _open(session: Session, worker: Worker) -> Store:
    """Open the store for one of several processes, which knows at once what the others write."""
    store = session.open()
    if worker.writes is not None:
        store.share_stamp(worker.writes)
    return store


def _serve(session: Session, store: Store, listening: socket.socket, worker: Worker) -> None:
    """Serve a store on a socket until SIGINT or SIGTERM."""
    import uvicorn

    from api.app import create_app
    from api.hot import HotProtocol
    from api.jobs.desk import Jobs
    from api.ops.logs import write_logs
    from api.ops.server import TwinServer
    from tiles.shelf import open_shelf
    from tiles.warm import warm_up_letters, warm_up_tiles
    from twin.stores import is_database

    write_logs()
    app = create_app(
        worker.share(session.settings),
        store,
        session.catalog,
        open_again=partial(_open, session, worker),
        # A database takes writes on the connections that read; a file is opened for them when there is an edit.
        open_to_write=None if is_database(session.store_url) else partial(session.open, write=True),
        worker=worker,
        shelf=open_shelf(session.settings),
        jobs_of_all=Jobs(session.settings, session.store_url, worker.find_folder("jobs")),
    )
    config = uvicorn.Config(
        app,
        http=HotProtocol,
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=10,
    )
    # Uvicorn stops in good order on a signal and raises it once more when done; to stop is what was asked.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: sys.exit(0))
    gc.freeze()
    gc.enable()
    # Whoever asks for the first tile is served first; letters are asked for once a map knows what to write.
    readiness = app.state.readiness
    readiness.is_warming = True

    def get_ready() -> None:
        try:
            warm_up_tiles()
        finally:
            readiness.is_warming = False

    for pause_s, warm_up in ((0.0, get_ready), (1.0, warm_up_letters)):
        warming = Timer(pause_s, warm_up)
        warming.daemon = True
        warming.start()
    TwinServer(config, readiness).run(sockets=[listening])


def _listen(host: str, port: int) -> socket.socket:
    """Take the address before anything is promised."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listening = socket.create_server((host, port), family=family)
    except OSError as error:
        raise TwinError(
            f"cannot listen on {host} port {port}: {error.strerror}; choose another with --port", cause=error
        ) from error
    # Connections inherit it. Otherwise the body of an answer waits 40 ms for the client to acknowledge the head.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening
