"""The sample county into a store."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from sample_gis.county import County, Delivery

if TYPE_CHECKING:
    from twin.catalog import Catalog
    from twin.ingest import Report
    from twin.store import Store

_CHINA = timezone(timedelta(hours=8))


def load(
    store: Store,
    catalog: Catalog,
    county: County,
    *,
    progress: Callable[[Delivery, Report], None] | None = None,
) -> list[Report]:
    """Write a county into a store: one revision for each delivery, effective from its day; then what follows from it.

    Parameters
    ----------
    store
        A store in the county's CRS.
    catalog
        The layers, and the analyses that fill some of them.
    county
        What to write.
    progress
        Called after each delivery.

    Raises
    ------
    SchemaViolation
        A generated row does not fit its layer.
    """
    from twin.asking import ask
    from twin.ingest import ingest_rows
    from twin.keeping import filled_layer, keep_reply

    for layer in catalog.layers.values():  # those that the county has nothing of are there too, as in any new twin
        store.prepare(layer)
    reports = []
    for delivery in county.deliveries:
        report = ingest_rows(
            store,
            catalog.layers[delivery.layer],
            delivery.rows,
            mode="sync",
            effective=_instant(delivery),
            author="sample",
            reason=delivery.reason,
            source=f"sample county, {county.size}, seed {county.seed}",
        )
        reports.append(report)
        if progress:
            progress(delivery, report)
    for analysis in catalog.analyses.values():
        if analysis.fills is not None:
            reply = ask(analysis, catalog, store)
            last = max(map(_instant, county.deliveries))
            reason = f"synthetic sample: {analysis.title.lower()}"
            keep_reply(reply, store, filled_layer(reply, catalog), author="sample", reason=reason, effective=last)
    return reports


def _instant(delivery: Delivery) -> datetime:
    return datetime.fromisoformat(delivery.effective).replace(tzinfo=_CHINA)
