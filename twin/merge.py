"""Bring the edits of an offline edition back: what nobody else touched is written, what both sides changed is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

from twin.catalog import Catalog
from twin.edition import Taken, find_additions, origin_of
from twin.engine import frame_digest
from twin.errors import Fault, RevisionConflict, SchemaViolation, TwinError
from twin.filenames import name_of
from twin.frame import Frame
from twin.ingest.edits import apply_edits
from twin.ingest.stage import hash_files
from twin.layer import Layer
from twin.query import Query
from twin.store import Store
from twin.stores import open_store
from twin.threeway import Conflict, Merge, Side, merge_states


class MergeConflict(TwinError):
    """Both sides changed the same features; nothing was written."""

    status: ClassVar[int] = 409
    slug: ClassVar[str] = "merge-conflict"
    title: ClassVar[str] = "Both sides changed the same"


@dataclass(frozen=True, kw_only=True, eq=False)
class MergedLayer:
    """What became of a layer.

    Parameters
    ----------
    layer, base, latest
        The layer, the revision that was taken along, and the one that the edits were compared with.
    added, changed, removed
        How many features are written, or would be.
    agreed
        How many edits are there already.
    conflicts
        What both sides changed.
    revision
        The revision that was made; None where there is none.
    """

    layer: str
    base: int
    latest: int
    added: int = 0
    changed: int = 0
    removed: int = 0
    agreed: int = 0
    conflicts: tuple[Conflict, ...] = ()
    revision: int | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class MergedEdition:
    """What became of an edition.

    Parameters
    ----------
    layers
        Those that were edited.
    left_behind
        Tables and columns that somebody added to the file: they belong to no layer, and stay where they are.
    """

    layers: tuple[MergedLayer, ...]
    left_behind: tuple[str, ...]

    @property
    def conflicts(self) -> tuple[Conflict, ...]:
        """Those of all layers."""
        return tuple(conflict for layer in self.layers for conflict in layer.conflicts)

    def to_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        return asdict(self)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Work:
    """A layer with something to do: its states compared, and how to write what is left."""

    layer: Layer
    taken: Taken
    theirs: Frame
    merge: Merge

    def name_feature(self, fault: Fault) -> Fault:
        """Name the feature of a fault by its key, where the fault knows which of the edits it is."""
        edits = self.merge.edits
        lists = {"insert": edits.insert, "update": edits.update}
        given = lists.get(fault.file or "", (*edits.insert, *edits.update))
        if fault.row is None and len(given) != 1:
            return fault
        return replace(fault, what=f"{given[(fault.row or 1) - 1].key}: {fault.what}", file=None, row=None)

    def require_unmoved(self, there: Frame) -> None:
        """Refuse where somebody wrote to the layer since the states were compared."""
        if there.revision != self.theirs.revision:
            raise RevisionConflict(f"{self.layer.id} moved on meanwhile; merge again", layer=self.layer.id)


def merge_edition(
    store: Store,
    catalog: Catalog,
    path: Path,
    *,
    author: str,
    reason: str = "",
    keep: Side | None = None,
    dry_run: bool = False,
    tell: Callable[[str], None],
) -> MergedEdition:
    """Write the edits of an offline edition into the twin that it was taken from, one revision for each layer.

    Every layer is compared and checked before the first is written. To do it again changes nothing, and finishes what
    others' writes stopped.

    Parameters
    ----------
    store, catalog
        The twin and its layers.
    path
        The edition.
    author, reason
        Who brings them and why; by default the name of the file.
    keep
        Whose value counts where both sides changed it; without it, conflicts are left to the caller and nothing is
        written.
    dry_run
        Do everything but write.
    tell
        Told of every step before it is taken.

    Raises
    ------
    InvalidParameter
        The file is no edition.
    RevisionConflict
        It was taken from another twin, or the twin moved on while it was compared.
    SchemaViolation
        Edited rows break the layer's schema or its checks.
    """
    origin = origin_of(path)
    if origin.created_at != store.created_at:
        raise RevisionConflict(f"{path} was taken from another twin than the one in {store.url}")
    with open_store(path) as edition:
        works = [
            work
            for name, taken in origin.layers.items()
            if (work := _compare(store, edition, catalog.layer(name), taken, keep, tell)) is not None
        ]
    found = MergedEdition(layers=tuple(_describe(work) for work in works), left_behind=find_additions(path, origin))
    if found.conflicts and keep is None:
        return found
    source, sha256 = name_of(path.name), hash_files([part for part in (path, Path(f"{path}-wal")) if part.exists()])

    def write(work: _Work, *, dry_run: bool) -> int | None:
        try:
            edited = apply_edits(
                store,
                work.layer,
                work.merge.edits,
                crs=store.crs,
                author=author,
                reason=reason or f"edits of {source}",
                condition=work.require_unmoved,
                source=source,
                sha256=sha256,
                dry_run=dry_run,
            )
        except SchemaViolation as violation:
            faults = [work.name_feature(fault) for fault in violation.faults]
            raise SchemaViolation(f"{violation.detail.partition(';')[0]}: {faults[0]}", faults) from violation
        return None if edited.revision is None else edited.revision.number

    for work in works:
        tell(f"checking {work.layer.id}")
        write(work, dry_run=True)
    if dry_run:
        return found
    written: list[MergedLayer] = []
    for work, one in zip(works, found.layers, strict=True):
        tell(f"writing {one.layer}")
        try:
            written.append(replace(one, revision=write(work, dry_run=False)))
        except TwinError as error:
            if not written:
                raise
            done = ", ".join(each.layer for each in written)
            detail = f"{error.detail}; written is {done}: merge again for the rest"
            raise RevisionConflict(detail, layer=work.layer.id) from error
    return replace(found, layers=tuple(written))


def _compare(
    store: Store, edition: Store, layer: Layer, taken: Taken, keep: Side | None, tell: Callable[[str], None]
) -> _Work | None:
    """Compare the states of a layer; None where nobody edited it in the edition."""
    tell(f"comparing {layer.id}")
    mine = edition.read(layer)
    if frame_digest(mine) == taken.digest:
        return None
    base = store.read(layer, Query(as_of=taken.revision))
    if frame_digest(base) != taken.digest:
        raise RevisionConflict(
            f"revision {taken.revision} of {layer.id} in {store.url} is not what the edition was taken from: was an "
            "older state restored since? Export the edited layer from the edition and ingest it",
            layer=layer.id,
        )
    theirs = store.read(layer)
    merge = merge_states(base.data, mine.data, theirs.data, layer, keep=keep or "theirs")
    return _Work(layer=layer, taken=taken, theirs=theirs, merge=merge)


def _describe(work: _Work) -> MergedLayer:
    edits = work.merge.edits
    return MergedLayer(
        layer=work.layer.id,
        base=work.taken.revision,
        latest=work.theirs.revision,
        added=len(edits.insert),
        changed=len(edits.update),
        removed=len(edits.delete),
        agreed=work.merge.agreed,
        conflicts=work.merge.conflicts,
    )
