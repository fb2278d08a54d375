"""Columns find their fields by obvious names or by the mapping, and the report says how."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from layers import catalog
from twin.errors import InvalidParameter
from twin.ingest.delimited import join_heads
from twin.ingest.mapping import load_mapping, parse_mapping
from twin.ingest.match import match_fields


@pytest.fixture
def matched(parcels):
    """Field → (column, how) for given columns and mapping."""

    def run(columns, mapping=None):
        found = match_fields(parcels, columns, parse_mapping(mapping or {}, parcels))
        return {source.field.name: (source.column, source.how) for source in found}

    return run


def test_names_are_found_whatever_their_case_spacing_and_width(matched):
    found = matched(["Parcel ID", "NAME", "depth-m"])
    assert {field: column for field, (column, _) in found.items()} == {
        "parcel_id": "Parcel ID",
        "name": "NAME",
        "depth_m": "depth-m",
    }


def test_chinese_titles_and_aliases_are_found(matched):
    assert matched(["编号", "名称", "用途"]) == {
        "parcel_id": ("编号", "alias"),
        "name": ("名称", "title"),
        "use": ("用途", "title"),
    }


def test_the_surest_name_wins_and_a_column_serves_one_field_only(matched):
    found = matched(["县区", "name", "parcel_id"])
    assert found["name"] == ("name", "same name")
    assert "县区" not in [column for column, _ in found.values()]


def test_names_cut_by_a_shapefile_are_found(matched):
    # "parcel_id" fits; 县区名称 has 12 bytes of UTF-8, of which a .dbf keeps ten, so three characters and a bit.
    assert matched(["县区名"])["name"] == ("县区名", "name cut at 10 bytes")


def test_a_unit_in_brackets_behind_the_name_is_applied(parcels):
    (source,) = match_fields(parcels, ["深度（cm）"], parse_mapping({}, parcels))
    assert (source.field.name, source.factor) == ("depth_m", 0.01)


def test_brackets_that_hold_no_unit_are_part_of_the_name(matched):
    assert matched(["深度（估计）"]) == {}


def test_the_mapping_goes_before_all_names(matched):
    found = matched(["name", "MC"], {"fields": {"name": "MC", "use": {"constant": "housing"}}})
    assert found["name"] == ("MC", "mapping")
    assert found["use"] == (None, "mapping: constant housing")


def test_a_column_that_has_a_fields_very_name_serves_it_beside_what_the_mapping_makes_of_it(matched):
    found = matched(["name", "MC"], {"fields": {"parcel_id": "name"}})
    assert (found["parcel_id"], found["name"]) == (("name", "mapping"), ("name", "same name"))
    found = matched(["县区", "MC"], {"fields": {"parcel_id": "县区"}})
    assert "name" not in found


def test_the_mapping_may_name_a_column_in_full_that_a_shapefile_cut(matched):
    assert matched(["县区名"], {"fields": {"name": "县区名称"}})["name"] == ("县区名", "mapping")


def test_units_in_the_mapping_become_factors_and_are_reported(parcels):
    mapping = parse_mapping({"fields": {"depth_m": {"source": "SD", "unit": "cm"}}}, parcels)
    (source,) = match_fields(parcels, ["SD"], mapping)
    assert (source.factor, source.how) == (0.01, "mapping, cm to m")


@pytest.mark.parametrize(
    ("mapping", "says"),
    [
        ({"feilds": {}}, "did you mean fields"),
        ({"source": {"crss": "EPSG:4548"}}, "did you mean crs"),
        ({"fields": {"nmae": "MC"}}, "did you mean name"),
        ({"fields": {"name": {"from": "MC"}}}, "there is no key in"),
        ({"fields": {"name": {"unit": "m"}}}, "needs one of source, constant or sequence"),
        ({"fields": {"use": {"source": "YT", "codes": {"住": "hosing"}}}}, "did you mean housing"),
        ({"source": {"x": 3}}, "must be text"),
        ({"fields": {"name": 3}}, "must be a column name or a table"),
        ({"fields": ["name"]}, "must be a table"),
    ],
)
def test_a_mapping_with_a_mistake_is_refused_and_the_nearest_name_told(parcels, mapping, says):
    with pytest.raises(InvalidParameter, match=says):
        parse_mapping(mapping, parcels)


def test_a_column_that_does_not_exist_is_refused_and_the_nearest_told(matched):
    with pytest.raises(InvalidParameter, match="no column NAMES; did you mean NAME"):
        matched(["NAME"], {"fields": {"name": "NAMES"}})


def test_units_of_different_things_are_refused(matched):
    with pytest.raises(InvalidParameter, match="numbers in kW cannot become m"):
        matched(["SD"], {"fields": {"depth_m": {"source": "SD", "unit": "kW"}}})


def test_a_mapping_file_is_toml(tmp_path, parcels):
    file = tmp_path / "map.toml"
    file.write_text('[source]\nkey = "编码"\n[keep]\nKIND = "a"\n[fields]\nname = "MC"\n', encoding="utf-8")
    mapping = load_mapping(file, parcels)
    assert mapping.fields["parcel_id"].source == "编码"
    assert mapping.keep == {"KIND": ("a",)}
    file.write_text("[source\n", encoding="utf-8")
    with pytest.raises(InvalidParameter, match=r"map\.toml is not TOML: .*line 1, column 8\)$"):
        load_mapping(file, parcels)


def test_chinese_without_quotes_is_told_to_a_mappings_writer(tmp_path, parcels):
    file = tmp_path / "map.toml"
    file.write_text("[keep]\n状态 = 1\n", encoding="utf-8")
    with pytest.raises(InvalidParameter, match="put quotes round Chinese names"):
        load_mapping(file, parcels)


def test_a_mapping_that_is_not_there_names_the_one_that_may_be_meant(tmp_path, parcels):
    (tmp_path / "towns.toml").write_text("", encoding="utf-8")
    with pytest.raises(InvalidParameter, match=r"there is no mapping file .*towns\.tml; did you mean towns\.toml\?$"):
        load_mapping(tmp_path / "towns.tml", parcels)
    with pytest.raises(InvalidParameter, match=r"there is no mapping file .*x\.toml$"):
        load_mapping(tmp_path / "x.toml", parcels)


def test_the_mappings_that_the_documentation_shows_are_mappings():
    text = (Path(__file__).parents[2] / "docs" / "ingest.md").read_text(encoding="utf-8")
    shown = [tomllib.loads(block.split("```")[0]) for block in text.split("```toml\n")[1:]]
    named = zip(("admin_areas", "buildings"), shown, strict=True)
    townships, buildings = (parse_mapping(data, catalog().layer(name)) for name, data in named)
    assert townships.fields["level"].constant == "township"
    assert buildings.keep == {"状态": ("在用",)}


@pytest.mark.parametrize(
    ("upper", "lower", "names"),
    [
        (["点号", "坐标(m)", "", "备注"], ["", "X", "Y", ""], ["点号", "坐标X(m)", "坐标Y(m)", "备注"]),
        (["起点", "", "终点", "", "管径"], ["点号", "埋深(cm)", "点号", "埋深(m)", ""],
         ["起点点号", "起点埋深(cm)", "终点点号", "终点埋深(m)", "管径"]),
        (["管线点表", "", ""], ["点号", "X", "Y"], None),  # a title
        (["点号", "", "名称"], ["W1", "", "井"], None),  # a row of data
        (["点号", "坐标", "", "名称"], ["", "3935500.1", "496500", ""], None),  # numbers are no names
        (["点号", "名称"], ["W1", "井"], None),
    ],
)  # fmt: skip
def test_two_rows_are_one_header_where_the_lower_parts_columns_of_the_upper(upper, lower, names):
    assert join_heads(upper, lower) == names
