"""Asks analyses, and records what the answers rest on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial
from typing import Any

import numpy as np

from twin.analysis import Analysis, Answer
from twin.catalog import Catalog
from twin.crs import CRS, crs_label
from twin.errors import InvalidParameter
from twin.frame import Frame
from twin.query import AsOf, Query
from twin.reading import ReadFrame, Reading, read_inputs, require_sound, write_plain
from twin.store import Store
from twin.title_block import Basis

#: Features that are written at a time: an answer may be about the whole county.
_PIECE = 1_000


@dataclass(frozen=True, kw_only=True, eq=False)
class Reply:
    """An answer with what it rests on: the twin, the question, its parameters, and the rows that it was read from.

    History is never overwritten, so the revisions of the layers name these rows.
    """

    twin: str
    analysis: Analysis
    answer: Answer
    as_of: AsOf | None
    crs: CRS
    parameters: Mapping[str, Any]
    frames: Mapping[str, Frame]
    computed_at: datetime

    def rows(self) -> Iterator[tuple[str, Frame]]:
        """Each role with the rows that play it, layer by layer, a thousand at a time."""
        for role, layers in self.answer.features.items():
            for name, keys in layers.items():
                frame = self.frames[name]
                places = frame.data.index.get_indexer(np.asarray(keys, dtype=object))
                for first in range(0, len(places), _PIECE):
                    yield role, frame.take(places[first : first + _PIECE])

    def basis(self) -> Basis:
        """What a drawing of the answer says that it rests on."""
        revisions = {name: frame.revision for name, frame in self.frames.items()}
        return Basis.of(self.twin, self.crs, self.as_of, revisions, self.computed_at)

    def to_dict(self) -> dict[str, Any]:
        """The reply as JSON carries it; derived shapes are told by what they are only."""
        analysis, answer = self.analysis, self.answer
        return write_plain(
            {
                "analysis": analysis.id,
                "title": analysis.title,
                "title_zh": analysis.title_zh,
                "figures": dict(answer.figures),
                "note": answer.note,
                "features": {role: dict(layers) for role, layers in answer.features.items()},
                "as_of": self.as_of,
                "crs": crs_label(self.crs),
                "parameters": dict(self.parameters),
                "clause": asdict(analysis.clause),
                "evidence": [
                    {"layer": name, "revision": frame.revision, "rows": len(frame)}
                    for name, frame in self.frames.items()
                ],
                "computed_at": self.computed_at,
            }
        )


def ask(
    analysis: Analysis,
    catalog: Catalog,
    store: Store,
    *,
    parameters: Mapping[str, Any] | None = None,
    as_of: AsOf | None = None,
    read: ReadFrame | None = None,
) -> Reply:
    """Ask an analysis of one state of the store.

    Parameters
    ----------
    analysis, catalog, store
        What, of which layers, where.
    parameters
        Values, or their text, by name; the others take their defaults.
    as_of
        Revision number or instant; now by default.
    read
        Gives whole layers that are in memory already; by default they are read from the store.

    Raises
    ------
    InvalidParameter
        A parameter is unknown or malformed.
    StoreUnavailable
        A geometry that another program wrote into the store cannot be measured.
    """
    reading = read_inputs(analysis, catalog, store, parameters=parameters, as_of=as_of, read=read)
    given: dict[str, Any] = {"kept": store.kept} if analysis.reads_kept else {}
    frames = dict(zip(analysis.inputs, reading.frames, strict=True))
    if analysis.names is not None:
        given["named"] = named = _read_named(analysis.names, catalog, store, reading, as_of)
        frames |= {} if named is None else {named.layer.id: named}
    return Reply(
        twin=store.title,
        analysis=analysis,
        answer=analysis.function(*reading.frames, **reading.parameters, **given),
        as_of=as_of,
        crs=store.crs,
        parameters=reading.parameters,
        frames=frames,
        computed_at=reading.at,
    )


def _read_named(
    names: tuple[str, str], catalog: Catalog, store: Store, reading: Reading, as_of: AsOf | None
) -> Frame | None:
    """The rows of the layer that the parameters name, of the same state; None where they name none."""
    from twin.cql2.text import parse_text  # what parses conditions takes a while to load

    name, condition = (reading.parameters[each] for each in names)
    if name is None:
        if condition is not None:
            raise InvalidParameter(f"{names[1]} is a condition on a layer: name it as {names[0]}", parameter=names[1])
        return None
    known = list(catalog.layers)
    if name not in known:
        raise InvalidParameter(f"there is no layer {name}; there are: {', '.join(known)}", parameter=names[0])
    where = None if condition is None else parse_text(condition)
    query = Query(as_of=as_of, known_at=reading.known_at, where=where)
    frame = store.read(catalog.layer(name), query)
    frame.keep("sound", partial(require_sound, frame))
    return frame
