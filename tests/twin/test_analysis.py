"""An analysis is declared by a function, asked with its evidence, and written with its shapes."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import shapely

from tests_support import CRS, LAYER, make_rows, write
from twin.analysis import Answer, Figure, analysis
from twin.asking import ask
from twin.catalog import Catalog
from twin.errors import AnalysisNotFound, InvalidParameter
from twin.frame import Frame
from twin.indicator import Clause, Shape
from twin.replies import write_reply
from twin.stores import create_store


@analysis(
    title="Plots in sight",
    title_zh="可见地块",
    clause=Clause(document="Test code", article="2", text="What is seen is told."),
    figures={"plots": Figure(title="Plots", title_zh="地块数")},
    roles={"seen": ("Seen", "可见"), "view": ("View", "视野")},
    about={"reach_m": "How far one sees."},
)
def plots_in_sight(plots: Frame, *, plot: str, reach_m: float = 5.0) -> Answer:
    """Plots that one sees from another."""
    view = plots.data.geometry[plot].buffer(reach_m)
    seen = tuple(plots.data.index[plots.data.intersects(view)])
    return Answer(
        figures={"plots": len(seen)},
        features={"seen": {"plots": seen}},
        shapes=(Shape(role="view", title="View", title_zh="视野", geometry=view, properties={"reach_m": reach_m}),),
    )


CATALOG = Catalog.of([LAYER], analyses=[plots_in_sight])
ROWS = {
    "a": {"geometry": shapely.box(500_000, 3_900_000, 500_001, 3_900_001)},
    "b": {"geometry": shapely.box(500_004, 3_900_000, 500_005, 3_900_001)},
    "c": {"geometry": shapely.box(500_020, 3_900_000, 500_021, 3_900_001)},
}


@pytest.fixture
def store(tmp_path):
    with create_store(tmp_path / "town.gpkg", crs=CRS) as store:
        write(store, insert=make_rows(**ROWS))
        yield store


def test_a_reply_has_figures_keys_parameters_and_what_was_read(store):
    reply = ask(plots_in_sight, CATALOG, store, parameters={"plot": "a"}).to_dict()
    assert reply["figures"] == {"plots": 2}
    assert reply["features"] == {"seen": {"plots": ["a", "b"]}}
    assert reply["parameters"] == {"plot": "a", "reach_m": 5.0}
    assert reply["evidence"] == [{"layer": "plots", "revision": 1, "rows": 3}]
    assert reply["crs"] == "EPSG:4548"


def test_features_and_shapes_are_written_with_their_roles(store, tmp_path):
    reply = ask(plots_in_sight, CATALOG, store, parameters={"plot": "a", "reach_m": "1"})
    out = tmp_path / "seen.geojson"
    write_reply(reply, CATALOG, out)
    plot, view = json.loads(out.read_text())["features"]
    assert (plot["id"], plot["properties"]["role"], plot["properties"]["layer"]) == ("a", "seen", "plots")
    assert view["properties"] == {"role": "view", "title": "View", "title_zh": "视野", "reach_m": 1.0}
    # The central meridian of EPSG:4548 is 117° E, at 500 km.
    assert shapely.from_geojson(json.dumps(view["geometry"])).bounds[0] == pytest.approx(117.0, abs=2e-5)
    write_reply(reply, CATALOG, out, overwrite=True)
    with pytest.raises(InvalidParameter, match="exists already"):
        write_reply(reply, CATALOG, out)


def test_an_answer_about_everything_is_written_some_at_a_time(tmp_path):
    many = {f"p{n}": {"geometry": shapely.box(500_000 + n, 3_900_000, 500_001 + n, 3_900_001)} for n in range(2_500)}
    with create_store(tmp_path / "city.gpkg", crs=CRS) as store:
        write(store, insert=make_rows(**many))
        reply = ask(plots_in_sight, CATALOG, store, parameters={"plot": "p0", "reach_m": 1e5})
    assert [len(frame) for _, frame in reply.rows()] == [1000, 1000, 500]
    write_reply(reply, CATALOG, tmp_path / "all.geojson")
    features = json.loads((tmp_path / "all.geojson").read_text())["features"]
    assert {each.get("id") for each in features} == {*many, None}
    assert len(features) == 2_501


def test_what_an_analysis_needs_has_to_be_there(store):
    with pytest.raises(InvalidParameter, match="plots_in_sight needs a plot"):
        ask(plots_in_sight, CATALOG, store)


def test_a_catalog_finds_analyses_and_refuses_one_without_its_layer():
    assert CATALOG.analysis("plots_in_sight") is plots_in_sight
    assert list(CATALOG.processes) == ["plots_in_sight"]
    with pytest.raises(AnalysisNotFound, match="did you mean plots_in_sight"):
        CATALOG.analysis("plot_in_sight")
    with pytest.raises(ValueError, match="asks for layer plots"):
        Catalog.of([], analyses=[plots_in_sight])
    with pytest.raises(ValueError, match="fills layer views"):
        Catalog.of([LAYER], analyses=[replace(plots_in_sight, fills="views")])
