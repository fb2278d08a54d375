"""What a revision must be, and how it is read from its row."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from twin.errors import InvalidParameter, RevisionConflict
from twin.layer import Layer
from twin.store import Revision


def require_past(effective: datetime | None) -> None:
    """Refuse what is to be effective only later, or nobody knows when."""
    if effective is not None and effective.tzinfo is None:
        raise InvalidParameter("effective needs a time zone", parameter="effective")
    if effective is not None and effective > datetime.now(UTC):
        raise InvalidParameter(
            f"effective {effective.isoformat()} lies in the future; the twin records what is, not what will be",
            parameter="effective",
        )


def require_base(layer: Layer, base: int | None, latest: int) -> None:
    """Refuse a change of a layer that has moved on since."""
    if base is not None and base != latest:
        raise RevisionConflict(
            f"{layer.id} is at revision {latest}, the change was made on {base}: read it again and redo it",
            layer=layer.id,
            base=base,
            latest=latest,
        )


def read_revision(row: dict[str, Any]) -> Revision:
    """The revision of a row of their table."""
    times = {name: datetime.fromisoformat(row[name]) for name in ("recorded_at", "effective")}
    return Revision(**{**row, **times})
