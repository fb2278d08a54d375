"""Every indicator of the catalog on a real store: its result is evidence, holds later, and cannot be doctored."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
import shapely

import layers
from twin.crs import parse_crs
from twin.engine import evaluate, verify
from twin.errors import StoreUnavailable
from twin.indicator import Indicator
from twin.store import Changes
from twin.stores import create_store

CATALOG = layers.catalog()
BOW_TIE = shapely.from_wkt("MULTIPOLYGON (((0 0, 2 2, 2 0, 0 2, 0 0)))")
JANUARY, JUNE = datetime(2022, 1, 1, tzinfo=UTC), datetime(2022, 6, 1, tzinfo=UTC)


@pytest.fixture(params=CATALOG.indicators.values(), ids=list(CATALOG.indicators))
def indicator(request) -> Indicator:
    return request.param


@pytest.fixture
def store(indicator, frame, tmp_path):
    """A store with the rows of the indicator's example, effective since January 2022."""
    with create_store(tmp_path / "twin.gpkg", crs=parse_crs(indicator.example.crs)) as store:
        for name, rows in indicator.example.rows.items():
            data = frame(CATALOG.layer(name), rows, indicator.example.crs).data
            store.write(
                CATALOG.layer(name), Changes(insert=data), author="surveyor", reason="example", effective=JANUARY
            )
        yield store


def assess(indicator, store, **options):
    """The result as a program gets it."""
    result = evaluate(indicator, CATALOG, store, parameters=indicator.example.parameters, **options).to_dict()
    return json.loads(json.dumps(result))


def test_a_result_says_what_it_was_read_from(indicator, store):
    result = assess(indicator, store)
    assert result["value"] == pytest.approx(indicator.example.value, rel=1e-6)
    assert [evidence["layer"] for evidence in result["evidence"]] == list(indicator.inputs)
    for evidence in result["evidence"]:
        rows = indicator.example.rows.get(evidence["layer"], ())
        key = CATALOG.layer(evidence["layer"]).key
        assert evidence["rows"] == len(rows)
        assert set(evidence["used"]) <= {row[key] for row in rows}
        assert (evidence["revision"] > 0) == bool(rows)
    assert {*result["parameters"]} == {*indicator.parameters}


def test_a_result_holds_after_everything_was_deleted(indicator, store):
    recorded = assess(indicator, store)
    for name, rows in indicator.example.rows.items():
        layer = CATALOG.layer(name)
        gone = Changes(delete=tuple(row[layer.key] for row in rows))
        store.write(layer, gone, author="surveyor", reason="cleared", effective=JUNE)
    assert verify(recorded, CATALOG, store) == []
    assert assess(indicator, store, as_of=datetime(2022, 3, 1, tzinfo=UTC))["value"] == recorded["value"]
    assert assess(indicator, store)["value"] is None


def test_before_the_first_revision_there_is_no_value(indicator, store):
    for as_of in (0, datetime(2021, 12, 31, tzinfo=UTC), datetime(1, 1, 1, tzinfo=UTC)):
        result = assess(indicator, store, as_of=as_of)
        assert (result["value"], result["verdict"]) == (None, "unknown")
        assert result["note"]


def test_no_number_of_a_result_can_be_doctored(indicator, store):
    recorded = assess(indicator, store)
    places = [(name,) for name in ("value", "numerator", "denominator")]
    places += [("breakdown", row, name) for row in range(len(recorded["breakdown"])) for name in ("value", "numerator")]
    places += [("evidence", row, name) for row in range(len(indicator.inputs)) for name in ("rows", "revision")]
    places += [("details", name) for name, value in recorded["details"].items() if isinstance(value, int | float)]
    for *path, name in places:
        doctored = json.loads(json.dumps(recorded))
        holder = doctored
        for step in path:
            holder = holder[step]
        holder[name] = (holder[name] or 0) * (1 + 1e-12) + 1e-9
        assert verify(doctored, CATALOG, store), (*path, name)


def test_an_outline_drawn_wrong_in_another_program_is_named(indicator, store, frame):
    wrong = {"area_id": "drawn", "name": "x", "level": "township", "geometry": BOW_TIE}
    layer = CATALOG.layer("admin_areas")
    data = frame(layer, [wrong], indicator.example.crs).data
    store.write(layer, Changes(insert=data), author="unknown", reason="", effective=JUNE)
    with pytest.raises(StoreUnavailable, match="admin_areas drawn: Self-intersection"):
        assess(indicator, store)


def test_coverage_is_divided_by_the_version_in_force_on_the_day(frame, tmp_path):
    """Strips of longitude of equal width; the sheet of 2012 was delivered last, after the plan of 2019."""

    crs = "EPSG:4490"

    def strip(west, east):
        return shapely.box(118.5 + west / 100, 35.5, 118.5 + east / 100, 35.52)

    def area(key, geometry, **fields):
        row = {"area_id": key, "name": key, "kind": "planning", "geometry": shapely.MultiPolygon([geometry])}
        return frame(CATALOG.layer("planning_areas"), [row | fields], crs).data

    def sheet(key, geometry):
        row = {"sheet_id": key, "sheet_no": key, "scale": 2000, "status": "accepted", "geometry": geometry}
        return frame(CATALOG.layer("topo_sheets"), [row], crs).data

    replaced = {
        "update": area("old", strip(0, 4), version="2005-2020", status="superseded"),
        "insert": area("new", strip(0, 8), version="2018-2035"),
    }
    writes = [
        (2006, "planning_areas", {"insert": area("old", strip(0, 4), version="2005-2020")}),
        (2010, "topo_sheets", {"insert": sheet("a", strip(0, 2))}),
        (2019, "planning_areas", replaced),
        (2012, "topo_sheets", {"insert": sheet("b", strip(2, 3))}),
    ]
    indicator = CATALOG.indicator("topographic_coverage")
    with create_store(tmp_path / "twin.gpkg", crs=parse_crs(crs)) as store:
        for year, layer, changes in writes:
            effective = datetime(year, 1, 1, tzinfo=UTC)
            store.write(CATALOG.layer(layer), Changes(**changes), author="a", reason="r", effective=effective)
        results = {
            year: evaluate(indicator, CATALOG, store, as_of=datetime(year, 7, 1, tzinfo=UTC))
            for year in (2005, 2009, 2011, 2015, 2020)
        }
    values = {year: result.measure.value for year, result in results.items()}
    assert values == {2005: None, 2009: None, 2011: 0.5, 2015: 0.75, 2020: 0.375}
    assert results[2015].measure.details["area_versions"] == ["2005-2020"]
    assert results[2020].measure.details["area_versions"] == ["2018-2035"]
