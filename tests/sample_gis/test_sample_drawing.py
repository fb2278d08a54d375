"""The sample's delivery as a drawing: read back, it is the delivery of tables in every field."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import shapely

from dxf_drawings import as_applications, as_attributes, as_equations, as_names_and_values, as_records, draw
from layers.pipelines.delivery import Wishes, read_delivery
from layers.pipelines.delivery.tables import Target
from sample_gis.pipes.delivery import Tables, tabulate, write_tables


@pytest.fixture(scope="module")
def tables(county):
    """Every third line with its points: of all classes, ways of laying and fittings still."""
    whole = tabulate(county)
    lines = whole.lines[::3]
    ends = {line[f"{end}_Exp"] for line in lines for end in "SE"}
    assert {line["class"] for line in lines} == {line["class"] for line in whole.lines}
    return Tables(points=[point for point in whole.points if point["Exp_No"] in ends], lines=lines)


@pytest.fixture(scope="module")
def as_tables(county, tables, tmp_path_factory):
    return read(county, write_tables(tables, tmp_path_factory.mktemp("tables")))


def read(county, files):
    return read_delivery(files, Target(crs=county.crs, area=county.area), Wishes(crs=county.crs.to_wkt()))


def things(tables, *, named):
    """The rows of both tables as symbols and lines on a layer of each class; `named` is False where the drawing has to
    say by its places which points lines end at, and by their heights how deep they lie."""
    at = {row["Exp_No"]: (row["Y"], row["X"]) for row in tables.points}
    for row in tables.points:
        own = {k: v for k, v in row.items() if v == v and k not in ("X", "Y", "class")}
        yield "INSERT", f"{row['class']}POINT", [at[row["Exp_No"]]], own
    for row in tables.lines:
        ends = [(*at[row[f"{end}_Exp"]], 0.0 if named else row[f"{end}_High"]) for end in "SE"]
        left_out = ("class",) if named else ("class", "S_Exp", "E_Exp", "S_High", "E_High")
        own = {k: v for k, v in row.items() if v == v and k not in left_out}
        yield "LINE", f"{row['class']}LINE", ends, own


@pytest.mark.parametrize(
    ("named", "options"),
    [
        (True, {"version": "R2000"}),
        (False, {"version": "R2018", "carry_points": as_names_and_values, "carry_lines": as_records}),
        (False, {"version": "R2010", "carry_points": as_equations, "carry_lines": as_equations, "binary": True}),
        (True, {"version": "R12", "carry_points": as_attributes, "carry_lines": as_applications}),
    ],
    ids=["R2000 in GBK", "R2018 with records", "R2010 in binary", "R12 by applications"],
)
def test_a_drawing_of_the_sample_says_what_its_tables_say(county, tables, as_tables, tmp_path, named, options):
    delivery = read(county, [draw(tmp_path / "管线.dxf", things(tables, named=named), **options)])
    assert (delivery.faults.count, as_tables.faults.count) == (0, 0)
    for key, drawn, told in (
        ("node_id", delivery.nodes, as_tables.nodes),
        ("segment_id", delivery.segments, as_tables.segments),
    ):
        pd.testing.assert_frame_equal(*(pd.DataFrame(rows).drop(columns="geometry", errors="ignore")
                                        .set_index(key).sort_index() for rows in (drawn, told)))  # fmt: skip
    places = [rows.set_index("node_id").sort_index().geometry.to_numpy() for rows in (delivery.nodes, as_tables.nodes)]
    assert np.array_equal(*(shapely.get_coordinates(each, include_z=True) for each in places))
    assert not shapely.is_missing(delivery.paths).any()
