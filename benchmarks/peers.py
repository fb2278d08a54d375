"""Other servers of vector data, each installed in an environment of its own, because the project does not need them."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from http_load import Server, run_server

sys.path.append(str(Path(__file__).parent.parent / "tests" / "support"))
from tests_postgis import Cluster

TIPG = ("tipg==1.6.1", "uvicorn>=0.34")
PYGEOAPI = ("pygeoapi==0.21.0", "gunicorn>=23", "psycopg2-binary>=2.9", "GeoAlchemy2>=0.15")
#: In front of what nobody looks at; the collection is the table `public.buildings`.
_PYGEOAPI = """
server:
  bind: {host: 127.0.0.1, port: PORT}
  url: http://127.0.0.1:PORT
  mimetype: application/json; charset=UTF-8
  encoding: utf-8
  gzip: false
  languages: [en-US]
  limits: {default_items: 100, max_items: 10000}
  map: {url: "https://example.org/{z}/{x}/{y}.png", attribution: none}
logging: {level: CRITICAL}
metadata:
  identification: {title: peer, description: peer, keywords: [peer], terms_of_service: none, url: "https://example.org"}
  license: {name: none, url: "https://example.org"}
  provider: {name: none, url: "https://example.org"}
  contact: {name: none, email: peer@example.org, url: "https://example.org"}
resources:
  buildings:
    type: collection
    title: buildings
    description: buildings
    keywords: [buildings]
    links: []
    extents: {spatial: {bbox: [-180, -90, 180, 90], crs: "http://www.opengis.net/def/crs/OGC/1.3/CRS84"}}
    providers:
      - type: feature
        name: PostgreSQL
        data: {host: FOLDER, port: 5432, dbname: postgres, user: USER, search_path: [public]}
        id_field: building_id
        table: buildings
        geom_field: geom
"""


def install(folder: Path, name: str, packages: Sequence[str]) -> Path:
    """Install a server and return the Python that has it."""
    venv.create(folder / name, with_pip=False)
    python = folder / name / "bin" / "python"
    command = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", *packages]
    if subprocess.run(command, check=False).returncode:
        sys.exit(f"not measured against {name}, because pip cannot install {packages[0]}")
    return python


@contextmanager
def serve_tipg(python: Path, cluster: Cluster, port: int, *, workers: int = 1) -> Iterator[Server]:
    """Tipg by its own uvicorn, which shows no tile less than is there, and counts no page."""
    settings = {
        "DATABASE_URL": f"postgresql://{cluster.user}@{str(cluster.folder).replace('/', '%2F')}/postgres",
        "TIPG_MAX_FEATURES_PER_TILE": "10000000",
        "TIPG_TILE_BUFFER": "64",
        "TIPG_CATALOG_TTL": "0",
    }
    arguments = ["-m", "uvicorn", "tipg.main:app", "--port", str(port), "--workers", str(workers)]
    command = ["env", *(f"{name}={value}" for name, value in settings.items()), python, *arguments]
    with run_server([*command, "--log-level", "warning"], port, "/healthz") as server:
        yield server


@contextmanager
def serve_pygeoapi(python: Path, cluster: Cluster, port: int, folder: Path, *, workers: int) -> Iterator[Server]:
    """Pygeoapi by gunicorn, as its image does it."""
    config, openapi = folder / "pygeoapi.yml", folder / "openapi.yml"
    filled = _PYGEOAPI.replace("PORT", str(port)).replace("FOLDER", str(cluster.folder)).replace("USER", cluster.user)
    config.write_text(filled)
    settings = {"PYGEOAPI_CONFIG": str(config), "PYGEOAPI_OPENAPI": str(openapi)}
    bin_ = python.parent
    subprocess.run(
        [bin_ / "pygeoapi", "openapi", "generate", config, "--output-file", openapi],
        env=os.environ | settings,
        check=True,
        capture_output=True,
    )
    arguments = ["--bind", f"127.0.0.1:{port}", "--workers", str(workers), "--worker-class", "gthread"]
    command = ["env", *(f"{name}={value}" for name, value in settings.items()), bin_ / "gunicorn", *arguments]
    more = ["--threads", "8", "--keep-alive", "60", "--log-level", "critical", "pygeoapi.flask_app:APP"]
    with run_server([*command, *more], port, "/conformance?f=json") as server:
        yield server
