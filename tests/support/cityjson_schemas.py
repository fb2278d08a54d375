"""The schemas of CityJSON 2.0 as a judge of documents and features."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import jsonschema_rs

_FOLDER = Path(__file__).parents[1] / "vendor" / "cityjson"


@cache
def _validator(name):
    schemas = [json.loads(path.read_text(encoding="utf-8")) for path in _FOLDER.glob("*.schema.json")]
    registry = jsonschema_rs.Registry([(each["$id"], each) for each in schemas])
    (own,) = (each for each in schemas if each["$id"].endswith(f"/{name}.schema.json"))
    return jsonschema_rs.Draft7Validator(own, registry=registry)


def break_schema(said):
    """What a document, or a feature of a sequence, has that its schema does not allow."""
    name = {"CityJSON": "cityjson", "CityJSONFeature": "cityjsonfeature"}[said["type"]]
    return [f"{error.instance_path}: {error.message[:200]}" for error in _validator(name).iter_errors(said)]
