"""What is made of rows as plain arrays, and back: what a shelf can hold (`tiles.shelf`)."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np

from tiles.attributes import Attributes
from tiles.columns import Columns
from tiles.kernels.chains import Members
from tiles.paths import Paths
from tiles.prepared import Prepared
from tiles.volume import Array, Volume
from twin.bbox import BBox
from twin.crs import parse_crs


def flatten(thing: Any) -> Volume | None:
    """Take a thing apart; None where it is of a kind that no shelf holds."""
    match thing:
        case Columns():
            return _flatten_columns(thing)
        case Prepared():
            columns = _flatten_columns(thing.whole)
            return replace(columns, title=columns.title | {"kind": "prepared"})
        case BBox():
            return Volume(title={"kind": "box", "box": list(thing)}, arrays={})
        case _:
            return None


def restore(volume: Volume) -> Any:
    """Put a thing together again; its arrays are those of the volume."""
    if volume.title["kind"] == "box":
        return BBox(*volume.title["box"])
    columns = _restore_columns(volume)
    return Prepared.of(columns) if volume.title["kind"] == "prepared" else columns


def _flatten_columns(columns: Columns) -> Volume:
    arrays = _arrays_of(columns) | _arrays_of(columns.paths, "paths.") | _arrays_of(columns.attributes, "attributes.")
    arrays["importance"] = columns.importance
    if columns.members is not None:
        arrays |= {f"members.{name}": array for name, array in columns.members._asdict().items()}
    title = {
        "kind": "columns",
        "crs": columns.crs.srs,
        "keys": columns.attributes.keys,
        "broken": columns.broken,
        "simplify": columns.simplify,
        "joined": columns.members is not None,
    }
    return Volume(title=title, arrays=arrays)


def _restore_columns(volume: Volume) -> Columns:
    title, arrays = volume.title, dict(volume.arrays)
    paths, attributes, members = (_take(arrays, prefix) for prefix in ("paths.", "attributes.", "members."))
    importance = arrays.pop("importance")
    columns = Columns(
        crs=parse_crs(title["crs"]),
        paths=Paths(**paths),
        attributes=Attributes(keys=tuple(title["keys"]), **attributes),
        broken=tuple(title["broken"]),
        simplify=title["simplify"],
        members=Members(**members) if title["joined"] else None,
        **arrays,
    )
    columns.__dict__["importance"] = importance  # as if it had been computed
    return columns


def _arrays_of(thing: Columns | Paths | Attributes, prefix: str = "") -> dict[str, Array]:
    return {
        prefix + field.name: value
        for field in fields(thing)
        if isinstance(value := getattr(thing, field.name), np.ndarray)
    }


def _take(arrays: dict[str, Array], prefix: str) -> dict[str, Any]:
    """Take out what stands under a prefix."""
    names = [name for name in arrays if name.startswith(prefix)]
    return {name.removeprefix(prefix): arrays.pop(name) for name in names}
