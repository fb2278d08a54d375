"""The county in a store: every row is valid, history is told, the indicators find what was put in."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from sample_gis import load
from twin.asking import ask
from twin.engine import evaluate
from twin.errors import SchemaViolation
from twin.query import Query
from twin.stores import create_store, open_store

LAYERS = (
    "admin_areas", "planning_areas", "topo_sheets", "key_places", "cell_sites", "signal_samples", "weather_stations",
    "roads", "road_nodes", "buildings", "pipe_nodes", "pipe_segments", "monitoring_devices",
)  # fmt: skip


def twin(*words, folder, code=0):
    done = subprocess.run(
        [sys.executable, "-m", "twin.cli", *map(str, words)],
        cwd=folder,
        env=os.environ | {"TWIN_AUTHOR": "test"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    return done


def test_every_layer_holds_every_generated_row(county, catalog, loaded):
    assert set(county.layers) == set(LAYERS) <= set(catalog.layers)
    for layer in LAYERS:
        assert loaded.count(catalog.layers[layer]) == len(county.layers[layer]), layer


def test_layers_that_analyses_fill_hold_what_these_find(catalog, loaded):
    of_models = {"building_models", "building_elements"}  # which the command imports, see `sample_gis.models`
    filled = {analysis.fills: analysis for analysis in catalog.analyses.values() if analysis.fills}
    assert set(filled) | of_models == set(catalog.layers) - set(LAYERS)
    assert not loaded.count(catalog.layers[filled.pop("building_clashes").fills])  # there are no models in it
    for layer, analysis in filled.items():
        assert loaded.count(catalog.layers[layer]) == len(ask(analysis, catalog, loaded).answer.shapes) > 0


def test_every_generated_field_is_one_of_its_layer(county, catalog):
    for layer, rows in county.layers.items():
        assert set(rows.columns) - {"geometry"} <= set(catalog.layers[layer].schema.names), layer
        assert rows[catalog.layers[layer].key].is_unique, layer


def test_rows_come_back_as_they_were_generated(county, catalog, loaded):
    for layer in ("buildings", "topo_sheets", "cell_sites"):
        rows = county.layers[layer].set_index(catalog.layers[layer].key).sort_index()
        frame = loaded.read(catalog.layers[layer], Query())
        assert frame.data.index.tolist() == rows.index.tolist()
        assert (frame.data.geometry.to_wkb() == rows.geometry.to_wkb()).all(), layer


def test_a_row_that_does_not_fit_is_refused(county, catalog, tmp_path):
    places = next(delivery for delivery in county.deliveries if delivery.layer == "key_places")
    rows = places.rows.copy()
    rows.loc[3, "category"] = "castle"
    wrong = replace(county, deliveries=(replace(places, rows=rows),))
    with create_store(tmp_path / "x.gpkg", crs=county.crs) as store, pytest.raises(SchemaViolation) as refused:
        load(store, catalog, wrong)
    assert refused.value.faults[0].field == "category"


def test_revisions_are_effective_on_the_day_of_their_delivery(county, catalog, loaded):
    revisions = loaded.revisions()
    days = [(delivery.layer, delivery.effective) for delivery in county.deliveries]
    days.append(("pipe_conflicts", max(day for _, day in days)))
    assert [(revision.layer, revision.effective.timestamp()) for revision in revisions] == [
        (layer, datetime.fromisoformat(f"{day}T00:00:00+08:00").timestamp()) for layer, day in days
    ]
    assert {revision.author for revision in revisions} == {"sample"}
    assert all("synthetic" in revision.reason for revision in revisions)
    assert len(loaded.revisions(catalog.layers["topo_sheets"])) == 3


def test_the_state_of_2020_has_no_large_sheets(catalog, loaded):
    sheets = catalog.layers["topo_sheets"]
    before = loaded.read(sheets, Query(as_of=datetime(2021, 6, 1, tzinfo=UTC)))
    after = loaded.read(sheets, Query())
    assert set(before.data["scale"]) == {2000}
    assert set(after.data["scale"]) == {1000, 2000}


@pytest.mark.parametrize("delivery", [0, 1, 2])
def test_topographic_coverage_is_what_was_put_in(county, catalog, loaded, delivery):
    day, expected = list(county.truth.sheets.coverage.items())[delivery]
    as_of = datetime.fromisoformat(f"{day}T12:00:00+08:00")
    result = evaluate(catalog.indicators["topographic_coverage"], catalog, loaded, as_of=as_of)
    # By construction in the plane, which is at most 16 millionths longer than the ellipsoid here.
    assert result.measure.value == pytest.approx(expected, abs=2e-6)


def test_the_fewest_missing_sheets_are_of_those_left_out(county, catalog, loaded):
    truth = county.truth.sheets
    result = evaluate(catalog.indicators["topographic_coverage"], catalog, loaded)
    missing = [sheet["sheet_no"] for sheet in result.measure.details["missing_sheets"]]
    assert len(missing) == truth.sheets_to_target
    assert set(missing) <= {*truth.missing, *truth.in_progress, *truth.rejected}


def test_place_coverage_is_what_was_designed(county, catalog, loaded):
    indicator = catalog.indicators["key_place_5g"]
    best = evaluate(indicator, catalog, loaded).measure
    assert set(best.covered["key_places"]) == set(county.truth.covered_places)
    assert set(best.uncovered["key_places"]) == set(county.truth.uncovered_places)
    radius = evaluate(indicator, catalog, loaded, parameters={"method": "radius"}).measure
    assert set(radius.covered["key_places"]) == set(county.truth.places_in_reach)


def test_station_spacing_is_what_was_designed(county, catalog, loaded):
    result = evaluate(catalog.indicators["weather_station_spacing"], catalog, loaded).measure
    assert result.value == pytest.approx(county.truth.urban_spacing_km, abs=1e-4)
    assert set(result.covered["weather_stations"]) == set(county.truth.urban_stations)


def test_the_command_makes_a_store_and_tells_what_is_in_it(county, catalog, sample_made):
    made, out, err = sample_made
    answer = json.loads(out)
    assert answer["digest"] == county.digest()
    assert list(answer["layers"]) == list(catalog.layers)
    assert {layer: answer["layers"][layer] for layer in LAYERS} == {
        layer: len(county.layers[layer]) for layer in LAYERS
    }
    assert answer["layers"]["building_models"] == 3
    assert "model school: 1482 elements of B005989" in err
    assert "topo_sheets: 286 rows as of 2022-11-30" in err
    assert {path.name for path in made.parent.iterdir()} == {"made.gpkg", "out", "err"}
    with open_store(made) as store:
        assert "synthetic sample" in store.title
        assert store.area.equals(county.area)


def test_the_command_refuses_a_place_that_is_taken(tmp_path):
    taken = tmp_path / "taken.gpkg"
    taken.write_bytes(b"something")
    done = twin("sample", taken, folder=tmp_path, code=1)
    assert "taken.gpkg is already there" in done.stderr
    assert taken.read_bytes() == b"something"


def test_the_command_leaves_nothing_behind_when_it_fails(tmp_path):
    done = twin("sample", tmp_path / "county.txt", folder=tmp_path, code=1)
    assert ".gpkg" in done.stderr
    assert list(tmp_path.iterdir()) == []
