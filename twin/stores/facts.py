"""What a store says of itself: rows of `twin.stores.tables.META`."""

from __future__ import annotations

from datetime import UTC, datetime

from shapely.geometry.base import BaseGeometry

from twin.crs import CRS
from twin.stores.where import utc_text

#: Format of the tables; a store with a higher number was written by a newer program.
FORMAT = "1"


def twin_facts(
    crs: CRS, title: str, area: BaseGeometry | None, created_at: datetime | None = None
) -> list[dict[str, str]]:
    """The rows of `META` for a new store."""
    created = utc_text(created_at or datetime.now(UTC))
    facts = {"format": FORMAT, "crs": crs.to_wkt(), "title": title, "created_at": created}
    if area is not None:
        facts["area"] = area.wkt
    return [{"key": key, "value": value} for key, value in facts.items()]
