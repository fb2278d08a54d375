"""What was read of a model, told to people and to programs; every product is accounted for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import numpy as np

from bim.georeference.choosing import Assessment
from bim.georeference.report import describe_place, render_place
from bim.model import Model

#: Outcomes of products in the order they are told, with words for people.
_OUTCOMES = {
    "shape": "shape",
    "none": "no representation",
    "empty": "no body",
    "failed": "failed",
    "unreached": "not reached",
}
_SHOWN = 3


def describe_model(model: Model, place: Assessment) -> dict[str, Any]:
    """The report for programs.

    Parameters
    ----------
    model
        What was read.
    place
        What is known of its place.

    Returns
    -------
    dict
        `source`, `units`, `notes`, `storeys` (name, elevation_m), `products` by class with their outcomes, `missing`
        (each product without a shape that should have one, or with a part of it only, and why), `properties`,
        `materials`, `classifications`, `types` (counts), `instances`, `meshes`, `triangles`, `box_m` (west, south,
        bottom, east, north, top in coordinates of the model), `place`, `seconds`.
    """
    shapes = model.shapes
    box = bound_model(model)
    elements = model.elements
    missing = elements[elements["why"].notna()]
    return {
        "source": asdict(model.source),
        "units": asdict(model.units),
        "notes": list(model.notes),
        "storeys": [{"name": name, "elevation_m": elevation} for name, elevation in list_storeys(model)],
        "products": {str(kind): row for kind, row in model.count_outcomes().to_dict("index").items()},
        "missing": missing[["element_id", "class", "name", "outcome", "why"]]
        .replace({np.nan: None})
        .to_dict("records"),
        "types": len(model.types),
        "properties": len(model.properties),
        "materials": len(model.materials),
        "classifications": len(model.classifications),
        "instances": len(shapes.elements),
        "meshes": len(set(shapes.meshes.tolist())),
        "triangles": sum(len(shapes.place(row)[1]) for row in range(len(shapes.elements))),
        "box_m": None if box is None else [round(float(side), 6) for side in box.ravel()],
        "place": describe_place(place),
        "seconds": round(model.seconds, 2),
    }


def render_model(model: Model, place: Assessment) -> str:
    """The report for people."""
    return "\n".join([*_lines(model), *(f"  place: {line}" for line in render_place(place).splitlines())])


def list_storeys(model: Model) -> list[tuple[str, float | None]]:
    """Storeys with their elevations in metres, from below; by their placement where none is declared."""
    rows = model.elements[model.elements["class"] == "IfcBuildingStorey"]
    heights = rows["elevation_m"].fillna(rows["origin_z_m"]).to_numpy()
    order = np.argsort(heights, kind="stable")
    names = rows["name"].fillna("").to_numpy()
    return [(str(names[row]), None if np.isnan(heights[row]) else round(float(heights[row]), 6)) for row in order]


def bound_model(model: Model) -> Any:
    """The box of all triangles, 2 × 3 in metres of the model; None where there are none."""
    boxes = []
    for row in range(len(model.shapes.elements)):
        vertices, triangles = model.shapes.place(row)
        corners = vertices[np.unique(triangles)]
        boxes.append((corners.min(axis=0), corners.max(axis=0)))
    if not boxes:
        return None
    return np.array([np.min([low for low, _ in boxes], axis=0), np.max([high for _, high in boxes], axis=0)])


def _lines(model: Model) -> Iterator[str]:
    source, shapes = model.source, model.shapes
    said = ", ".join(text for text in (source.schema, source.application) if text)
    yield f"{source.name}: {said}, unit of length {model.units.length_m:g} m"
    storeys = list_storeys(model)
    if storeys:
        named = (name + ("" if height is None else f" {height:+.2f} m") for name, height in storeys)
        yield f"  {len(storeys)} storeys: {', '.join(named)}"
    outcomes = model.elements["outcome"].value_counts()
    parts = [f"{outcomes[name]:,} {word}" for name, word in _OUTCOMES.items() if name in outcomes]
    yield f"  {len(model.elements):,} products: {', '.join(parts)}"
    counts = model.count_outcomes()
    for kind in counts.sum(axis=1).sort_values(ascending=False, kind="stable").index:
        row = counts.loc[kind]
        parts = [f"{row[name]:,} {word}" for name, word in _OUTCOMES.items() if name in row.index and row[name]]
        yield f"    {kind}: {', '.join(parts)}"
    yield (
        f"  {len(model.types):,} types, {len(model.properties):,} properties and quantities, "
        f"{len(model.materials):,} materials, {len(model.classifications):,} classifications"
    )
    used = len(set(shapes.meshes.tolist()))
    yield f"  {len(shapes.elements):,} shapes of {used:,} meshes in {model.seconds:.1f} s"
    for text in (*source.normalised, *source.faults, *model.units.notes, *model.notes):
        yield f"  note: {text}"
    yield from _missing(model)


def _missing(model: Model) -> Iterator[str]:
    """A line for each reason why products have no shape, with the first of them."""
    missing = model.elements[model.elements["why"].notna()]
    for (outcome, why), group in missing.groupby(["outcome", "why"], sort=False):
        names = [f"{kind} {identity}" for kind, identity in zip(group["class"], group["element_id"], strict=True)]
        more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
        word = "incomplete" if outcome == "shape" else _OUTCOMES[str(outcome)]
        yield f"  {word}: {', '.join(names[:_SHOWN])}{more}: {why}"
