"""Which model a file is a newer state of, and what models and their buildings are called."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bim.model import Model
from twin.errors import InvalidParameter
from twin.layer import Layer
from twin.query import Query
from twin.store import Store

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

#: So many elements of a file are looked for, and such a share of them found makes it a newer state of a model.
_SAMPLE, _SHARE = 200, 0.5


def find_model(store: Store, elements: Layer, models: Layer, model: Model) -> str | None:
    """Find the model of the twin that has most of the elements of a file; None where there is none."""
    known = model.elements["element_id"].to_numpy()
    if not len(known):
        return None
    sample = known[np.unique(np.linspace(0, len(known) - 1, _SAMPLE).astype(np.intp))]
    best, most = None, _SHARE * len(sample)
    for model_id in store.keys(models):
        found = store.count(elements, Query(ids=tuple(f"{model_id}.{each}" for each in sample)))
        if found >= most:
            best, most = str(model_id), found
    return best


#: What programs write for a building where nobody gave it a name, as seen in files.
_PLACEHOLDERS = frozenset(
    ("building", "building name", "default building", "unnamed", "undefined", "xyz", "// building/name //")
)


def first_name(*texts: object) -> str | None:
    """Return the first text that is the name of a building, and not what programs write where nobody gave one."""
    names = (" ".join(text.split()) for text in texts if isinstance(text, str))
    return next((name for name in names if name and name.casefold() not in _PLACEHOLDERS), None)


def name_model(store: Store, models: Layer, file: Path) -> str:
    """Name a new model after its file; a number follows where another model has the name."""
    stem = file.name.partition(".")[0][:190] or "model"
    taken = set(store.keys(models))
    return next(name for name in (stem, *(f"{stem}-{n}" for n in range(2, 10_000))) if name not in taken)


@dataclass(frozen=True, kw_only=True)
class Names:
    """What a model and its buildings are called.

    Parameters
    ----------
    model
        The key of the model.
    buildings
        The building for each row of an IfcBuilding.
    fixed
        Whether somebody asked for that building, wherever the model stands.
    """

    model: str
    buildings: Mapping[int, str]
    fixed: bool = False


def name_buildings(
    model: Model, buildings: Iterable[int], model_id: str, before: GeoDataFrame, asked: str | None
) -> Names:
    """Name the buildings of a model, by the rows of its IfcBuildings.

    One alone is what was asked for, or what it was before. Others get names that follow from the model and their
    GlobalIds, so that a newer file gives them again.

    Raises
    ------
    InvalidParameter
        A building was asked for, and the model is not of one.
    """
    rows = list(buildings)
    if asked and len(rows) != 1:
        many = f"{len(rows):,} buildings" if rows else "no building with a shape"
        raise InvalidParameter(
            f"{model.source.name} has {many}: --building is for a model of one; leave it out, and the outlines on "
            "which they stand are found",
            parameter="building",
        )
    if len(rows) == 1:
        was: Mapping[str, Any] = before.iloc[0].to_dict() if len(before) else {}
        known = asked or was.get("building_id")
        if isinstance(known, str) and known:
            return Names(model=model_id, buildings={rows[0]: known}, fixed=bool(asked))
    ids = model.elements["element_id"].to_numpy()
    named = {row: f"bim-{hashlib.sha256(f'{model_id}.{ids[row]}'.encode()).hexdigest()[:12]}" for row in rows}
    return Names(model=model_id, buildings=named)
