"""Hot tiles over HTTP against nginx that sends the same bytes from files: one core for the server, one for wrk.

Both send 200 tiles of zoom 15 with gzip, made beforehand, and log every request. Beside the rate by the clock stands
that of each second that the server computed, which other work on the machine does not change much.
"""

from __future__ import annotations

import gzip
import http.client
import tempfile
from pathlib import Path

from http_load import (
    Load,
    Server,
    ask_on_and_on,
    describe_machine,
    get,
    make_county,
    median_of,
    print_load,
    require,
    run_server,
    serve_twin,
    tiles_with_buildings,
    wait_until_prepared,
)

WANTED = 0.3
RUNS, SECONDS = 3, 4
OURS, PEER = 8611, 8612
#: With headers of the same size; its worker is one, because it has one core.
_NGINX = """
worker_processes 1; daemon off; pid FOLDER/pid; error_log FOLDER/error.log;
events { worker_connections 1024; }
http {
  access_log FOLDER/access.log; sendfile on; tcp_nopush on; keepalive_requests 1000000000; gzip_static on; gzip_vary on;
  client_body_temp_path FOLDER/body;
  types { application/vnd.mapbox-vector-tile mvt; }
  server {
    listen 127.0.0.1:PORT; root FOLDER/files;
    add_header Cache-Control "public, no-cache"; add_header X-Twin-Features "buildings;in=664;out=663;collapsed=1";
    add_header Access-Control-Allow-Origin "*"; add_header X-Request-ID $request_id;
  }
}
"""


def main() -> None:
    """Print rates and waiting times."""
    require(wrk="wrk", nginx="nginx", taskset="util-linux")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)  # nginx gives up root
        store = make_county(folder)
        paths = [f"/tiles/buildings/15/{x}/{y}.mvt" for x, y in tiles_with_buildings(store, 15, 200)]
        with run_server(serve_twin(store, OURS), OURS, paths[0], core=1) as ours:
            prepare(ours, paths, folder)
            with run_server(["nginx", "-c", folder / "nginx.conf", "-p", folder], PEER, paths[0], core=1) as peer:
                require_same(ours, peer, paths)
                for connections in (10, 100):
                    compare(ours, peer, paths, connections)
    print(describe_machine())


def prepare(server: Server, paths: list[str], folder: Path) -> None:
    """Have the tiles made, and write them to files as they are and as they are sent."""
    wait_until_prepared(server)
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    for path in paths:
        file = folder / "files" / path[1:]
        file.parent.mkdir(parents=True, exist_ok=True)
        packed = get(connection, path)[2]
        file.write_bytes(gzip.decompress(packed))
        file.with_name(f"{file.name}.gz").write_bytes(packed)
    (folder / "nginx.conf").write_text(_NGINX.replace("FOLDER", str(folder)).replace("PORT", str(PEER)))


def require_same(ours: Server, peer: Server, paths: list[str]) -> None:
    """Both must send the same with the same headers that count."""
    connections = [http.client.HTTPConnection("127.0.0.1", server.port) for server in (ours, peer)]
    for path in paths:
        one, other = (get(connection, path) for connection in connections)
        for name in ("content-type", "content-encoding", "cache-control", "content-length"):
            assert one[1][name] == other[1][name], (path, name)
        assert (one[0], one[2]) == (other[0], other[2]) == (200, one[2]), path


def compare(ours: Server, peer: Server, paths: list[str], connections: int) -> None:
    """Ask both in turn."""
    runs: list[tuple[Load, Load]] = []
    for _ in range(RUNS):
        one, other = (ask_on_and_on(server, paths, connections, seconds=SECONDS, core=0) for server in (ours, peer))
        runs.append((one, other))
    one, other = (median_of(loads) for loads in zip(*runs, strict=True))
    print_load(f"hot tiles, {connections} connections", one)
    print_load("  nginx", other)
    print(
        f"  of nginx: {one.per_s / other.per_s:.2f} by the clock, {one.per_core_s / other.per_core_s:.2f} "
        f"by what the server computes (wanted {WANTED} at least)"
    )


if __name__ == "__main__":
    main()
