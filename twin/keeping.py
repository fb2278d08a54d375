"""Answers kept as layers: what an analysis found, as features with a history."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

from twin.asking import Reply
from twin.catalog import Catalog
from twin.columns import typed_series
from twin.errors import InvalidParameter
from twin.frame import Frame
from twin.layer import Layer
from twin.query import Query
from twin.rows import Rows
from twin.store import Revision, Store

if TYPE_CHECKING:
    from geopandas import GeoDataFrame


def filled_layer(reply: Reply, catalog: Catalog) -> Layer:
    """The layer that the analysis of a reply fills.

    Raises
    ------
    InvalidParameter
        It fills none.
    """
    if reply.analysis.fills is None:
        raise InvalidParameter(f"{reply.analysis.id} finds nothing that is kept as a layer", parameter="analysis")
    return catalog.layer(reply.analysis.fills)


def tabulate(reply: Reply, layer: Layer) -> Frame:
    """The shapes of a reply as features of the layer that its analysis fills, in key order."""
    import geopandas

    from twin.ingest.settle import make_rows

    shapes = sorted(reply.answer.shapes, key=lambda shape: str(shape.properties[layer.key]))
    columns = {
        field.name: typed_series([shape.properties.get(field.name, field.default) for shape in shapes], field)
        for field in layer.schema
    }
    geometry = geopandas.array.from_shapely(np.array([None, *(shape.geometry for shape in shapes)], dtype=object)[1:])
    data = make_rows(columns, geometry, layer, reply.crs)
    return Frame(layer=layer, rows=Rows(data=data, fid=np.arange(len(data))), revision=0)


def keep_reply(
    reply: Reply, store: Store, layer: Layer, *, author: str, reason: str = "", effective: datetime | None = None
) -> Revision | None:
    """Make the layer that an analysis fills equal to its answer, as one revision.

    What was found before and is found again stays untouched, what is found no longer is retired. What people wrote into
    fields of which the analysis says nothing stays. The revision names the revisions that the answer was read from.

    Parameters
    ----------
    reply, store, layer
        The answer, where it was asked, and the layer that it fills.
    author, reason, effective
        Of the revision; what was asked, and now, by default.

    Returns
    -------
    Revision
        The revision; None where nothing is other than before.

    Raises
    ------
    InvalidParameter
        The reply is about the past, or about a part of what there is.
    RevisionConflict
        Somebody else wrote meanwhile.
    """
    from twin.ingest.changes import find_changes
    from twin.ingest.faults import Faults
    from twin.ingest.faults import Rows as Origin

    if reply.as_of is not None:
        raise InvalidParameter("an answer about the past is not what a layer is now", parameter="as_of")
    for name in reply.analysis.narrows:
        if reply.parameters[name] is not None:
            told = f"{name}={reply.parameters[name]} asks for a part, and the layer {layer.id} holds all: leave it out"
            raise InvalidParameter(told, parameter=name)
    base = store.latest(layer)
    stored = store.read(layer, Query() if base else Query(limit=0)).data
    found = tabulate(reply, layer).data
    _leave(found, stored, layer, reply)
    origin = Origin.of(reply.analysis.id, np.arange(1, len(found) + 1))
    changes = find_changes(found, stored, "sync", layer, origin, Faults())
    if not any(changes.counts):
        return None
    read = ", ".join(f"{name} at revision {frame.revision}" for name, frame in reply.frames.items())
    asked = ", ".join(f"{name}={value}" for name, value in reply.parameters.items() if value is not None)
    about = f"{reply.analysis.id} {asked}".strip()
    return store.write(
        layer,
        changes,
        author=author,
        reason=reason or about,
        effective=effective,
        base=base,
        source=f"{about} of {read}",
    )


def _leave(found: GeoDataFrame, stored: GeoDataFrame, layer: Layer, reply: Reply) -> None:
    """Take over values of fields that the analysis does not give."""
    given = {name for shape in reply.answer.shapes for name in shape.properties}
    again = found.index.intersection(stored.index)
    for name in layer.schema.names:
        if name not in given:
            found.loc[again, name] = stored.loc[again, name]
