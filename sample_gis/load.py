"""The sample county into a store."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from sample_gis.county import County, Delivery

if TYPE_CHECKING:
    from twin.ingest import Report
    from twin.layer import Layer
    from twin.store import Store

_CHINA = timezone(timedelta(hours=8))


def load(
    store: Store,
    layers: Mapping[str, Layer],
    county: County,
    *,
    progress: Callable[[Delivery, Report], None] | None = None,
) -> list[Report]:
    """Write a county into a store: one revision for each delivery, effective from its day.

    Parameters
    ----------
    store
        A store in the county's CRS.
    layers
        The layers by id.
    county
        What to write.
    progress
        Called after each delivery.

    Raises
    ------
    SchemaViolation
        A generated row does not fit its layer.
    """
    from twin.ingest import ingest_rows

    for layer in layers.values():  # those that the county has nothing of are there too, as in any new twin
        store.prepare(layer)
    reports = []
    for delivery in county.deliveries:
        report = ingest_rows(
            store,
            layers[delivery.layer],
            delivery.rows,
            mode="sync",
            effective=datetime.fromisoformat(delivery.effective).replace(tzinfo=_CHINA),
            author="sample",
            reason=delivery.reason,
            source=f"sample county, {county.size}, seed {county.seed}",
        )
        reports.append(report)
        if progress:
            progress(delivery, report)
    return reports
