"""What changed between two states of a layer, and how to undo a revision."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from twin.errors import RevisionConflict, RevisionNotFound
from twin.layer import Layer
from twin.query import AsOf, Query
from twin.store import Changes, Revision, Store

if TYPE_CHECKING:
    from geopandas import GeoDataFrame


@dataclass(frozen=True, kw_only=True)
class Diff:
    """Keys added, removed and changed from one state to another; for the changed ones, which fields."""

    layer: str
    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: dict[str, tuple[str, ...]]

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "layer": self.layer,
            "added": list(self.added),
            "removed": list(self.removed),
            "changed": {key: list(fields) for key, fields in self.changed.items()},
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
    before, after = store.read(layer, Query(as_of=a)), store.read(layer, Query(as_of=b))
    return Diff(
        layer=layer.id,
        added=tuple(after.data.index.difference(before.data.index)),
        removed=tuple(before.data.index.difference(after.data.index)),
        changed=changed_fields(before.data, after.data, layer),
    )


def changed_fields(before: GeoDataFrame, after: GeoDataFrame, layer: Layer) -> dict[str, tuple[str, ...]]:
    """For each key that both states have: the fields that differ, ``geometry`` among them.

    Geometry is compared exactly, coordinate by coordinate, heights included.
    """
    common = before.index.intersection(after.index)
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
        Why; a default names the revision.

    Raises
    ------
    RevisionNotFound
        The layer has no such revision.
    RevisionConflict
        A later revision touched the same features, or they had changed after the day that the undoing would reach
        back to; nothing is changed.
    """
    revisions = {r.number: r for r in store.revisions(layer)}
    if revision not in revisions:
        raise RevisionNotFound(f"{layer.id} has no revision {revision}; see: twin history {layer.id}")
    undone, latest = revisions[revision], max(revisions)
    touched = store.changed(layer, revision, revision)
    _require_untouched(store, layer, undone, touched, latest)
    _require_steady(store, layer, undone, touched, revisions.values())
    ids = tuple(touched)
    before = store.read(layer, Query(ids=ids, as_of=revision - 1)).data
    after = store.read(layer, Query(ids=ids, as_of=revision, fields=())).data.index
    stays = before.index.isin(after)
    changes = Changes(insert=before[~stays], update=before[stays], delete=tuple(after.difference(before.index)))
    return store.write(
        layer,
        changes,
        author=author,
        reason=reason or f"undo revision {revision}",
        effective=undone.effective,
        base=latest,
    )


def _require_untouched(store: Store, layer: Layer, undone: Revision, touched: frozenset[str], latest: int) -> None:
    later = touched & store.changed(layer, undone.number + 1, latest)
    if later:
        raise RevisionConflict(
            f"later revisions of {layer.id} changed what revision {undone.number} wrote ({_some(later)});"
            " undo those first",
            layer=layer.id,
            revision=undone.number,
        )


def _require_steady(
    store: Store, layer: Layer, undone: Revision, touched: frozenset[str], revisions: Iterable[Revision]
) -> None:
    """Refuse to undo a late delivery of features for which later days were known already: one write sets one value."""
    for known in revisions:
        if known.number < undone.number and known.effective > undone.effective:
            other = touched & store.changed(layer, known.number, known.number)
            if other:
                raise RevisionConflict(
                    f"revision {undone.number} was effective from {undone.effective.date()}, and revision"
                    f" {known.number} had said already what holds from {known.effective.date()} ({_some(other)}): no"
                    " single revision brings both back; take the right rows in with --effective",
                    layer=layer.id,
                    revision=undone.number,
                )


def _some(keys: Iterable[str]) -> str:
    keys = sorted(keys)
    return ", ".join(keys[:5]) + (" …" if len(keys) > 5 else "")
