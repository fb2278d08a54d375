"""What stands at the addresses of the test town that no list of its own leads to."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from api.jobs.desk import Jobs
from api.jobs.execution import Execution
from api.jobs.files import Job, write_job
from blocks_models import TOWN, name_model
from twin.place import Place
from twin.settings import Settings

#: A value for each variable of a path.
IDENTIFIERS = {"slug": "crs", "layers": "parcels", "z": "12", "x": "3396", "y": "1619"}
IDENTIFIERS |= {"tileMatrixSetId": "WebMercatorQuad", "tileMatrix": "12", "tileCol": "3396", "tileRow": "1619"}
IDENTIFIERS |= {"name": "town.pmtiles", "processID": "park_share", "jobID": "1"}
IDENTIFIERS |= {"style": "map", "fontstack": "WenQuanYi Micro Hei Regular", "range": "0-255", "sprite": "marks@2x"}
IDENTIFIERS |= {"scene": "all", "layer": "wells", "level": "0", "column": "0", "row": "0", "form": "far"}
IDENTIFIERS |= {"models": "building_models", "digest": name_model(TOWN), "detail": "whole"}

#: A feature of each layer but parcels.
FEATURES = {"wells": "W1", "houses": "house", "building_models": "hall", "building_elements": "hall.south"}


def address_of(path: str) -> str:
    """An address where something stands, of a path of the document."""
    layer = path.removeprefix("/collections/").partition("/")[0]
    values = IDENTIFIERS | {"feature_id": FEATURES.get(layer, "P1")}
    if path.endswith(".subtree"):  # only what is drawn in one form has squares without a list
        values["layer"] = "houses"
    return path.format(**values)


def finished_jobs(folder: Path, *names: str) -> Jobs:
    """Jobs that have their output."""
    now = datetime.now(UTC)
    asked = Execution(process="park_share", inputs={}, outputs=("result",), as_document=False)
    for name in names:
        (folder / name).mkdir(parents=True)
        (folder / name / "result").write_bytes(b"{}")
        job = Job(id=name, execution=asked, created=now, updated=now)
        write_job(folder / name, job.moved("successful", "has its outputs"))
    return Jobs(Settings(), Place(""), folder)
