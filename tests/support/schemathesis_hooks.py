"""Runs in Schemathesis: every third request that is allowed is for what is there, and what was answered is counted.

No schema says which keys there are, that the key in an address is the one in the body, or where a county lies.
"""

from __future__ import annotations

import atexit
import json
import os
from collections import Counter
from itertools import count
from pathlib import Path
from typing import Any

import schemathesis

_RING = [[118.5, 35.2], [118.51, 35.2], [118.51, 35.21], [118.5, 35.2]]
_PLACES = {
    "parcels": {"type": "MultiPolygon", "coordinates": [[_RING]]},
    "wells": {"type": "Point", "coordinates": [118.5, 35.2, 90.0]},
}

#: Values of variables of paths, for reading and changing, and for removing.
_THERE = {
    "feature_id": {"parcels": ["P1", "P2", "P3"], "wells": ["W1", "W2"]},
    "jobID": ["1"],
    "level": [0],
    "column": [0],
    "row": [0],
    "range": ["0-255", "19968-20223"],
    "slug": ["crs"],
    "sprite": ["marks", "marks@2x"],
}
_MOST = 100_000
_GOING = [f"G{number}" for number in range(8)]

_turn, _fresh, _removed = count(), count(), count()
_seen: Counter[str] = Counter()


@schemathesis.hook
def before_call(_context: Any, case: Any, _kwargs: Any) -> None:
    """Make every third request that the document allows, and each that removes, one for what is there."""
    turn = next(_turn)
    if str(case.query.get("limit", "")).isdecimal() and int(case.query["limit"]) > _MOST:
        case.query["limit"] = 0  # a limit beyond the maximum is no error (OGC 17-069r4, fc-limit-response-1)
    if "style" in case.path_parameters and case.method in ("PUT", "DELETE"):
        case.path_parameters["style"] = "mine"
    if (turn % 3 and case.method != "DELETE") or not _is_allowed(case):
        return
    layer = case.path.split("/")[2] if case.path.startswith("/collections/") else ""
    for name in case.path_parameters:
        there = _GOING if case.method == "DELETE" else _THERE.get(name, [])
        there = there[layer] if isinstance(there, dict) else there
        if name in _THERE:
            number = next(_removed) if case.method == "DELETE" else turn // 3
            case.path_parameters[name] = there[number % len(there)]
    if layer and case.method in ("POST", "PUT", "PATCH"):
        case.body = _fitting_body(case, _PLACES[layer])
        case.headers.pop("Content-Crs", None)
        case.query.pop("effective", None)


def _fitting_body(case: Any, place: dict[str, Any]) -> dict[str, Any]:
    feature = {"type": "Feature", "properties": {}, "geometry": place}
    if case.method == "PATCH":
        return {"geometry": place}
    if case.method == "PUT":
        return feature
    feature |= {"id": f"N{next(_fresh)}"}
    return {"insert": [feature]} if case.path.endswith("/transactions") else feature


@schemathesis.hook
def after_call(_context: Any, case: Any, response: Any) -> None:
    """Count answers."""
    kind = "allowed" if _is_allowed(case) else "forbidden"
    _seen[f"{case.method} {case.path} {kind} {response.status_code // 100}xx"] += 1


@atexit.register
def _write() -> None:
    Path(os.environ["SEEN"]).write_text(json.dumps(_seen))


def _is_allowed(case: Any) -> bool:
    return case.meta is not None and case.meta.generation.mode.value == "positive"
