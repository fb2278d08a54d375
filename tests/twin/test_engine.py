"""The engine records evidence by itself and can verify a result long after."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Literal

import pytest
import shapely

from tests_support import CRS, LAYER, make_rows, write
from twin.catalog import Catalog
from twin.engine import evaluate, frame_digest, verify
from twin.errors import IndicatorNotFound, InvalidParameter, LayerNotFound, StoreUnavailable
from twin.frame import Frame
from twin.indicator import Clause, Example, Measure, Part, Target, indicator
from twin.schema import Field
from twin.stores import create_store


@indicator(
    title="Tall plots",
    title_zh="高层占比",
    unit="ratio",
    target=Target(op=">=", value=0.5),
    clause=Clause(document="Test code", article="1", text="Half of the plots are tall."),
    example=Example(crs="EPSG:4548", rows={}, value=None),
    about={"floors": "From how many floors on a plot is tall."},
)
def tall_plots(
    plots: Frame,
    *,
    floors: int = 10,
    share: float = 0.5,
    use: Literal["home", "shop"] | None = None,
    on_date: date | None = None,
) -> Measure:
    """Plots of at least so many floors, divided by all plots."""
    rows = plots.data if use is None else plots.data[plots.data["use"] == use]
    if not len(rows):
        return Measure(value=None, note="there are no plots")
    tall = (rows["floors"] >= floors).to_numpy(bool)
    return Measure(
        value=tall.mean(),
        numerator=tall.sum(),
        denominator=len(rows),
        covered={"plots": tuple(rows.index[tall])},
        uncovered={"plots": tuple(rows.index[~tall])},
        breakdown=(Part(area_id="all", name="All", value=tall.mean(), numerator=tall.sum()),),
        details={"tallest": rows["floors"].max(), "day": on_date},
    )


CATALOG = Catalog.of([LAYER], [tall_plots])
PLOT = shapely.box(0, 0, 1, 1)


@pytest.fixture
def store(tmp_path):
    with create_store(tmp_path / "twin.gpkg", crs=CRS) as store:
        yield store


def fill(store):
    rows = {f"p{i}": {"floors": i, "use": "home", "geometry": shapely.box(i, 0, i + 1, 1)} for i in range(8, 12)}
    write(store, insert=make_rows(**rows), effective=datetime(2021, 1, 1, tzinfo=UTC))


def test_a_result_carries_value_verdict_parameters_and_evidence_as_json(store):
    fill(store)
    result = evaluate(tall_plots, CATALOG, store, parameters={"floors": "11"}).to_dict()
    assert json.loads(json.dumps(result)) == result
    assert (result["value"], result["numerator"], result["denominator"], result["verdict"]) == (0.25, 1, 4, "missed")
    assert result["parameters"]["floors"] == 11
    assert result["crs"] == "EPSG:4548"
    assert result["clause"]["document"] == "Test code"
    assert result["covered"] == {"plots": ["p11"]}
    (evidence,) = result["evidence"]
    assert (evidence["layer"], evidence["revision"], evidence["rows"]) == ("plots", 1, 4)
    assert evidence["used"] == ["p10", "p11", "p8", "p9"]
    assert len(evidence["digest"]) == 64


def test_no_data_is_no_value_and_no_verdict(store):
    result = evaluate(tall_plots, CATALOG, store).to_dict()
    assert (result["value"], result["verdict"], result["note"]) == (None, "unknown", "there are no plots")


def test_a_measure_without_a_value_must_say_why():
    with pytest.raises(ValueError, match="needs a note"):
        Measure(value=None)
    for value in (math.nan, math.inf):
        with pytest.raises(ValueError, match="is no value"):
            Measure(value=value)


def test_a_result_holds_after_later_writes_and_is_computed_on_the_recorded_state(store):
    fill(store)
    recorded = evaluate(tall_plots, CATALOG, store).to_dict()
    taller = make_rows(p8={"floors": 30, "use": "home", "geometry": PLOT})
    write(store, update=taller, effective=datetime(2020, 1, 1, tzinfo=UTC))
    assert verify(recorded, CATALOG, store) == []
    assert evaluate(tall_plots, CATALOG, store).measure.value == 0.75


def test_a_result_as_of_a_day_holds_though_a_late_delivery_changed_that_day(store):
    fill(store)
    day = datetime(2021, 6, 1, tzinfo=UTC)
    recorded = evaluate(tall_plots, CATALOG, store, as_of=day).to_dict()
    write(store, update=make_rows(p8={"floors": 30, "geometry": PLOT}), effective=datetime(2021, 2, 1, tzinfo=UTC))
    assert verify(recorded, CATALOG, store) == []
    assert evaluate(tall_plots, CATALOG, store, as_of=day).measure.value == 0.75


def test_a_doctored_result_is_found_out(store):
    fill(store)
    recorded = evaluate(tall_plots, CATALOG, store).to_dict()
    assert verify(recorded | {"value": 0.95}, CATALOG, store) == ["value: recorded 0.95, computed 0.5"]
    assert verify(recorded | {"unit": "%"}, CATALOG, store) == ["unit: recorded %, computed ratio"]
    evidence = [recorded["evidence"][0] | {"digest": "0" * 64}]
    assert verify(recorded | {"evidence": evidence}, CATALOG, store) == [
        "plots: the rows read are not those recorded (digest differs)"
    ]
    assert verify(recorded | {"known_at": 1, "evidence": []}, CATALOG, store) == [
        "plots: the rows read are not those recorded (digest differs)"
    ]


@pytest.mark.parametrize("name", ["target", "breakdown", "covered", "uncovered", "details", "evidence"])
def test_what_stands_beside_the_value_cannot_be_doctored_either(store, name):
    fill(store)
    recorded = json.dumps(evaluate(tall_plots, CATALOG, store).to_dict())
    doctored = json.loads(recorded)
    part = doctored[name][0] if isinstance(doctored[name], list) else doctored[name]
    part[next(key for key in part if key not in ("layer", "digest"))] = "nicer"
    assert verify(doctored, CATALOG, store) == [f"{name}: not what was recorded"]
    assert verify(json.loads(recorded), CATALOG, store) == []


@pytest.mark.parametrize(
    "change", [{"hello": 1}, {"parameters": 5}, {"known_at": "?"}, {"evidence": [7]}, {"as_of": "?"}]
)
def test_what_is_no_record_of_a_result_is_refused(store, change):
    fill(store)
    recorded = evaluate(tall_plots, CATALOG, store).to_dict()
    with pytest.raises(InvalidParameter, match="not the record of a result"):
        verify(change if "hello" in change else recorded | change, CATALOG, store)


def test_a_result_holds_after_its_layer_gained_a_field(store):
    fill(store)
    recorded = evaluate(tall_plots, CATALOG, store).to_dict()
    owner = Field(name="owner", title="Owner", title_zh="业主")
    wider = Catalog.of([replace(LAYER, fields=(*LAYER.fields, owner))], [tall_plots])
    assert verify(recorded, wider, store) == []
    store.prepare(wider.layer("plots"))
    assert verify(recorded, wider, store) == []


def test_an_error_in_an_indicator_is_not_taken_for_a_bad_record(store):
    fill(store)
    recorded = evaluate(tall_plots, CATALOG, store).to_dict()

    def broken(*_: Frame, **__: object) -> Measure:
        raise ValueError("a mistake in the formula")

    catalog = Catalog.of([LAYER], [replace(tall_plots, function=broken)])
    with pytest.raises(ValueError, match="a mistake in the formula"):
        verify(recorded, catalog, store)


def test_the_digest_sees_every_field_every_coordinate_and_nothing_else(store):
    write(store, insert=make_rows(a={"name": "x", "geometry": shapely.box(0, 0, 1, 1)}))
    digests = [frame_digest(store.read(LAYER))]
    write(store, update=make_rows(a={"name": "y", "geometry": shapely.box(0, 0, 1, 1)}))
    digests.append(frame_digest(store.read(LAYER)))
    write(store, update=make_rows(a={"name": "y", "geometry": shapely.box(0, 0, 1, 1 + 1e-9)}))
    digests.append(frame_digest(store.read(LAYER)))
    assert len(set(digests)) == 3
    write(store, update=make_rows(a={"name": "x", "geometry": shapely.box(0, 0, 1, 1)}))
    assert frame_digest(store.read(LAYER)) == digests[0]


def test_the_day_of_an_evaluation_is_filled_in_and_recorded(store):
    fill(store)
    as_of = datetime(2021, 12, 31, 20, tzinfo=UTC)  # already New Year in China
    assert evaluate(tall_plots, CATALOG, store, as_of=as_of).parameters["on_date"] == date(2022, 1, 1)
    assert evaluate(tall_plots, CATALOG, store, as_of=1).parameters["on_date"] == date(2021, 1, 1)
    for_ever = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    today = evaluate(tall_plots, CATALOG, store).parameters["on_date"]
    assert evaluate(tall_plots, CATALOG, store, as_of=for_ever).parameters["on_date"] == today
    given = evaluate(tall_plots, CATALOG, store, parameters={"on_date": "2020-02-29"}).to_dict()
    assert given["parameters"]["on_date"] == given["details"]["day"] == "2020-02-29"


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"flors": "3"}, "tall_plots has no parameter flors; there are: floors, share, use, on_date"),
        ({"floors": "many"}, "floors must be a whole number, not 'many'"),
        ({"share": "inf"}, "share must be a number, not 'inf'"),
        ({"use": "barn"}, "use must be home or shop"),
        ({"on_date": "yesterday"}, "on_date must be a date"),
    ],
)
def test_a_wrong_parameter_is_refused_by_name(store, parameters, words):
    with pytest.raises(InvalidParameter, match=words):
        evaluate(tall_plots, CATALOG, store, parameters=parameters)


@pytest.mark.parametrize(
    ("geometry", "words"),
    [
        (None, "plots bad: no geometry"),
        (shapely.Polygon(), "plots bad: no geometry"),
        (shapely.from_wkt("POLYGON ((0 0, 2 2, 2 0, 0 2, 0 0))"), r"plots bad: Self-intersection\[1 1\]"),
    ],
)
def test_what_another_program_drew_wrong_is_named_instead_of_measured(store, geometry, words):
    fill(store)
    write(store, insert=make_rows(bad={"floors": 1, "geometry": geometry}))
    with pytest.raises(StoreUnavailable, match=words):
        evaluate(tall_plots, CATALOG, store)
    write(store, insert=make_rows(worse={"floors": 1, "geometry": geometry}))
    with pytest.raises(StoreUnavailable, match="and 1 more rows like it"):
        evaluate(tall_plots, CATALOG, store)
    assert evaluate(tall_plots, CATALOG, store, as_of=1).measure.value == 0.5


def test_the_catalog_names_the_nearest_layer_and_indicator():
    with pytest.raises(LayerNotFound, match="did you mean plots"):
        CATALOG.layer("plot")
    with pytest.raises(IndicatorNotFound, match="did you mean tall_plots"):
        CATALOG.indicator("tall_plot")
    with pytest.raises(ValueError, match="asks for layer plots"):
        Catalog.of([], [tall_plots])


@pytest.mark.parametrize(
    ("op", "value", "verdict"),
    [("<", 5.0, "missed"), ("<", 4.999, "met"), ("<=", 5.0, "met"), (">=", 5.0, "met"), (">", 5.0, "missed")],
)
def test_a_strict_target_is_strict(op, value, verdict):
    assert Target(op=op, value=5.0).verdict(value) == verdict
