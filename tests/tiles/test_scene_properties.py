"""What features say of themselves in a tile: every type of field, there and not there."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from scene_files import Glb
from tests_frames import make_frame
from tiles.scenes.forms import draw_axes
from tiles.scenes.glb import Part, write_glb
from tiles.scenes.properties import make_table, read_columns
from twin.layer import Layer
from twin.schema import Code, Field
from twin.solids import End, Sweeps

LAYER = Layer(
    id="things",
    title="Things",
    title_zh="物",
    about="One field of each type.",
    geometry="Point",
    key="key",
    fields=(
        Field(name="key", title="Key", title_zh="号", required=True),
        Field(name="text", title="Text", title_zh="文"),
        Field(name="count", type="integer", title="Count", title_zh="数"),
        Field(name="length_m", type="real", title="Length", title_zh="长", unit="m"),
        Field(name="open", type="boolean", title="Open", title_zh="开"),
        Field(name="day", type="date", title="Day", title_zh="日"),
        Field(name="at", type="datetime", title="At", title_zh="时"),
        Field(
            name="kind",
            title="Kind",
            title_zh="类",
            codes=(Code(value="a", title="A", title_zh="甲"), Code(value="b", title="B", title_zh="乙")),
        ),
        Field(
            name="grade",
            type="integer",
            title="Grade",
            title_zh="级",
            codes=(Code(value=1, title="One", title_zh="一"), Code(value=2, title="Two", title_zh="二")),
        ),
    ),
)
FULL = {"text": "管 'x\"", "count": -7, "length_m": 0.1, "open": False, "day": "2021-05-18"}
FULL |= {"at": "2021-05-18T08:00:00Z", "kind": "b", "grade": 2}


def tell(*rows, at=None) -> Glb:
    """Things in a tile, each a metre of line."""
    rows = [{"key": f"k{number}", "geometry": "POINT (0 0)"} | row for number, row in enumerate(rows)]
    frame = make_frame(LAYER, rows, "EPSG:4548")
    chosen = np.arange(len(rows)) if at is None else np.array(at)
    solids = Sweeps(
        rows=np.arange(len(chosen)),
        axes=np.tile([[0.0, 0, 0], [1.0, 0, 0]], (len(chosen), 1)),
        starts=np.arange(len(chosen) + 1) * 2,
        width_m=np.ones(len(chosen)),
        height_m=np.ones(len(chosen)),
        is_round=np.ones(len(chosen), dtype=bool),
        ends=np.full((len(chosen), 2), End.OPEN, dtype=np.uint8),
    )
    part = Part(name="x", color=(0, 0, 0), mesh=draw_axes(solids)[0])
    table = make_table(read_columns(frame), chosen)
    return Glb.read(write_glb([part], (0.0, 0.0, 0.0), table, len(chosen), "things"))


def schema_of(glb: Glb) -> dict:
    return glb.document["extensions"]["EXT_structural_metadata"]["schema"]


def test_every_type_comes_out_as_it_went_in_and_nothing_as_nothing():
    said = FULL | {"open": "false", "grade": "2", "at": "2021-05-18T08:00:00.000Z"}
    assert tell(FULL, {}).rows() == [{"key": "k0"} | said, {"key": "k1"}]


def test_only_the_rows_of_the_tile_are_in_it():
    glb = tell({"text": "一"}, {"text": "二"}, {"text": "三"}, at=[2, 0])
    assert glb.rows() == [{"key": "k2", "text": "三"}, {"key": "k0", "text": "一"}]


def test_fields_in_which_nobody_says_anything_and_codes_that_nobody_has_are_left_out():
    schema = schema_of(tell({"kind": "b"}, {"kind": "b"}))
    assert schema["classes"]["things"]["properties"].keys() == {"key", "kind"}
    assert schema["enums"]["kind"]["values"] == [{"name": "b", "value": 2, "description": "B 乙"}]
    assert "noData" not in schema["classes"]["things"]["properties"]["kind"]


def test_units_and_both_titles_stand_in_the_schema():
    assert schema_of(tell(FULL))["classes"]["things"]["properties"]["length_m"]["name"] == "Length 长 (m)"


@pytest.mark.parametrize(
    ("count", "kind"), [(2**31 - 1, "INT32"), (-(2**31) + 1, "INT32"), (-(2**31), "FLOAT64"), (2**40, "FLOAT64")]
)
def test_whole_numbers_are_exact_and_none_is_taken_for_the_sign_of_nothing(count, kind):
    glb = tell({"count": count}, {})
    assert glb.rows()[0]["count"] == count
    assert schema_of(glb)["classes"]["things"]["properties"]["count"]["componentType"] == kind


def test_a_code_that_is_not_in_the_list_any_more_is_told_as_text():
    rows = tell({"kind": "b"}, {"kind": "gone"}, {}).rows()
    assert [row.get("kind") for row in rows] == ["b", "gone", None]


def test_texts_that_are_there_and_empty_are_told_without_a_byte():
    assert tell({"text": ""}).rows() == [{"key": "k0", "text": ""}]


def test_members_of_objects_are_told_once_however_many_features_have_them():
    objects = [
        {"A": {"x": 1.5, "é": "管\\"}, "B": {}},
        {},
        {"B": {"y": [True]}, "A": {"x": 1.5}},
        {"A": {"x": 2}, "c": 3},
    ]
    flat = [{"A.x": 1.5, "A.é": "管\\"}, {}, {"B.y": [True], "A.x": 1.5}, {"A.x": 2, "c": 3}]
    rows = [{"key": f"k{number}", "geometry": "POINT (0 0)"} for number in range(len(objects))]
    texts = [{"text": json.dumps(each, ensure_ascii=False) if each else None} for each in objects]
    frame = make_frame(LAYER, [row | text for row, text in zip(rows, texts, strict=True)], "EPSG:4548")
    columns = [replace(each, is_split=each.field.name == "text") for each in read_columns(frame)]
    (told,) = [each for each in make_table(columns, np.array([0, 1, 2, 3, 0])) if each.name == "text"]
    names = [value["name"] for value in told.codes["values"]]
    assert names == ['"A.x":1.5', '"A.é":"管\\\\"', '"B.y":[true]', '"A.x":2', '"c":3']
    numbers, ends = np.frombuffer(told.values, np.uint16).tolist(), np.frombuffer(told.firsts, np.uint32).tolist()
    assert ends == [0, 2, 2, 4, 6, 8]
    given = [json.loads("{" + ",".join(names[each] for each in numbers[a:b]) + "}") for a, b in pairwise(ends)]
    assert given == [*flat, flat[0]]
    nothing = [each for each in make_table(columns, np.array([1])) if each.name == "text"]
    assert nothing == []
