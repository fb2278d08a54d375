"""Acceptance: a delivery is judged, and becomes points and segments in the store as a whole, or nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from layers.pipelines.delivery.delivery import Delivery, Wishes
from layers.pipelines.nodes import PIPE_NODES
from layers.pipelines.report import Acceptance
from layers.pipelines.rules.book import RuleBook
from layers.pipelines.rules.judge import judge
from layers.pipelines.rules.survey import Survey
from layers.pipelines.segments import PIPE_SEGMENTS
from twin.errors import Fault, InvalidParameter
from twin.expressions import among
from twin.ingest.changes import find_changes, run_checks
from twin.ingest.faults import Faults, Rows
from twin.ingest.outline import judge_places
from twin.ingest.settle import make_rows
from twin.intake import Order, intake
from twin.layer import Layer
from twin.query import Query
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
    rules: str | None = None,
) -> Acceptance:
    """Judge a delivery of points and segments by the rules, and accept it as a whole or refuse it.

    What the store has of the same area and the delivery has no longer is retired, what is new is inserted, what is
    other is changed, and what is the same stays untouched.
    """
    from layers.pipelines.delivery.reading import read_delivery
    from layers.pipelines.delivery.tables import Target
    from layers.pipelines.rules import RULES
    from layers.pipelines.rules.book import read_rule_book

    book = RuleBook(rules=RULES) if rules is None else read_rule_book(Path(rules), RULES)
    wishes = Wishes(
        crs=order.crs, encoding=order.encoding, size_unit=size_unit, depth_unit=depth_unit, flow=flow, prefix=prefix
    )
    delivery = read_delivery(order.files, Target(crs=store.crs, area=store.area), wishes, watch=order.watch)
    return accept_delivery(store, _name_project(delivery, project), book, order)


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
    RevisionConflict
        Somebody else wrote meanwhile.
    """
    areas = _areas(delivery)
    base = {layer.id: store.latest(layer) for layer in (PIPE_NODES, PIPE_SEGMENTS)}
    order.watch("comparing with what is stored")
    mine = Query(where=among("project", areas))
    stored = {layer.id: store.read(layer, mine).data for layer in (PIPE_NODES, PIPE_SEGMENTS)}
    beyond = _ends_beyond(store, areas)
    faults = Faults(kept=list(delivery.faults), count=delivery.fault_count)
    survey = join_delivery(store, delivery, areas, beyond, faults)
    placed = bool(delivery.nodes.geometry.notna().all())
    notices = judge_places(delivery.nodes, delivery.node_rows, store.area, store.crs, faults) if placed else ()
    rows = {
        PIPE_NODES.id: _as_rows(delivery.nodes, delivery.nodes.geometry.to_numpy(), PIPE_NODES, store),
        PIPE_SEGMENTS.id: _as_rows(delivery.segments, survey.axes, PIPE_SEGMENTS, store),
    }
    _check(store, delivery, rows, stored, beyond, faults)
    judgement = judge(survey, book, watch=order.watch)
    report = Acceptance(
        accepted=not judgement.count("error"),
        dry_run=order.dry_run,
        projects=areas,
        files=delivery.files,
        sha256=delivery.sha256,
        tables=delivery.tables,
        judgement=judgement,
        notices=notices,
    )
    return _write(store, delivery, rows, stored, base, report, order) if report.accepted else report


def _write(
    store: Store,
    delivery: Delivery,
    rows: Mapping[str, GeoDataFrame],
    stored: Mapping[str, GeoDataFrame],
    base: Mapping[str, int],
    report: Acceptance,
    order: Order,
) -> Acceptance:
    """Write what changed in both layers as one transaction."""
    writes, counts = [], {}
    for layer, origin in ((PIPE_NODES, delivery.node_rows), (PIPE_SEGMENTS, delivery.segment_rows)):
        changes = find_changes(rows[layer.id], stored[layer.id], "sync", layer, origin, Faults())
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
    revisions = store.write_together(
        writes,
        author=order.author,
        reason=order.reason or f"delivery {', '.join(report.projects)}: {source}",
        effective=order.effective,
        source=source,
        sha256=delivery.sha256,
    )
    return replace(report, revisions={revision.layer: revision.number for revision in revisions})


def join_delivery(
    store: Store, delivery: Delivery, areas: tuple[str, ...], beyond: pd.Index[str], faults: Faults
) -> Survey:
    """Join a delivery to the points of other areas at which its segments end."""
    import pandas as pd

    own = pd.Index(delivery.nodes["node_id"])
    ends = pd.Index(pd.concat([delivery.segments["from_node"], delivery.segments["to_node"]]).dropna().unique())
    missing = tuple(ends.difference(own))
    there = store.read(PIPE_NODES, Query(ids=missing)).data if missing else delivery.nodes.iloc[:0]
    there = there[~there["project"].isin(areas)]
    nodes = delivery.nodes
    if len(there):
        nodes = pd.concat([nodes, there.reset_index(drop=True)], ignore_index=True)
    return Survey(
        nodes=nodes,
        judged=len(delivery.nodes),
        segments=delivery.segments,
        paths=delivery.paths,
        others=beyond,
        node_rows=delivery.node_rows,
        segment_rows=delivery.segment_rows,
        faults=faults,
    )


def _name_project(delivery: Delivery, project: str | None) -> Delivery:
    """Every row with its area: the one that is given, or the one of its row, or the only one that rows name."""
    if project is None:
        areas = _areas(delivery)
        if len(areas) == 1:
            project = areas[0]
        elif delivery.nodes["project"].isna().any() or delivery.segments["project"].isna().any() or not areas:
            raise InvalidParameter(
                "rows do not say which area they belong to (column Prj_No): give --param project=…, under which a "
                "later delivery of the area replaces this one",
                parameter="project",
            )
        else:
            return delivery
    return replace(
        delivery,
        nodes=delivery.nodes.assign(project=project),
        segments=delivery.segments.assign(project=project),
    )


def _areas(delivery: Delivery) -> tuple[str, ...]:
    import pandas as pd

    named = pd.concat([delivery.nodes["project"], delivery.segments["project"]]).dropna()
    return tuple(sorted(named.unique()))


def _ends_beyond(store: Store, areas: tuple[str, ...]) -> pd.Index[str]:
    """Names of the points at which segments of other areas end, as often as they do."""
    import pandas as pd

    if not store.latest(PIPE_SEGMENTS):
        return pd.Index([], dtype="str")
    ends = store.read(PIPE_SEGMENTS, Query(fields=("from_node", "to_node", "project"))).data
    ends = ends[~ends["project"].isin(areas)]
    names: pd.Index[str] = pd.Index(pd.concat([ends["from_node"], ends["to_node"]]))
    return names


def _as_rows(table: pd.DataFrame, geometry: Any, layer: Layer, store: Store) -> GeoDataFrame:
    return make_rows(
        {name: table[name].reset_index(drop=True) for name in layer.schema.names}, geometry, layer, store.crs
    )


def _check(
    store: Store,
    delivery: Delivery,
    rows: Mapping[str, GeoDataFrame],
    stored: Mapping[str, GeoDataFrame],
    beyond: pd.Index[str],
    faults: Faults,
) -> None:
    """Add what stands against writing the rows: checks of the layers, names of other areas, points that these need."""
    for layer, origin in ((PIPE_NODES, delivery.node_rows), (PIPE_SEGMENTS, delivery.segment_rows)):
        state, known = rows[layer.id], stored[layer.id]
        run_checks(state, known, "sync", layer, origin, faults)
        _check_names(store, layer, state, known, origin, faults)
    retired = stored[PIPE_NODES.id].index.difference(rows[PIPE_NODES.id].index)
    for node in retired.intersection(beyond).unique():
        what = "the delivery retires this point, at which a segment of another area ends"
        faults.add(Fault(what=what, field="node_id", value=str(node)))


def _check_names(
    store: Store, layer: Layer, rows: GeoDataFrame, known: GeoDataFrame, origin: Rows, faults: Faults
) -> None:
    new = tuple(rows.index.dropna().difference(known.index).unique())
    taken = store.read(layer, Query(ids=new, fields=("project",))).data if new and store.latest(layer) else None
    if taken is not None and len(taken):
        what = "another area has this number already: give --param prefix=…"
        bad: Iterable[bool] = rows.index.isin(taken.index)
        faults.add_rows(what, np.asarray(bad), origin, field=layer.key, values=rows.index)
