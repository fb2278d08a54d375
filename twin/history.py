"""What changed between two states of a layer, and how to undo a revision."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from twin.columns import plain_values
from twin.errors import RevisionConflict, RevisionNotFound
from twin.layer import Layer
from twin.moments import CHINA
from twin.query import AsOf, Query
from twin.store import Changes, Revision, Store

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

#: How the reason of an undoing begins.
_UNDOING = re.compile(r"undo revision (\d+)(?::|$)")


@dataclass(frozen=True, kw_only=True)
class Diff:
    """What differs between two states of a layer.

    Parameters
    ----------
    layer
        Its id.
    added, removed
        Keys that only the second state has, or only the first.
    changed
        For each other key that differs: which fields, ``geometry`` among them.
    values
        For each of these keys and fields, but for the geometry: the plain value before and after.
    """

    layer: str
    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: dict[str, tuple[str, ...]]
    values: dict[str, dict[str, tuple[Any, Any]]]

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "layer": self.layer,
            "added": list(self.added),
            "removed": list(self.removed),
            "changed": {key: list(fields) for key, fields in self.changed.items()},
            "values": {key: {name: list(pair) for name, pair in fields.items()} for key, fields in self.values.items()},
        }


def diff(store: Store, layer: Layer, a: AsOf, b: AsOf) -> Diff:
    """Compare two states of a layer.

    Parameters
    ----------
    store, layer
        Where.
    a, b
        Revision numbers or instants, the older state first.
    """
    before, after = (store.read(layer, Query(as_of=state)).data for state in (a, b))
    changed = changed_fields(before, after, layer)
    return Diff(
        layer=layer.id,
        added=tuple(after.index.difference(before.index)),
        removed=tuple(before.index.difference(after.index)),
        changed=changed,
        values=_changed_values(before, after, layer, changed),
    )


def _changed_values(
    before: GeoDataFrame, after: GeoDataFrame, layer: Layer, changed: dict[str, tuple[str, ...]]
) -> dict[str, dict[str, tuple[Any, Any]]]:
    values: dict[str, dict[str, tuple[Any, Any]]] = {key: {} for key in changed}
    for field in layer.schema:
        keys = [key for key, fields in changed.items() if field.name in fields]
        old, new = (plain_values(state.loc[keys, field.name], field) for state in (before, after))
        for key, *pair in zip(keys, old, new, strict=True):
            values[key][field.name] = (pair[0], pair[1])
    return values


def changed_fields(before: GeoDataFrame, after: GeoDataFrame, layer: Layer) -> dict[str, tuple[str, ...]]:
    """For each key that both states have: the fields that differ, ``geometry`` among them.

    Geometry is compared exactly, coordinate by coordinate, heights included.
    """
    common = before.index.intersection(after.index)
    if common.empty:  # all that is delivered for the first time
        return {}
    before, after = before.loc[common], after.loc[common]
    differs = {
        f.name: ~(
            (before[f.name] == after[f.name]).fillna(False) | (before[f.name].isna() & after[f.name].isna())
        ).to_numpy(bool)
        for f in layer.schema
    }
    wkb = [shapely.to_wkb(state.geometry.to_numpy()) for state in (before, after)]
    differs["geometry"] = np.asarray(wkb[0] != wkb[1], dtype=bool)
    flags = np.column_stack(list(differs.values()))
    names = np.array(list(differs))
    rows = np.flatnonzero(flags.any(axis=1))
    return {common[row]: tuple(names[flags[row]].tolist()) for row in rows}


def revert(store: Store, layer: Layer, revision: int, *, author: str, reason: str = "") -> Revision:
    """Undo one revision by a new one: what it added goes, what it changed or removed comes back as it was.

    The undoing is effective from the same day as what it undoes, so that every past state is again what it was
    without it.

    Parameters
    ----------
    store, layer
        Where.
    revision
        The number of the revision to undo.
    author
        Who undoes it.
    reason
        Why; stands behind the words that name the revision undone.

    Raises
    ------
    RevisionNotFound
        The layer has no such revision.
    RevisionConflict
        It is undone already, a later revision that stands touched the same features, or they had changed after the
        day that the undoing would reach back to; nothing is changed.
    """
    revisions = {r.number: r for r in store.revisions(layer)}
    if revision not in revisions:
        raise RevisionNotFound(f"{layer.id} has no revision {revision}; see: twin history {layer.id}")
    undone, latest = revisions[revision], max(revisions)
    touched = store.changed(layer, revision, revision)
    _require_untouched(store, layer, undone, touched, revisions)
    _require_steady(store, layer, undone, touched, revisions)
    ids = tuple(touched)
    before = store.read(layer, Query(ids=ids, as_of=revision - 1)).data
    after = store.read(layer, Query(ids=ids, as_of=revision, fields=())).data.index
    stays = before.index.isin(after)
    changes = Changes(insert=before[~stays], update=before[stays], delete=tuple(after.difference(before.index)))
    return store.write(
        layer,
        changes,
        author=author,
        reason=f"undo revision {revision}" + (f": {reason}" if reason else ""),
        effective=undone.effective,
        base=latest,
    )


def _undoings(revisions: Mapping[int, Revision]) -> dict[int, int]:
    """Which revisions are undone, and by which; an undoing that was undone itself does not count."""
    undone: dict[int, int] = {}
    for number in sorted(revisions, reverse=True):
        said = _UNDOING.match(revisions[number].reason)
        if said and number not in undone:
            undone[int(said[1])] = number
    return undone


def _require_untouched(
    store: Store, layer: Layer, undone: Revision, touched: frozenset[str], revisions: Mapping[int, Revision]
) -> None:
    """Refuse where a later revision wrote the same features, unless it and its undoing cancel each other."""
    undoings = _undoings(revisions)
    number = undone.number
    if number in undoings:
        by = undoings[number]
        raise RevisionConflict(
            f"revision {number} of {layer.id} is already undone by revision {by}; undo that one to have it back",
            layer=layer.id,
            revision=number,
        )
    cancelled = {either for pair in undoings.items() if pair[0] > number for either in pair}
    later = {n: touched & store.changed(layer, n, n) for n in revisions if n > number and n not in cancelled}
    later = {n: keys for n, keys in later.items() if keys}
    if later:
        raise RevisionConflict(
            f"later revisions of {layer.id} ({_some(later)}) changed what revision {number} wrote"
            f" ({_some(frozenset().union(*later.values()))}); undo those first, the latest first:"
            f" twin revert {layer.id} {max(later)}",
            layer=layer.id,
            revision=number,
        )


def _require_steady(
    store: Store, layer: Layer, undone: Revision, touched: frozenset[str], revisions: Mapping[int, Revision]
) -> None:
    """Refuse to undo a late delivery of features for which later days were known already: one write sets one value."""
    for known in revisions.values():
        if known.number < undone.number and known.effective > undone.effective:
            other = touched & store.changed(layer, known.number, known.number)
            if other:
                since = [n for n in revisions if n > undone.number]
                again = f", then take in again what revisions {_some(since)} delivered" if since else ""
                raise RevisionConflict(
                    f"revision {undone.number} was effective from {_day(undone)}, and revision {known.number} had said"
                    f" already what holds from {_day(known)} ({_some(other)}): no single revision brings both back."
                    f" To have what was known before it hold from {_day(known)} on{again}:\n"
                    f"  twin export {layer.id} before.gpkg --as-of {undone.number - 1}\n"
                    f"  twin ingest {layer.id} before.gpkg --mode sync --effective {_day(known)}",
                    layer=layer.id,
                    revision=undone.number,
                )


def _day(revision: Revision) -> date:
    """The day in China from which a revision is effective, as `twin history` shows it."""
    return revision.effective.astimezone(CHINA).date()


def _some(things: Iterable[Any]) -> str:
    things = sorted(things)
    return ", ".join(map(str, things[:5])) + (" …" if len(things) > 5 else "")
