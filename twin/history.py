"""What changed between two states of a layer, and how to undo a revision."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from twin.errors import RevisionConflict, RevisionNotFound
from twin.frame import Frame
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

    The undoing is effective from the same day as what it undoes, so that no past state shows it either.

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
        A later revision touched the same features; nothing is changed.
    """
    revisions = store.revisions(layer)
    numbers = [r.number for r in revisions]
    if revision not in numbers:
        raise RevisionNotFound(f"{layer.id} has no revision {revision}; see: twin history {layer.id}")
    latest = numbers[-1]
    before = store.read(layer, Query(as_of=revision - 1))
    after = store.read(layer, Query(as_of=revision))
    now = store.read(layer, Query(as_of=latest))
    touched = before.data.index.symmetric_difference(after.data.index).union(
        list(changed_fields(before.data, after.data, layer))
    )
    _require_untouched(layer, revision, touched.tolist(), after, now)
    gone = before.data.index.difference(after.data.index)
    back = before.data.index.intersection(touched)
    changes = Changes(
        insert=before.data.loc[gone],
        update=before.data.loc[back.difference(gone)],
        delete=tuple(after.data.index.difference(before.data.index)),
    )
    return store.write(
        layer,
        changes,
        author=author,
        reason=reason or f"undo revision {revision}",
        effective=revisions[numbers.index(revision)].effective,
        base=latest,
    )


def _require_untouched(layer: Layer, revision: int, touched: list[str], after: Frame, now: Frame) -> None:
    wanted = set(touched)
    later = wanted.intersection(changed_fields(after.data, now.data, layer))
    later |= wanted.intersection(after.data.index.symmetric_difference(now.data.index))
    if later:
        some = ", ".join(sorted(later)[:5])
        raise RevisionConflict(
            f"later revisions of {layer.id} changed what revision {revision} wrote"
            f" ({some}{' …' if len(later) > 5 else ''}); undo those first",
            layer=layer.id,
            revision=revision,
        )
