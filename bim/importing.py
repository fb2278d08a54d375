"""Bring a model into a twin: rows of three layers and what is kept beside them, as one write.

`building_models` has a row for each file, `building_elements` one for each product, `buildings` one for each building.
A newer file of a model is a difference by GlobalId: what is the same stays untouched. Buildings that were surveyed keep
their outline and whatever is known of them; a model adds what nobody knew, and its CIM level.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
import zstandard

from bim.footprint import project_instances
from bim.georeference.choosing import Assessment, require_place
from bim.identity import find_model, first_name, name_buildings, name_model
from bim.levels import CimLevel, judge_buildings, judge_level
from bim.model import Model
from bim.packing import pack_placed
from bim.placed import Placed, place_model
from bim.rows import element_keys, gather_properties, lay_out, tabulate_elements
from bim.standing import stand_buildings
from bim.summary import Summary, summarise_buildings
from twin.catalog import Catalog
from twin.columns import typed_series
from twin.crs import CRS, geodesic_distance_m
from twin.errors import InvalidParameter
from twin.expressions import compare
from twin.ingest.changes import find_changes
from twin.ingest.faults import Faults, Rows
from twin.ingest.settle import make_rows
from twin.layer import Layer
from twin.query import Query
from twin.store import Changes, Store, Write

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

MODELS, ELEMENTS, BUILDINGS = "building_models", "building_elements", "buildings"
#: A newer file may correct the place of a model by so much.
_MOVED_M = 100.0


@dataclass(frozen=True, kw_only=True)
class Order:
    """How a model is to be imported.

    Parameters
    ----------
    author, reason, effective
        Of the revisions.
    model_id
        What the model is called; by default that of the model most of whose elements are in the file, or the name of
        the file.
    building_id
        The building that it is of; by default that of the model before, or the one on whose outline it stands.
    dry_run
        Compare, and write nothing.
    """

    author: str
    reason: str = ""
    effective: datetime | None = None
    model_id: str | None = None
    building_id: str | None = None
    dry_run: bool = False


@dataclass(frozen=True, kw_only=True)
class Imported:
    """What became of a model.

    Parameters
    ----------
    model_id
        What it is called.
    buildings
        Its buildings.
    added, changed, removed
        GlobalIds of elements that are new, that are others than before, and that are there no longer.
    unchanged
        How many elements are as before.
    level
        The CIM level, and why.
    notices
        What somebody should look at.
    revisions
        The revision of each layer that was written.
    kept_bytes
        How much is kept of it: the file, and its shapes.
    """

    model_id: str
    buildings: tuple[str, ...]
    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]
    unchanged: int
    level: CimLevel
    notices: tuple[str, ...] = ()
    revisions: Mapping[str, int] = field(default_factory=dict)
    kept_bytes: int = 0


def import_model(store: Store, catalog: Catalog, file: Path, model: Model, place: Assessment, order: Order) -> Imported:
    """Import a model that was read from a file.

    Raises
    ------
    NotGeoreferenced
        Nothing places it.
    InvalidParameter
        A model of these elements stands somewhere else.
    RevisionConflict
        Somebody else wrote meanwhile.
    """
    by = require_place(place, file.name)
    layers = {name: catalog.layer(name) for name in (MODELS, ELEMENTS, BUILDINGS)}
    base = {name: store.latest(layer) for name, layer in layers.items()}
    model_id = (
        order.model_id
        or find_model(store, layers[ELEMENTS], layers[MODELS], model)
        or name_model(store, layers[MODELS], file)
    )
    placed = place_model(model, by, store.crs, element_keys(model_id, model))
    seen = project_instances(placed)
    properties = gather_properties(model)
    summaries = summarise_buildings(model, placed, seen, properties, by, store.crs)
    before = store.read(layers[MODELS], Query(ids=(model_id,))).data
    if order.model_id is None and len(before):
        _require_same_place(before.geometry.iloc[0], placed, store.crs, model_id)
    level = judge_level(model)
    called = name_buildings(model, summaries, model_id, before, order.building_id)
    levels = judge_buildings(model, summaries)
    standing = stand_buildings(store, (layers[BUILDINGS], layers[ELEMENTS]), model, placed, summaries, called, levels)
    names = standing.names
    pieces = (zstandard.ZstdCompressor(level=6).compress(file.read_bytes()), pack_placed(placed))
    rows = {
        ELEMENTS: tabulate_elements(
            model, placed, seen, properties, layers[ELEMENTS], store.crs, model_id=model_id, buildings=_of_rows(names)
        ),
        MODELS: _describe(model, placed, summaries, by.level, layers[MODELS], store, model_id, names, level, pieces),
        BUILDINGS: standing.rows,
    }
    stored = {
        ELEMENTS: store.read(layers[ELEMENTS], Query(where=compare("model_id", "=", model_id))).data,
        MODELS: before,
        BUILDINGS: standing.stored,
    }
    changes = {
        name: find_changes(rows[name], stored[name], "sync", layers[name], _nowhere(rows[name]), Faults())
        for name in rows
    }
    told = _tell(changes[ELEMENTS], len(rows[ELEMENTS]))
    report = Imported(
        model_id=model_id,
        buildings=tuple(dict.fromkeys(names.values())),
        level=level,
        notices=standing.notices,
        kept_bytes=sum(map(len, pieces)),
        **told,
    )
    writes = [
        Write(layer=layers[name], changes=changes[name], base=base[name]) for name in rows if any(changes[name].counts)
    ]
    if order.dry_run or not writes:
        return report
    revisions = store.write_together(
        writes,
        author=order.author,
        reason=order.reason or f"model {file.name}",
        effective=order.effective,
        source=file.name,
        sha256=model.source.sha256,
        keep=pieces,
    )
    return replace(report, revisions={revision.layer: revision.number for revision in revisions})


def _require_same_place(before: Any, placed: Placed, crs: CRS, model_id: str) -> None:
    """Refuse to move a model, or to take a second building of the same plan for it, without being told so."""
    if before is None or before.is_empty or not len(placed.shapes.meshes):
        return
    ((x, y, _),) = placed.locate(placed.bounds_m.mean(axis=(0, 1))[None], crs)
    was = before.centroid
    apart_m = float(geodesic_distance_m(was.x, was.y, x, y, crs))
    if apart_m > _MOVED_M:
        raise InvalidParameter(
            f"most elements of the file are those of the model {model_id}, which stands {apart_m:,.0f} m away: say "
            f"--model {model_id} to move it, or another name for a second building",
            parameter="model",
        )


def _describe(
    model: Model,
    placed: Placed,
    summaries: Mapping[int, Summary],
    georeference_level: int | None,
    layer: Layer,
    store: Store,
    model_id: str,
    names: Mapping[int, str],
    level: CimLevel,
    pieces: tuple[bytes, bytes],
) -> GeoDataFrame:
    """The row of the model itself; outlined by what it covers from above."""
    alone = next(iter(summaries.values())) if len(summaries) == 1 else None
    seen = shapely.union_all([summary.seen for summary in summaries.values()])
    ground_m = min((summary.ground_m for summary in summaries.values()), default=0.0)
    outcomes = model.elements["outcome"]
    called = first_name(*model.elements.loc[model.elements["class"] == "IfcBuilding", "name"])
    values: dict[str, Any] = {
        "model_id": model_id,
        "building_id": next(iter(names.values())) if len(set(names.values())) == 1 else None,
        "name": (called or Path(model.source.name).stem)[:200],
        "file": model.source.name[:255],
        "sha256": model.source.sha256,
        "schema": model.source.schema[:64],
        "application": (model.source.application or "")[:200] or None,
        "georeference_level": georeference_level,
        "ground_m": round(placed.origin[2] + ground_m, 3) if summaries else None,
        "height_m": round(alone.height_m, 3) if alone else None,
        "storeys": int((model.elements["class"] == "IfcBuildingStorey").sum()),
        "elements": len(model.elements),
        "shapes": int((outcomes == "shape").sum()),
        "failed": int(outcomes.isin(["failed", "unreached"]).sum()),
        "cim_level": level.level,
        "cim_reason": level.reason,
        "delivered": hashlib.sha256(pieces[0]).hexdigest(),
        "placed": hashlib.sha256(pieces[1]).hexdigest(),
    }
    columns = {each.name: typed_series([values.get(each.name)], each) for each in layer.schema}
    geometry = lay_out(np.array([seen], dtype=object), [placed.origin[2] + ground_m], placed, store.crs)
    return make_rows(columns, geometry, layer, store.crs)


def _of_rows(names: Mapping[int, str]) -> dict[int, str]:
    """The building of each row of an IfcBuilding; of what is in none, where there is one building only."""
    return {**names, -1: next(iter(names.values()))} if len(set(names.values())) == 1 else dict(names)


def _tell(changes: Changes, count: int) -> dict[str, Any]:
    def ids(keys: Any) -> tuple[str, ...]:
        return tuple(str(key).rpartition(".")[2] for key in keys)

    inserted, updated, _ = changes.counts
    return {
        "added": ids(() if changes.insert is None else changes.insert.index),
        "changed": ids(() if changes.update is None else changes.update.index),
        "removed": ids(changes.delete),
        "unchanged": count - inserted - updated,
    }


def _nowhere(rows: GeoDataFrame) -> Rows:
    return Rows.of(None, np.arange(len(rows)))
