"""The command `twin serve`."""

from __future__ import annotations

import gc
import logging
import signal
import socket
import sys
from threading import Timer

import click

from twin.errors import TwinError
from twin.session import Session


@click.command()
@click.option("--host", help="Address to listen on; otherwise the setting `host`.")
@click.option("--port", type=click.IntRange(0, 65535), help="Port; otherwise the setting `port`; 0 takes a free one.")
@click.pass_obj
def serve(session: Session, host: str | None, port: int | None) -> None:
    """Serve the map APIs and the viewer until Ctrl-C.

    Example: twin serve --port 8080
    """
    gc.disable()  # what is loaded here stays, and to search it for garbage would take a fifth of the time
    import uvicorn

    from api.app import create_app
    from api.hot import HotProtocol
    from tiles.warm import warm_up_letters, warm_up_tiles

    host = host or session.settings.host
    _log_requests()
    with session.open() as store, _listen(host, session.settings.port if port is None else port) as listening:
        app = create_app(session.settings, store, session.catalog, open_again=session.open)
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
        root = f"http://{f'[{host}]' if ':' in host else host}:{listening.getsockname()[1]}/"
        click.echo(f"{app.state.context.title} is served:")
        for what, path in (("start", ""), ("map", "viewer/"), ("indicators", "indicators"), ("API", "docs")):
            click.echo(f"  {what:<12}{root}{path}")
        gc.freeze()
        gc.enable()
        # Whoever asks for the first tile is served first; letters are asked for once a map knows what to write.
        for pause_s, warm_up in ((0.0, warm_up_tiles), (1.0, warm_up_letters)):
            warming = Timer(pause_s, warm_up)
            warming.daemon = True
            warming.start()
        uvicorn.Server(config).run(sockets=[listening])


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


def _log_requests() -> None:
    """Write one JSON line for each request to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(message)s"))
    access = logging.getLogger("twin.access")
    access.handlers, access.propagate = [handler], False
    access.setLevel(logging.INFO)
