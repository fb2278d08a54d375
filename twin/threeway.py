"""Three states of a layer: the one that two sides began with, and what either made of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import shapely

from twin.columns import plain_values
from twin.ingest.changes import differing_fields
from twin.ingest.edits import Edits
from twin.ingest.given import GivenFeature
from twin.layer import Layer
from twin.schema import GEOMETRY

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

Side = Literal["mine", "theirs"]
#: A feature by its fields, ``geometry`` among them, with plain values; None where it is not there.
Feature = Mapping[str, Any]

#: Decimals of coordinates in what is told of geometries: a millimetre, or a tenth of one in degrees.
_DECIMALS = {False: 3, True: 9}


@dataclass(frozen=True, kw_only=True)
class Conflict:
    """Something that both sides changed, each in another way.

    Parameters
    ----------
    layer, key
        Which feature.
    field
        The field, or ``geometry``; None where one side removed the feature and the other changed it.
    base, mine, theirs
        Its values; geometry as WKT. Where a side removed the feature, ``removed``, and for the other ``changed`` and
        the fields.
    """

    layer: str
    key: str
    field: str | None
    base: Any
    mine: Any
    theirs: Any


@dataclass(frozen=True, kw_only=True)
class Merge:
    """What to do to their state so that it has my changes too.

    Parameters
    ----------
    edits
        What to add, change and remove.
    agreed
        How many features both sides changed alike: nothing is left to do.
    conflicts
        What both sides changed.
    """

    edits: Edits
    agreed: int
    conflicts: tuple[Conflict, ...]


def merge_states(
    base: GeoDataFrame, mine: GeoDataFrame, theirs: GeoDataFrame, layer: Layer, *, keep: Side = "theirs"
) -> Merge:
    """Compare three states feature by feature and field by field; what one side changed is taken from that side.

    Parameters
    ----------
    base, mine, theirs
        Rows indexed by key with every field of the layer, in one CRS.
    layer
        The layer.
    keep
        Whose value is taken where both changed it.
    """
    came, gone = mine.index.difference(base.index), base.index.difference(mine.index)
    touched = sorted({*came, *gone, *differing_fields(base, mine, layer)})
    before, my, their = (_features(state, touched, layer) for state in (base, mine, theirs))
    insert: list[GivenFeature] = []
    update: list[GivenFeature] = []
    delete: list[str] = []
    conflicts: list[Conflict] = []
    for key in touched:
        sides = before.get(key), my.get(key), their.get(key)
        merged, clashing = _merge_feature(*sides, keep)
        conflicts += [Conflict(layer=layer.id, key=key, field=name, **_tell(name, *sides)) for name in clashing]
        now = sides[2]
        if merged is None and now is not None:
            delete.append(key)
        elif merged is not None and now is None:
            insert.append(_give(key, merged, mine))
        elif merged is not None and now is not None and merged != now:
            update.append(_give(key, {name: merged[name] for name in merged if merged[name] != now[name]}, mine))
    edits = Edits(insert=tuple(insert), update=tuple(update), delete=tuple(delete))
    written = {feature.key for feature in (*insert, *update)} | {*delete}
    agreed = {*touched} - written - {conflict.key for conflict in conflicts}
    return Merge(edits=edits, agreed=len(agreed), conflicts=tuple(conflicts))


def _give(key: str, values: Feature, mine: GeoDataFrame) -> GivenFeature:
    """Give a feature, or what changes of one; a place that changes is mine, to the last vertex."""
    moves = GEOMETRY in values
    return GivenFeature(
        key=key,
        values={name: value for name, value in values.items() if name != GEOMETRY},
        geometry=mine.geometry[key] if moves else None,
        keeps_geometry=not moves,
    )


def _merge_feature(
    base: Feature | None, mine: Feature | None, theirs: Feature | None, keep: Side
) -> tuple[Feature | None, list[str | None]]:
    """The feature as it is to be, and the fields that both sides changed; None for whether it is there."""
    if theirs in (base, mine):
        return mine, []
    if mine is None or theirs is None:
        return (mine if keep == "mine" else theirs), [None]
    merged = dict(theirs)
    clashing: list[str | None] = []
    for name, value in mine.items():
        was = None if base is None else base[name]
        if value in (was, theirs[name]):
            continue
        if theirs[name] != was:
            clashing.append(name)
        if theirs[name] == was or keep == "mine":
            merged[name] = value
    return merged, clashing


def _features(state: GeoDataFrame, keys: Iterable[str], layer: Layer) -> dict[str, Feature]:
    """The features of keys, as far as they are there; a text of blanks is none, a ring may start anywhere."""
    rows = state.loc[state.index.intersection(list(keys))]
    columns = {field.name: [_tidy(value) for value in plain_values(rows[field.name], field)] for field in layer.schema}
    columns[GEOMETRY] = shapely.to_wkb(shapely.normalize(rows.geometry.to_numpy())).tolist()
    return {
        key: dict(zip(columns, values, strict=True))
        for key, values in zip(rows.index, zip(*columns.values(), strict=True), strict=True)
    }


def _tidy(value: Any) -> Any:
    return value.strip() or None if isinstance(value, str) else value


def _tell(name: str | None, base: Feature | None, mine: Feature | None, theirs: Feature | None) -> dict[str, Any]:
    """Say what a field was and what either side made of it."""
    sides = {"base": base, "mine": mine, "theirs": theirs}
    if name is None:
        return {side: "removed" if feature is None else _changes(base, feature) for side, feature in sides.items()}
    values = {side: None if feature is None else feature[name] for side, feature in sides.items()}
    return {side: _wkt(value) for side, value in values.items()} if name == GEOMETRY else values


def _changes(base: Feature | None, feature: Feature) -> str:
    fields = [name for name, value in feature.items() if base is not None and value != base[name]]
    return f"changed {', '.join(fields)}" if fields else "there"


def _wkt(wkb: bytes | None) -> str | None:
    if wkb is None:
        return None
    shape = shapely.from_wkb(wkb)
    degrees = max(map(abs, shape.bounds), default=0) <= 360
    return str(shapely.to_wkt(shape, rounding_precision=_DECIMALS[degrees]))
