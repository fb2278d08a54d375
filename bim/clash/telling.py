"""Clashes as fields of the layer that keeps them, and as figures."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from bim.clash.bodies import Meetings
from bim.clash.gathering import Scene
from twin.bcf import topic_id
from twin.crs import CRS
from twin.frame import Frame

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_SEVERITY = {"CLASH": "error", "CLEAR": "warning"}
#: Fields that tell what features of a layer are.
_CLASSES = {"building_elements": "class", "pipe_segments": "class"}


def tell_clashes(
    scene: Scene,
    meetings: Meetings,
    may_be_first: Any,
    frames: Mapping[str, Frame],
    crs: CRS,
    *,
    tolerance_m: float,
    clearance_m: float,
) -> list[dict[str, Any]]:
    """Clashes as fields of `building_clashes`, and the `place` of each in the storage CRS.

    Parameters
    ----------
    scene, meetings
        What was compared, and what came of it.
    may_be_first
        (n,) bodies that may stand first: elements that are asked for.
    frames
        The layers of the features by their ids.
    crs
        The storage CRS.
    tolerance_m, clearance_m
        The limits.
    """
    places = np.asarray(shapely.points(scene.base.locate(meetings.places, crs)))
    firsts = set(np.flatnonzero(may_be_first).tolist())
    told = []
    for one, other, apart_m, shared_m3, shared_m2, place in zip(
        meetings.first,
        meetings.second,
        meetings.apart_m,
        meetings.shared_m3,
        meetings.shared_m2,
        places,
        strict=True,
    ):
        first, second = sorted((one, other), key=lambda body: (body not in firsts, scene.keys[body]))
        rule = "CLASH" if apart_m < 0 else "CLEAR"
        element, what = (_describe(scene, body, frames) for body in (first, second))
        told.append(
            {
                "clash_id": str(topic_id(rule, *sorted(f"{each['layer']}/{each['id']}" for each in (element, what)))),
                "rule": rule,
                "severity": _SEVERITY[rule],
                "building_id": element["building"],
                "storey": element["storey"],
                **{f"first_{name}": element[name] for name in ("id", "guid", "class", "name")},
                **{f"second_{name}": what[name] for name in ("layer", "id", "guid", "class", "name")},
                "measured_m": round(float(apart_m), 4),
                "limit_m": -tolerance_m if rule == "CLASH" else clearance_m,
                "shared_m3": _round(shared_m3),
                "shared_m2": _round(shared_m2),
                "place": place,
            }
        )
    return told


def _round(value: float) -> float | None:
    return None if np.isnan(value) else round(float(value), 6)


def _describe(scene: Scene, body: int, frames: Mapping[str, Frame]) -> dict[str, Any]:
    layer, key = scene.layers[body], scene.keys[body]
    row = frames[layer].data.loc[key]

    def read(name: str | None) -> str | None:
        value = row.get(name) if name else None
        return value if isinstance(value, str) else None

    is_element = layer == "building_elements"
    return {
        "layer": layer,
        "id": key,
        "guid": read("global_id" if is_element else None),
        "class": read(_CLASSES.get(layer)),
        "name": read("name"),
        "building": read("building_id" if is_element else None),
        "storey": read("storey" if is_element else None),
    }


def count_classes(found: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """How many pairs there are by rule and classes, the most first."""
    pairs = Counter((each["rule"], each["first_class"], _kind_of_second(each)) for each in found)
    return [
        {"rule": rule, "first": first, "second": second, "pairs": count}
        for (rule, first, second), count in sorted(pairs.items(), key=lambda each: (-each[1], each[0]))
    ]


def _kind_of_second(told: Mapping[str, Any]) -> str:
    is_element = told["second_layer"] == "building_elements"
    return str(told["second_class"] if is_element else told["second_layer"])


def play_parts(found: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, tuple[str, ...]]]:
    """The keys of the features by layer, by the rules that they break."""
    keys: dict[str, dict[str, set[str]]] = {}
    for each in found:
        by_layer = keys.setdefault(each["rule"], {})
        by_layer.setdefault("building_elements", set()).add(each["first_id"])
        by_layer.setdefault(each["second_layer"], set()).add(each["second_id"])
    return {rule: {layer: tuple(sorted(names)) for layer, names in by_layer.items()} for rule, by_layer in keys.items()}


def make_places(found: Sequence[dict[str, Any]]) -> Any:
    """The places of clashes, taken out of them."""
    return np.array([None, *(each.pop("place") for each in found)], dtype=object)[1:]
