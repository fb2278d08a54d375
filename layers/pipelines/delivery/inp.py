"""Networks of EPANET and SWMM as deliveries: their input files, in SI units, with the shapes of links."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from layers.pipelines.delivery.delivery import Kind, TableReport, Wishes
from layers.pipelines.delivery.epanet import read_epanet
from layers.pipelines.delivery.model import Model, Sections
from layers.pipelines.delivery.swmm import read_swmm
from layers.pipelines.delivery.tables import TableRows, Target
from layers.pipelines.nodes import PIPE_NODES
from layers.pipelines.segments import PIPE_SEGMENTS
from twin.crs import CRS, reproject
from twin.errors import SourceError
from twin.ingest.delivery import convert_columns
from twin.ingest.encoding import decide_encoding
from twin.ingest.faults import Faults, Rows
from twin.ingest.mapping import FieldRule
from twin.ingest.match import FieldSource
from twin.ingest.place import decide_crs
from twin.ingest.report import Decision
from twin.ingest.settle import settle_shapes
from twin.ingest.stage import Staged

_HEADER = re.compile(r"\[(\w+)\]?")


def read_inp(staged: Staged, target: Target, wishes: Wishes, faults: Faults) -> tuple[TableRows, TableRows]:
    """Read the network of an input file of EPANET or SWMM.

    Raises
    ------
    SourceError
        It is neither, or a link names a node that has no coordinates.
    CrsError
        No CRS is given: such files name none.
    """
    encoding = decide_encoding(staged.name, lambda: iter([staged.path.read_bytes()]), explicit=wishes.encoding)
    sections = split_sections(staged.path.read_text(encoding.value).splitlines())
    if "PIPES" in sections:
        model = read_epanet(sections, staged.name)
    elif "CONDUITS" in sections:
        model = read_swmm(sections, staged.name)
    else:
        raise SourceError(f"{staged.name} has neither pipes (EPANET) nor conduits (SWMM)")
    crs, said = decide_crs(staged.name, wishes.crs, None, "such files name no CRS", model.bounds, None)
    return (
        _make_table(staged.name, "points", model, crs, said, target, wishes, faults),
        _make_table(staged.name, "segments", model, crs, said, target, wishes, faults),
    )


def split_sections(lines: Iterable[str]) -> Sections:
    """The lines of each section, parted into words, without comments; names of sections in capitals."""
    sections: dict[str, list[tuple[int, list[str]]]] = {}
    here: list[tuple[int, list[str]]] = []
    for number, line in enumerate(lines, start=1):
        text = line.partition(";")[0].strip()
        header = _HEADER.match(text)
        if header is not None:
            here = sections.setdefault(header[1].upper(), [])
        elif text:
            here.append((number, text.split()))
    return sections


def _make_table(
    name: str, kind: Kind, model: Model, crs: CRS, said: Decision, target: Target, wishes: Wishes, faults: Faults
) -> TableRows:
    import pandas as pd

    layer = PIPE_NODES if kind == "points" else PIPE_SEGMENTS
    items: list[Mapping[str, Any]] = model.nodes if kind == "points" else model.segments
    given = pd.DataFrame({key: [item.get(key) for item in items] for key in dict.fromkeys(k for i in items for k in i)})
    rows = Rows.of(name, given.pop("line").to_numpy(np.int64) if len(items) else np.empty(0, dtype=np.int64))
    geometry = given.pop("geometry").to_numpy(dtype=object) if len(items) else np.empty(0, dtype=object)
    for key in ("node_id", "from_node", "to_node", "segment_id"):
        if key in given:
            given[key] = wishes.prefix + given[key].astype("str")
    sources = [FieldSource(field=layer.schema[key], column=key, rule=FieldRule(), how="") for key in given.columns]
    columns, _ = convert_columns(layer, sources, given, rows, faults, delivered=tuple(given.columns))
    frame = pd.DataFrame(columns)
    if kind == "points":
        frame["classless"] = False
        geometry = settle_shapes(geometry, layer, crs, target.crs, rows, faults, tolerance=1e-6).geometry
    else:
        frame["size"] = pd.Series(None, index=frame.index, dtype="str")
        geometry = reproject(geometry, crs, target.crs)
    report = TableReport(
        name=f"{name}, {kind}", kind=kind, format=model.format, rows=len(rows), crs=said, notices=model.notices
    )
    return TableRows(columns=frame, geometry=geometry, rows=rows, report=report, said=frozenset(given.columns))
