"""Schemathesis asks whatever the OpenAPI document allows, and much that it does not, and looks at every answer."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from api.app import create_app
from tests_server import run_server
from twin.settings import Settings

#: What exists, where the document cannot say it; and that it is not wrong to refuse what no schema can tell from what
#: is possible: a tile outside of the limits of its tile set, an instant that is none, rows that do not fit the layer.
CONFIG = """
[generation]
deterministic = true
max-examples = 8

[parameters]
"path.tileMatrixSetId" = "WebMercatorQuad"
"path.style" = "map"
"path.fontstack" = "WenQuanYi Micro Hei Regular"
"path.processID" = "park_share"
"path.layers" = "parcels"

[checks]
positive_data_acceptance.expected-statuses = ["2xx", "3xx", 400, 404, 406, 409, 412, 415, 422]
"""


@pytest.fixture
def root(store, catalog, tmp_path):
    """The service with something at every address, on a port."""
    (tmp_path / "town.pmtiles").write_bytes(b"PMTiles")
    with run_server(create_app(Settings(archives=str(tmp_path)), store, catalog)) as root:
        yield root


def test_no_answer_departs_from_the_description_of_the_service(root: str, tmp_path: Path) -> None:
    """All checks of Schemathesis in all its phases: statuses, media types, headers, schemas, methods, refusals."""
    (tmp_path / "schemathesis.toml").write_text(CONFIG)
    command = [Path(sys.executable).with_name("schemathesis"), "--config-file", "schemathesis.toml", "run"]
    phases = "examples,coverage,fuzzing,stateful"
    done = subprocess.run(
        [*command, f"{root}/api", "--checks", "all", "--phases", phases, "--no-color"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[done.stdout.find("FAILURES") :]
    assert "Stateful" in done.stdout
    assert " generated, " in done.stdout
