"""What every layer and every indicator of the catalog must be; a new one is tested the moment it exists."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from dataclasses import replace
from datetime import date, datetime
from itertools import pairwise

import pytest
import shapely
from shapely.geometry import shape

import layers
from twin.crs import CRS84, parse_crs, reproject, transverse_mercator
from twin.indicator import Indicator
from twin.ingest.names import normalise_name
from twin.layer import Layer
from twin.schema import Field

CATALOG = layers.catalog()
CHINESE = re.compile(r"[\u4e00-\u9fff]")
YINAN = shapely.box(118.1, 35.3, 118.8, 35.8)
UNITS = {"m": "m", "mm": "mm", "m2": "m²", "deg": "deg", "w": "W", "kv": "kV", "dbm": "dBm", "db": "dB"} | {
    "mpa": "MPa",
    "c": "°C",
}
PYTHON_TYPES = {"text": str, "integer": int, "real": float, "boolean": bool, "date": str, "datetime": str}

every_layer = pytest.mark.parametrize("layer", CATALOG.layers.values(), ids=list(CATALOG.layers))
every_indicator = pytest.mark.parametrize("indicator", CATALOG.indicators.values(), ids=list(CATALOG.indicators))


#: What programs outside rely on: geometry, fields, and codes of some of them.
PROMISED = {
    "admin_areas": ("MultiPolygon", "area_id name parent_id", {"level": "county township community grid"}),
    "planning_areas": ("MultiPolygon", "area_id name version", {"kind": "planning urban"}),
    "topo_sheets": (
        "Polygon",
        "sheet_id sheet_no scheme survey_date",
        {"scale": "500 1000 2000", "status": "accepted in_progress rejected"},
    ),
    "key_places": (
        "MultiPolygon Point",
        "place_id name",
        {"category": "station sight park library hospital school service_center"},
    ),
    "cell_sites": (
        "PointZ",
        "cell_id operator band azimuth_deg beamwidth_deg height_m power_w radius_m in_service_since in_service_until",
        {"status": "in_service", "site_id": ""},
    ),
    "weather_stations": ("PointZ", "station_id name", {"kind": "automatic manual", "status": "in_service"}),
    "pipe_nodes": ("PointZ", "node_id", {"status": "in_service"}),
    "pipe_segments": (
        "LineStringZ",
        "segment_id from_node to_node subclass material diameter_mm depth_ref from_depth_m to_depth_m",
        {"class": "JS PS RQ RL DL TX GY QT", "status": "in_service"},
    ),
    "monitoring_devices": ("PointZ", "device_id segment_ids", {"status": "in_service"}),
    "buildings": ("MultiPolygonZ", "building_id name height_m floors use cim_level", {}),
}


def repeated(names):
    return [name for name, times in Counter(names).items() if times > 1]


def fault_of(field: Field, value) -> str | None:
    """Why a value of an example does not fit its field."""
    if not isinstance(value, PYTHON_TYPES[field.type]):
        return "type"
    if field.codes and value not in [code.value for code in field.codes]:
        return "code"
    if field.type == "text" and len(value) > field.max_length:
        return "length"
    if field.type == "date":
        date.fromisoformat(value)
    if field.type == "datetime" and datetime.fromisoformat(value).tzinfo is None:
        return "time zone"
    low = -math.inf if field.minimum is None else field.minimum
    high = math.inf if field.maximum is None else field.maximum
    return None if field.type not in ("integer", "real") or low <= value <= high else "range"


def examples_of(indicator: Indicator, frame, crs=None):
    stored = parse_crs(indicator.example.crs)
    frames = []
    for name in indicator.inputs:
        rows = [dict(row) for row in indicator.example.rows.get(name, ())]
        for row in rows:
            row["geometry"] = shapely.from_wkt(row["geometry"])
            if crs is not None:
                row["geometry"] = reproject([row["geometry"]], stored, crs)[0]
        frames.append(frame(CATALOG.layer(name), rows, crs or stored))
    return frames


@every_layer
def test_a_layer_is_titled_in_both_languages_and_says_what_it_is(layer: Layer):
    assert layer.title
    assert CHINESE.search(layer.title_zh)
    assert layer.about.endswith(".")
    assert layer.standard
    assert re.fullmatch(r"[a-z_]+s", layer.id)
    assert 0 <= layer.zooms[0] < layer.zooms[1] <= 22


@pytest.mark.parametrize("layer_id", PROMISED)
def test_a_layer_keeps_what_others_rely_on(layer_id):
    layer = CATALOG.layer(layer_id)
    geometry, fields, codes = PROMISED[layer_id]
    assert " ".join(f"{kind}{'Z' * layer.has_z}" for kind in (layer.geometry, *layer.also)) == geometry
    assert set(fields.split()) <= set(layer.schema.names)
    for name, values in codes.items():
        assert set(values.split()) <= {str(code.value) for code in layer.schema[name].codes}, name


@every_layer
def test_the_key_of_a_layer_is_a_required_text_field(layer: Layer):
    key = layer.schema[layer.key]
    assert (key.type, key.required, key.codes) == ("text", True, ())


@every_layer
def test_fields_are_titled_in_both_languages_and_carry_the_unit_of_their_suffix(layer: Layer):
    for field in layer.schema:
        assert re.fullmatch(r"[a-z][a-z0-9_]*", field.name)
        assert field.title
        assert CHINESE.search(field.title_zh) or "RSRP" in field.title_zh, field.name
        suffix = field.name.rpartition("_")[2] if "_" in field.name else ""
        if field.type in ("real", "integer") and suffix in UNITS:
            assert field.unit == UNITS[suffix], field.name


@every_layer
def test_limits_and_defaults_of_fields_make_sense(layer: Layer):
    for field in layer.schema:
        if field.minimum is not None and field.maximum is not None:
            assert field.minimum < field.maximum, field.name
        if field.default is not None:
            assert fault_of(field, field.default) is None, field.name


@every_layer
def test_a_name_found_in_a_file_means_one_field_only(layer: Layer):
    names = [
        name
        for field in layer.schema
        for name in {normalise_name(name) for name in (field.name, field.title, field.title_zh, *field.aliases)}
    ]
    assert repeated(names) == []


@every_layer
def test_a_value_found_in_a_file_means_one_code_only(layer: Layer):
    for field in layer.schema:
        assert repeated(code.value for code in field.codes) == []
        for code in field.codes:
            assert code.title, f"{field.name} {code.value}"
            assert code.title_zh, f"{field.name} {code.value}"
            assert isinstance(code.value, PYTHON_TYPES[field.type])
        spellings = [
            name
            for code in field.codes
            for name in {normalise_name(name) for name in (str(code.value), code.title, code.title_zh, *code.aliases)}
        ]
        assert repeated(spellings) == [], field.name


@every_layer
def test_lines_that_may_be_joined_differ_in_fields_that_the_map_does_not_show(layer: Layer):
    if layer.joined_over is not None:
        assert layer.dimension == 1
        assert set(layer.joined_over) <= {field.name for field in layer.fields} - {layer.style.by, layer.style.label}


@every_layer
def test_a_style_by_codes_has_a_colour_for_each_of_them(layer: Layer):
    if layer.style.by is None:
        assert layer.style.colors == {}
        return
    codes = {str(code.value) for code in layer.schema[layer.style.by].codes}
    assert codes
    assert set(layer.style.colors) == codes
    assert all(re.fullmatch(r"#[0-9a-f]{6}", color) for color in layer.style.colors.values())


@every_layer
def test_the_example_of_a_layer_is_a_valid_feature_in_the_county(layer: Layer):
    geometry = shape(layer.example["geometry"])
    assert layer.example["type"] == "Feature"
    assert geometry.geom_type in layer.geometries
    assert geometry.has_z == layer.has_z
    assert geometry.is_valid
    assert YINAN.contains(geometry)


@every_layer
def test_the_example_of_a_layer_fits_its_schema(layer: Layer):
    properties = layer.example["properties"]
    assert set(properties) <= set(layer.schema.names)
    assert {field.name for field in layer.schema if field.required} <= set(properties)
    assert {name: fault_of(layer.schema[name], value) for name, value in properties.items()} == dict.fromkeys(
        properties
    )


@every_layer
def test_the_checks_of_a_layer_pass_its_example_and_no_rows_at_all(layer: Layer, frame):
    crs = transverse_mercator(118.5)
    geometry = reproject([shape(layer.example["geometry"])], CRS84, crs)[0]
    example = frame(layer, [{**layer.example["properties"], "geometry": geometry}], crs)
    empty = frame(layer, [], crs)
    for check in (*layer.row_checks, *layer.checks):
        assert check(example.data) == []
        assert check(empty.data) == []


@every_layer
def test_a_check_of_rows_finds_in_many_what_it_finds_in_each(layer: Layer, frame):
    """Each row is the example with one field emptied, or of another code, number or day, or of the value before it."""
    crs = transverse_mercator(118.5)
    example = layer.example["properties"] | {"geometry": reproject([shape(layer.example["geometry"])], CRS84, crs)[0]}
    others = [(field.name, code.value) for field in layer.fields for code in (field.codes[:1] + field.codes[-1:])]
    others += [(field.name, None) for field in layer.fields if not field.required]
    plain = {"integer": 1, "real": 1.0, "date": "1900-01-01"}
    others += [(field.name, plain[field.type]) for field in layer.fields if field.type in plain]
    texts = [field.name for field in layer.fields if field.type == "text" and not field.codes]
    others += [(name, example[before]) for before, name in pairwise(texts) if before in example]
    rows = [example | {name: value, layer.key: f"K{n}"} for n, (name, value) in enumerate(others)]
    together = frame(layer, rows, crs).data
    for check in layer.row_checks:
        alone = [replace(fault, row=n) for n in range(len(rows)) for fault in check(together.iloc[[n]])]
        assert sorted(map(str, check(together))) == sorted(map(str, alone))
        assert alone or check.__name__ == "check_watched"  # which wants a list with a name twice


@every_layer
def test_a_layer_describes_itself_as_json_schema(layer: Layer):
    described = json.loads(json.dumps(layer.json_schema()))
    assert list(described["properties"]) == [*layer.schema.names, "geometry"]
    assert layer.key in described["required"]


@every_indicator
def test_an_indicator_names_its_clause_and_describes_itself(indicator: Indicator):
    assert indicator.title
    assert CHINESE.search(indicator.title_zh)
    assert indicator.unit
    assert CHINESE.search(indicator.clause.document)
    assert indicator.clause.article
    assert CHINESE.search(indicator.clause.text)
    # Each document stands beside its own article.
    assert indicator.clause.document.count("《") == 1
    assert len(re.findall(r"\d+\. ", indicator.clause.article)) == 1
    assert len(re.findall(r"》(?:\(\d+\))? \d+\. [^“]+:“", indicator.clause.text)) == indicator.clause.text.count("《")
    assert indicator.about


@every_indicator
def test_every_parameter_of_an_indicator_is_explained_and_accepts_its_default(indicator: Indicator):
    for parameter in indicator.parameters.values():
        assert parameter.about.endswith("."), parameter.name
        assert parameter.parse(parameter.default) == parameter.default


@every_indicator
def test_the_example_of_an_indicator_is_made_of_valid_rows(indicator: Indicator):
    for name, rows in indicator.example.rows.items():
        layer = CATALOG.layer(name)
        for row in rows:
            geometry = shapely.from_wkt(row["geometry"])
            assert geometry.geom_type in layer.geometries
            assert geometry.has_z == layer.has_z
            values = {field: value for field, value in row.items() if field != "geometry"}
            assert {field.name for field in layer.schema if field.required and field.default is None} <= set(values)
            assert {field: fault_of(layer.schema[field], value) for field, value in values.items()} == dict.fromkeys(
                values
            )


@every_indicator
def test_an_indicator_finds_the_value_worked_out_for_its_example(indicator: Indicator, frame):
    measure = indicator.function(*examples_of(indicator, frame), **indicator.parse(indicator.example.parameters))
    assert measure.value == pytest.approx(indicator.example.value, rel=1e-6)


@every_indicator
def test_an_indicator_does_not_depend_on_the_storage_crs(indicator: Indicator, frame):
    frames = examples_of(indicator, frame, crs=parse_crs("EPSG:4490"))
    measure = indicator.function(*frames, **indicator.parse(indicator.example.parameters))
    # A straight edge of 3 km in the grid is no straight edge in degrees.
    assert measure.value == pytest.approx(indicator.example.value, rel=1e-4)
    for shape_ in measure.shapes:
        assert shapely.box(73, 3, 136, 54).contains(shape_.geometry), shape_.role


@every_indicator
def test_an_indicator_without_data_has_no_value_and_says_why(indicator: Indicator, frame):
    for crs in ("EPSG:4549", "EPSG:4490"):
        frames = [frame(CATALOG.layer(name), [], crs) for name in indicator.inputs]
        measure = indicator.function(*frames, **indicator.parse({}))
        assert measure.value is None
        assert measure.note
        assert (indicator.target is None) or indicator.target.verdict(measure.value) == "unknown"


@every_indicator
def test_the_parts_of_a_measure_agree_with_each_other(indicator: Indicator, frame):
    frames = examples_of(indicator, frame)
    measure = indicator.function(*frames, **indicator.parse(indicator.example.parameters))
    assert json.loads(json.dumps(measure.details)) == measure.details
    for part in measure.breakdown:
        assert part.area_id in frames[indicator.inputs.index("admin_areas")].data.index
    for shape_ in measure.shapes:
        assert shapely.is_valid(shape_.geometry)
        assert not shapely.is_empty(shape_.geometry)
        assert CHINESE.search(shape_.title_zh)
    for layer, keys in (*measure.covered.items(), *measure.uncovered.items()):
        assert set(keys) <= set(frames[indicator.inputs.index(layer)].data.index)
    for layer, keys in measure.covered.items():
        assert not set(keys) & set(measure.uncovered.get(layer, ()))
