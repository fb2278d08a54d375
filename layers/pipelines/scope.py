"""What a delivery replaces in the store, and what lies beyond it and joins it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import shapely

from layers.pipelines.delivery.delivery import Delivery
from layers.pipelines.metres import widen
from layers.pipelines.nodes import PIPE_NODES
from layers.pipelines.rules.edges import REACH_M
from layers.pipelines.rules.survey import Survey
from layers.pipelines.segments import PIPE_SEGMENTS
from twin.crs import BBox
from twin.errors import InvalidParameter, SourceError
from twin.expressions import among, both
from twin.ingest.faults import Faults
from twin.layer import Layer
from twin.query import Query
from twin.store import Store

if TYPE_CHECKING:
    import pandas as pd
    from geopandas import GeoDataFrame


def name_areas(delivery: Delivery, project: str | None) -> Delivery:
    """Every row with its area: the one that is given, or the one of its row, or the only one that rows name.

    Raises
    ------
    InvalidParameter
        Nobody says which area a row belongs to.
    """
    import pandas as pd

    if project is None:
        named = pd.concat([delivery.nodes["project"], delivery.segments["project"]])
        if named.notna().all() and len(named):
            return delivery
        areas = named.dropna().unique()
        if len(areas) != 1:
            raise InvalidParameter(
                "rows do not say which area they belong to (column Prj_No): give --param project=…, under which a "
                "later delivery of the area replaces this one",
                parameter="project",
            )
        project = str(areas[0])
    nodes, segments = (rows.assign(project=project) for rows in (delivery.nodes, delivery.segments))
    return replace(delivery, nodes=nodes, segments=segments)


@dataclass(frozen=True, kw_only=True, eq=False)
class Scope:
    """What a delivery replaces: the classes that it has, in the areas that it names.

    Parameters
    ----------
    areas, classes
        Of its points and segments.
    store
        Where it goes.
    """

    areas: tuple[str, ...]
    classes: tuple[str, ...]
    store: Store

    @classmethod
    def of(cls, delivery: Delivery, store: Store) -> Scope:
        """What a delivery would replace.

        Raises
        ------
        SourceError
            It has no points, or no segments, but the store has: that cannot be meant to retire them.
        """
        import pandas as pd

        names = pd.concat([table[["project", "class"]] for table in (delivery.nodes, delivery.segments)])
        areas, classes = (tuple(sorted(names[name].dropna().unique())) for name in ("project", "class"))
        scope = cls(areas=areas, classes=classes, store=store)
        if not len(names):
            first = f" (the first fault: {delivery.faults.kept[0]})" if delivery.faults.kept else ""
            raise SourceError(f"the delivery holds no rows{first}; nothing was changed")
        for layer, rows in ((PIPE_NODES, delivery.nodes), (PIPE_SEGMENTS, delivery.segments)):
            there = 0 if len(rows) else len(scope.stored[layer.id])
            if there:
                raise SourceError(
                    f"the delivery has no rows for {layer.id}, of which the store has {there:,} of {', '.join(areas)}: "
                    "deliver points and segments together"
                )
        return scope

    @cached_property
    def stored(self) -> dict[str, GeoDataFrame]:
        """What the store has of it, by layer."""
        mine = Query(where=both(among("project", self.areas), among("class", self.classes)))
        return {layer.id: self.store.read(layer, mine).data for layer in (PIPE_NODES, PIPE_SEGMENTS)}

    @cached_property
    def ends_beyond(self) -> pd.Index[str]:
        """Names of the points at which segments that it does not replace end, as often as they do."""
        import pandas as pd

        if not self.store.latest(PIPE_SEGMENTS):
            return pd.Index([], dtype="str")
        ends = self.store.read(PIPE_SEGMENTS, Query(fields=("from_node", "to_node", "project", "class"))).data
        ends = ends[~self._holds(ends)]
        names: pd.Index[str] = pd.Index(pd.concat([ends["from_node"], ends["to_node"]]))
        return names

    def named_beyond(self, layer: Layer, keys: pd.Index[str]) -> GeoDataFrame:
        """Features that it does not replace, of those with some keys."""
        ids = tuple(keys.dropna().unique())
        rows = self.store.read(layer, Query(ids=ids) if ids else Query(limit=0)).data
        return rows[~self._holds(rows)]

    def join(self, delivery: Delivery, faults: Faults) -> Survey:
        """Join a delivery to the points beyond at which its segments end."""
        import pandas as pd

        ends = pd.Index(pd.concat([delivery.segments["from_node"], delivery.segments["to_node"]]))
        there = self.named_beyond(PIPE_NODES, ends.difference(pd.Index(delivery.nodes["node_id"])))
        nodes = delivery.nodes
        if len(there):
            nodes = pd.concat([nodes, there.reset_index(drop=True)], ignore_index=True)
        return Survey(
            nodes=nodes,
            judged=len(delivery.nodes),
            segments=delivery.segments,
            paths=delivery.paths,
            others=self.ends_beyond,
            beyond=self._read_around(delivery, ends),
            node_rows=delivery.node_rows,
            segment_rows=delivery.segment_rows,
            faults=faults,
        )

    def _read_around(self, delivery: Delivery, ends: pd.Index[str]) -> Survey | None:
        """What the store has of other areas as far around as rules of edges look; None where it has nothing."""
        places = shapely.get_coordinates(delivery.nodes.geometry.to_numpy())
        places = places[np.isfinite(places).all(axis=1)]
        if not len(places) or not self.store.latest(PIPE_NODES):
            return None
        box, crs = BBox(*places.min(axis=0), *places.max(axis=0)), delivery.nodes.crs
        around = Query(bbox=widen(box, crs, REACH_M))
        rows = {layer.id: self.store.read(layer, around).data for layer in (PIPE_NODES, PIPE_SEGMENTS)}
        nodes, segments = (
            table[~table["project"].isin(self.areas).to_numpy(bool)].reset_index() for table in rows.values()
        )
        paths = shapely.force_2d(segments.geometry.to_numpy())
        paths[shapely.get_num_coordinates(paths) <= 2] = None
        return Survey(nodes=nodes, judged=len(nodes), segments=segments, paths=paths, others=ends)

    def _holds(self, rows: pd.DataFrame) -> npt.NDArray[np.bool_]:
        held: npt.NDArray[np.bool_] = (rows["project"].isin(self.areas) & rows["class"].isin(self.classes)).to_numpy()
        return held
