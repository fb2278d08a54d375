"""Schemathesis asks whatever the OpenAPI document allows, and much that it does not, and looks at every answer."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import shapely

from api.app import create_app
from tests_addresses import IDENTIFIERS, finished_jobs
from tests_server import run_server
from twin.settings import Settings
from twin.store import Changes
from twin.stores import create_store

HOOKS = Path(__file__).parents[1] / "support" / "schemathesis_hooks.py"
GOING = [f"G{number}" for number in range(8)]
#: What exists, where the document cannot say it; the hooks know more.
FIXED = ("tileMatrixSetId", "style", "fontstack", "processID", "layers", "name", "scene", "layer", "form")
FIXED += ("models", "digest", "detail")
#: It is not wrong to refuse what no schema can tell from what is possible: a tile outside of the limits of its tile
#: set, an instant that is none, rows that do not fit the layer.
CONFIG = f"""
hooks = {json.dumps(str(HOOKS))}

[generation]
deterministic = true
max-examples = 4

[checks]
positive_data_acceptance.expected-statuses = ["2xx", "3xx", 400, 404, 406, 409, 412, 415, 422]

[parameters]
""" + "\n".join(f'"path.{name}" = "{IDENTIFIERS[name]}"' for name in FIXED)


@pytest.fixture
def store(tmp_path, parcels, catalog, make_rows):
    """A town whose place is known, so that it is offered in some CRS only, with features that may be removed."""
    square, place = parcels.geometry.iloc[0], shapely.Point(500_000, 3_900_000, 90)
    rows = {"wells": [["W1", "W2"], GOING], "parcels": [GOING], "bunkers": [["B1"]]}
    with create_store(tmp_path / "town.gpkg", crs=parcels.crs, area=square) as store:
        store.write(catalog.layers["parcels"], Changes(insert=parcels), author="survey", reason="first survey")
        for name, batches in rows.items():
            layer = catalog.layers[name]
            for keys in batches:
                geometries = [square if name == "parcels" else place] * len(keys)
                more = make_rows(layer, geometries, **{layer.key: keys})
                store.write(layer, Changes(insert=more), author="survey", reason="more")
        yield store


@pytest.fixture
def root(store, catalog, tmp_path):
    """The service with something at every address, on a port."""
    (tmp_path / "town.pmtiles").write_bytes(b"PMTiles")
    settings = Settings(archives=str(tmp_path), styles=str(tmp_path / "styles"), geoid_offset="0 m, a test")
    jobs = finished_jobs(tmp_path / "jobs", "1", *GOING)
    with run_server(create_app(settings, store, catalog, jobs_of_all=jobs)) as root:
        yield root


def test_no_answer_departs_from_the_description_of_the_service(root: str, tmp_path: Path) -> None:
    """All checks of Schemathesis in all its phases: statuses, media types, headers, schemas, methods, refusals."""
    (tmp_path / "schemathesis.toml").write_text(CONFIG)
    with urllib.request.urlopen(f"{root}/api?f=json") as answer:
        description = answer.read()
    (tmp_path / "api.json").write_bytes(description)  # the address that it read the document from is not tested
    command = [Path(sys.executable).with_name("schemathesis"), "--config-file", "schemathesis.toml", "run"]
    phases = "examples,coverage,fuzzing,stateful"
    done = subprocess.run(
        [*command, "api.json", "--url", root, "--checks", "all", "--phases", phases, "--no-color"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONUTF8": "1", "SEEN": str(tmp_path / "seen.json")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[done.stdout.find("FAILURES") :]
    assert "Stateful" in done.stdout
    assert " generated, " in done.stdout
    require_successes(json.loads(description)["paths"], Counter(json.loads((tmp_path / "seen.json").read_text())))


def require_successes(paths: dict[str, Any], seen: Counter[str]) -> None:
    """Of every operation something succeeded, and of edits of features a good part of what the document allows.

    Buildings and their models are not among the layers of the town; scenes of them have tests of their own.
    """
    elsewhere = ("/{digest}/", ".subtree")
    operations = [
        f"{method.upper()} {path}"
        for path, item in paths.items()
        if not any(each in path for each in elsewhere)
        for method in item
    ]
    assert [each for each in operations if not seen[f"{each} allowed 2xx"]] == []
    for each in operations:
        if "/items" in each or "/transactions" in each:
            allowed = sum(seen[f"{each} allowed {status}xx"] for status in (2, 4))
            assert seen[f"{each} allowed 2xx"] >= allowed / 6, each
