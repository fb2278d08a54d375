"""Acceptance: a delivery is judged, and becomes points and segments in the store as a whole, or nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from layers.pipelines.delivery.delivery import Delivery, Wishes
from layers.pipelines.keeping import keep_unsaid
from layers.pipelines.nodes import PIPE_NODES
from layers.pipelines.report import Acceptance
from layers.pipelines.rules.judge import judge
from layers.pipelines.scope import Scope, name_areas
from layers.pipelines.segments import PIPE_SEGMENTS
from twin.errors import Fault
from twin.ingest.changes import find_changes, run_checks
from twin.ingest.faults import Faults
from twin.ingest.outline import judge_places
from twin.ingest.settle import make_rows
from twin.intake import Order, intake
from twin.layer import Layer
from twin.rules.book import RuleBook
from twin.store import Store, Write

if TYPE_CHECKING:
    import pandas as pd
    from geopandas import GeoDataFrame


@intake(
    title="Deliveries of underground pipelines",
    title_zh="地下管线成果入库",
    layers=(PIPE_NODES.id, PIPE_SEGMENTS.id),
    about={
        "project": "The area that is delivered, where the tables do not say (Prj_No); a later delivery replaces it.",
        "prefix": "Put before the numbers of points and segments, where another delivery has the same ones.",
        "size_unit": "Unit of sections.",
        "depth_unit": "Unit of depths.",
        "flow": "What digits in a column of flow directions mean, as 0=forward,1=backward,2=unknown.",
        "snap_m": "How far from a point the end of a drawn line (DXF) may be that is tied to it, m.",
        "rules": "Rule file (TOML) with severities and limits other than the usual ones.",
    },
)
def pipelines(
    store: Store,
    order: Order,
    *,
    project: str | None = None,
    prefix: str = "",
    size_unit: Literal["mm", "m"] = "mm",
    depth_unit: Literal["m", "mm"] = "m",
    flow: str = "",
    snap_m: float = 0.05,
    rules: str | None = None,
) -> Acceptance:
    """Judge a delivery of points and segments by the rules, and accept it as a whole or refuse it.

    What the store has of the same area and classes and the delivery has no longer is retired, what is new is inserted,
    what is other is changed, and what is the same stays untouched; so do fields that the delivery has no column for.
    """
    from layers.pipelines.delivery.reading import read_delivery
    from layers.pipelines.delivery.tables import Target
    from layers.pipelines.rules import RULES
    from twin.rules.book import read_rule_book

    book = RuleBook(rules=RULES) if rules is None else read_rule_book(Path(rules), RULES)
    wishes = Wishes(
        crs=order.crs,
        encoding=order.encoding,
        size_unit=size_unit,
        depth_unit=depth_unit,
        flow=flow,
        prefix=prefix,
        snap_m=snap_m,
    )
    delivery = read_delivery(order.files, Target(crs=store.crs, area=store.area), wishes, watch=order.watch)
    return accept_delivery(store, name_areas(delivery, project), book, order)


def accept_delivery(store: Store, delivery: Delivery, book: RuleBook, order: Order) -> Acceptance:
    """Judge a delivery whose rows all name their area, and write it where no error was found.

    Parameters
    ----------
    store
        Where it goes.
    delivery
        The delivery.
    book
        The rules.
    order
        Who writes, why, from when, and whether at all.

    Raises
    ------
    SourceError
        It lacks all points or all segments of what the store has.
    RevisionConflict
        Somebody else wrote meanwhile.
    """
    base = {layer.id: store.latest(layer) for layer in (PIPE_NODES, PIPE_SEGMENTS)}
    order.watch("comparing with what is stored")
    scope = Scope.of(delivery, store)
    delivery, kept = keep_unsaid(delivery, scope.stored)
    faults = replace(delivery.faults, kept=[*delivery.faults.kept], causes=delivery.faults.causes.copy())
    survey = scope.join(delivery, faults)
    placed = bool(delivery.nodes.geometry.notna().all())
    notices = judge_places(delivery.nodes, delivery.node_rows, store.area, store.crs, faults) if placed else ()
    rows = {
        PIPE_NODES.id: _as_rows(delivery.nodes, delivery.nodes.geometry.to_numpy(), PIPE_NODES, store),
        PIPE_SEGMENTS.id: _as_rows(delivery.segments, survey.axes, PIPE_SEGMENTS, store),
    }
    _check(scope, delivery, rows, faults)
    judgement = judge(survey, book, watch=order.watch)
    report = Acceptance(
        accepted=not judgement.count("error"),
        dry_run=order.dry_run,
        projects=scope.areas,
        classes=scope.classes,
        files=delivery.files,
        sha256=delivery.sha256,
        tables=delivery.tables,
        judgement=judgement,
        crs=store.crs,
        notices=(*notices, *kept),
    )
    return _write(scope, delivery, rows, base, report, order) if report.accepted else report


def _write(
    scope: Scope,
    delivery: Delivery,
    rows: Mapping[str, GeoDataFrame],
    base: Mapping[str, int],
    report: Acceptance,
    order: Order,
) -> Acceptance:
    """Write what changed in both layers as one transaction."""
    writes, counts = [], {}
    for layer, origin in ((PIPE_NODES, delivery.node_rows), (PIPE_SEGMENTS, delivery.segment_rows)):
        changes = find_changes(rows[layer.id], scope.stored[layer.id], "sync", layer, origin, Faults())
        inserted, updated, deleted = changes.counts
        same = len(rows[layer.id]) - inserted - updated
        counts[layer.id] = {"inserted": inserted, "updated": updated, "deleted": deleted, "unchanged": same}
        if any(changes.counts):
            writes.append(Write(layer=layer, changes=changes, base=base[layer.id]))
    report = replace(report, counts=counts)
    if order.dry_run or not writes:
        return report
    order.watch("writing both layers")
    source = ", ".join(delivery.files)
    revisions = scope.store.write_together(
        writes,
        author=order.author,
        reason=order.reason or f"delivery {', '.join(report.projects)}: {source}",
        effective=order.effective,
        source=source,
        sha256=delivery.sha256,
    )
    return replace(report, revisions={revision.layer: revision.number for revision in revisions})


def _as_rows(table: pd.DataFrame, geometry: Any, layer: Layer, store: Store) -> GeoDataFrame:
    columns = {name: table[name].reset_index(drop=True) for name in layer.schema.names}
    return make_rows(columns, geometry, layer, store.crs)


def _check(scope: Scope, delivery: Delivery, rows: Mapping[str, GeoDataFrame], faults: Faults) -> None:
    """Add what stands against writing the rows: checks of the layers, names in use elsewhere, points needed there."""
    for layer, origin in ((PIPE_NODES, delivery.node_rows), (PIPE_SEGMENTS, delivery.segment_rows)):
        state = rows[layer.id]
        run_checks(state, scope.stored[layer.id], "sync", layer, origin, faults)
        taken = scope.named_beyond(layer, state.index.difference(scope.stored[layer.id].index))
        what = "another area or class has this number already: give --param prefix=…"
        faults.add_rows(what, state.index.isin(taken.index), origin, field=layer.key, values=state.index)
    retired = scope.stored[PIPE_NODES.id].index.difference(rows[PIPE_NODES.id].index)
    for node in retired.intersection(scope.ends_beyond).unique():
        what = "the delivery retires this point, at which a segment of another area or class ends"
        faults.add(Fault(what=what, field="node_id", value=str(node)))
