"""Edits of features one by one: the rules of the way in, and one revision for all that belongs together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

from twin.crs import CRS
from twin.errors import Fault, FeatureNotFound, RevisionConflict, SchemaViolation, StoreUnavailable
from twin.frame import Frame
from twin.history import changed_fields
from twin.ingest.changes import check_keys, run_checks
from twin.ingest.faults import Faults, Rows, summarise
from twin.ingest.given import GivenFeature, Reading, make_keys
from twin.ingest.outline import judge_places
from twin.layer import Layer
from twin.query import Query
from twin.store import Changes, Revision, Store

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

#: How often edits are made anew after somebody else wrote between their reading and their writing.
_TRIES = 20
#: So many features are named where nobody says why they are edited.
_NAMED = 3


@dataclass(frozen=True, kw_only=True)
class Edits:
    """What is to become of features of a layer, all of it or nothing; each feature stands in one of the four only.

    Parameters
    ----------
    insert
        Features to add.
    replace
        Features to put in the place of those of the same keys: a field that is not given gets its default.
    update
        What is to change of features: a field that is not given stays what it is.
    delete
        Keys of features to remove.
    """

    insert: Sequence[GivenFeature] = ()
    replace: Sequence[GivenFeature] = ()
    update: Sequence[GivenFeature] = ()
    delete: Sequence[str] = ()

    @property
    def present(self) -> tuple[str, ...]:
        """Keys of features that must be there."""
        return (*(str(each.key) for each in (*self.replace, *self.update)), *self.delete)


@dataclass(frozen=True, kw_only=True)
class Edited:
    """What became of edits.

    Parameters
    ----------
    revision
        That wrote them; None where nothing changed.
    inserted
        Keys of the features that were added, in the order in which they were given.
    opened
        The revision that wrote each feature as it is now, by key.
    """

    revision: Revision | None
    inserted: tuple[str, ...] = ()
    opened: Mapping[str, int] = field(default_factory=dict)


#: Looks at the features that are to be changed, as they are, and raises where they are not what somebody thinks.
Condition = Callable[[Frame], None]


def apply_edits(
    store: Store,
    layer: Layer,
    edits: Edits,
    *,
    crs: CRS,
    author: str,
    reason: str = "",
    effective: datetime | None = None,
    condition: Condition | None = None,
    source: str | None = None,
    sha256: str | None = None,
    dry_run: bool = False,
) -> Edited:
    """Check edits by the rules of the way in, and write them as one revision or not at all.

    Parameters
    ----------
    store, layer
        Where.
    edits
        What is to become of features.
    crs
        Of the coordinates given, x east and y north.
    author, reason
        Who edits and why; by default the reason says what was done.
    effective
        From when it is so in the real world; now by default.
    condition
        What must be true of the features that are there when the edits are written.
    source, sha256
        The file that they come from, if from one, and its digest.
    dry_run
        Do everything but write.

    Raises
    ------
    SchemaViolation
        Values, geometry or the state that would result break a rule of the layer; carries every fault.
    FeatureNotFound
        A feature to be changed is not there.
    RevisionConflict
        A feature to be added is there already.
    CrsError
        The numbers contradict the CRS.
    StoreUnavailable
        The store cannot be written now.
    """
    edits = replace(edits, insert=make_keys(edits.insert, layer))
    for _ in range(_TRIES):
        try:
            changes, opened, base = _find_changes(store, layer, edits, crs, condition)
            revision = None
            if any(changes.counts) and not dry_run:
                revision = store.write(
                    layer,
                    changes,
                    author=author,
                    reason=reason or _describe(edits),
                    effective=effective,
                    base=base,
                    source=source,
                    sha256=sha256,
                )
        except RevisionConflict as conflict:
            if "base" not in conflict.members:
                raise
        else:
            changed = () if changes.update is None else changes.update.index
            inserted = () if changes.insert is None else tuple(changes.insert.index)
            if revision is not None:
                opened |= dict.fromkeys((*changed, *inserted), revision.number)
            return Edited(revision=revision, inserted=inserted, opened=opened)
    raise StoreUnavailable(f"others write to {layer.id} all the time; nothing was changed, try again")


def _find_changes(
    store: Store, layer: Layer, edits: Edits, crs: CRS, condition: Condition | None
) -> tuple[Changes, dict[str, int], int]:
    """What to write, which revisions wrote the features that are there, and the revision this was found at."""
    base = store.latest(layer)
    new = [feature.key for feature in edits.insert if feature.key]
    there = store.read(layer, Query(ids=(*edits.present, *new)))
    stored = there.data
    _require_there(layer, edits, stored)
    if condition is not None:
        condition(there)
    faults = Faults()
    reading = Reading(layer=layer, crs=crs, target=store.crs, faults=faults)
    inserts, replaces, updates = (_number(edits, name) for name in ("insert", "replace", "update"))
    fresh = reading.whole(edits.insert, stored.iloc[:0], inserts)
    replaced = reading.whole(edits.replace, stored, replaces)
    updated = reading.patched(edits.update, stored, updates)
    rows, origin = _join(fresh, replaced, updated), Rows.concat((inserts, replaces, updates))
    check_keys(rows, origin, layer, faults)
    _require_faultless(faults, edits, layer)
    if len(present := fresh.index.intersection(stored.index)):
        detail = f"{layer.id} has {present[0]} already; change it by PUT or PATCH, or give the new one another key"
        raise RevisionConflict(detail, layer=layer.id, feature=present[0])
    placed = np.array([not f.keeps_geometry for f in (*edits.insert, *edits.replace, *edits.update)], dtype=bool)
    where = replace(origin, file=origin.file[placed], number=origin.number[placed])
    remedy = "check the CRS of the coordinates and their order"
    judge_places(rows[placed], where, store.area, store.crs, faults, remedy=remedy)
    _require_faultless(faults, edits, layer)
    _check_result(store, layer, rows, edits, origin, faults)
    _require_faultless(faults, edits, layer)
    after = _join(replaced, updated)
    update = after.loc[list(changed_fields(stored, after, layer))]
    assert there.opened is not None
    opened = dict(zip(stored.index.tolist(), there.opened.tolist(), strict=True))
    changes = Changes(
        insert=fresh if len(fresh) else None, update=update if len(update) else None, delete=tuple(edits.delete)
    )
    return changes, opened, base


def _require_there(layer: Layer, edits: Edits, stored: GeoDataFrame) -> None:
    for key in edits.present:
        if key not in stored.index:
            raise FeatureNotFound(f"{layer.id} has no feature {key}", layer=layer.id, feature=key)
    twice = [key for key, times in Counter(edits.present).items() if times > 1]
    if twice:
        detail = f"{twice[0]} is to be changed twice; say once what is to become of it"
        fault = Fault(what="the feature stands twice among the edits", field=layer.key, value=twice[0])
        raise SchemaViolation(detail, [fault])


def _check_result(store: Store, layer: Layer, rows: GeoDataFrame, edits: Edits, origin: Rows, faults: Faults) -> None:
    """Run the checks of a layer on the state that would result; what was wrong before is nobody's fault here."""
    if not layer.checks:
        run_checks(rows, rows.iloc[:0], "append", layer, origin, faults)
        return
    everything = store.read(layer).data
    rest = everything[~everything.index.isin(edits.present)]
    after = Faults()
    run_checks(rows, rest, "append", layer, origin, after)
    if after.count:
        before = Faults()
        run_checks(everything.iloc[:0], everything, "append", layer, origin, before)
        known = {replace(fault, row=None, file=None) for fault in before.kept}
        for fault in after.kept:
            if replace(fault, row=None, file=None) not in known:
                faults.add(fault)


def _number(edits: Edits, name: str) -> Rows:
    """Where features stand in edits: their number, and the list where there are several."""
    lists = [each for each in ("insert", "replace", "update") if getattr(edits, each)]
    numbers = np.arange(1, len(getattr(edits, name)) + 1)
    return Rows.of(name if len(lists) > 1 else None, numbers)


def _join(*parts: GeoDataFrame) -> GeoDataFrame:
    import pandas as pd

    some = [part for part in parts if len(part)]
    return parts[0] if not some else some[0] if len(some) == 1 else pd.concat(some)


def _require_faultless(faults: Faults, edits: Edits, layer: Layer) -> None:
    if not faults.count:
        return
    if len((*edits.insert, *edits.replace, *edits.update)) == 1:
        faults.kept[:] = [replace(fault, row=None) for fault in faults.kept]
    faults.sort()
    raise SchemaViolation(summarise(faults, layer.id), faults.kept, layer=layer.id)


def _describe(edits: Edits) -> str:
    """Say what edits do, where nobody says why."""
    words = {"add": edits.insert, "replace": edits.replace, "change": edits.update}
    keys = {word: [str(feature.key) for feature in some] for word, some in words.items()} | {"remove": edits.delete}
    return ", ".join(
        f"{word} {', '.join(some) if len(some) <= _NAMED else len(some)}" for word, some in keys.items() if some
    )
