"""What became of imported models, told to people and to programs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from bim.importing import Imported

#: So many GlobalIds of a kind are told one by one.
_SHOWN = 5


def describe_import(imported: Imported) -> dict[str, Any]:
    """The report for programs: the fields of `Imported`, with all GlobalIds."""
    return asdict(imported) | {"revisions": dict(imported.revisions)}


def render_import(imported: Imported, *, dry_run: bool) -> str:
    """The report for people."""
    return "\n".join(_lines(imported, dry_run=dry_run))


def _lines(imported: Imported, *, dry_run: bool) -> Iterator[str]:
    buildings = imported.buildings
    more_of = f" and {len(buildings) - _SHOWN:,} more" if len(buildings) > _SHOWN else ""
    of = f" of {', '.join(buildings[:_SHOWN])}{more_of}" if buildings else ""
    yield f"  model {imported.model_id}{of}: CIM{imported.level.level} ({imported.level.reason})"
    kinds = {"added": imported.added, "changed": imported.changed, "removed": imported.removed}
    counts = ", ".join(f"{len(ids):,} {kind}" for kind, ids in kinds.items())
    yield f"  elements: {counts}, {imported.unchanged:,} as before"
    for kind, ids in kinds.items():
        if ids and imported.unchanged:
            more = f" and {len(ids) - _SHOWN:,} more" if len(ids) > _SHOWN else ""
            yield f"    {kind}: {', '.join(ids[:_SHOWN])}{more}"
    for notice in imported.notices:
        yield f"  look at this: {notice}"
    if dry_run:
        yield "  nothing was written (--dry-run)"
    elif imported.revisions:
        yield f"  revisions: {', '.join(f'{layer} {number}' for layer, number in imported.revisions.items())}"
    else:
        yield "  nothing was written: the twin has all of it"
