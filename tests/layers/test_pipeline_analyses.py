"""The analyses of pipelines, asked by Python and on the command line, as of any date."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner

from layers import catalog
from tests_pipe_rows import make_main
from twin.asking import ask
from twin.cli import main_group
from twin.errors import InvalidParameter
from twin.stores import open_store


@pytest.fixture(scope="module")
def main_store(tmp_path_factory):
    return make_main(tmp_path_factory.mktemp("pipes") / "main.gpkg")


@pytest.fixture
def answer(main_store):
    def answer(name, as_of=None, **parameters):
        with open_store(main_store) as store:
            found = catalog()
            return ask(found.analysis(name), found, store, parameters=parameters, as_of=as_of).to_dict()

    return answer


def run(main_store, *words):
    return CliRunner().invoke(main_group, ["ask", *words, "--store", str(main_store)])


def test_isolation_is_answered_as_of_any_date(answer):
    then = answer("isolation", segment="A-W", as_of=datetime(2021, 6, 1, tzinfo=UTC))
    assert then["features"]["close"] == {"pipe_nodes": ["V", "W"]}
    assert then["features"]["cut_off"]["pipe_nodes"] == ["H"]
    assert then["figures"]["feeding"] == ["V"]
    assert then["figures"]["next_ring"] == {"V": [], "W": []}
    assert then["figures"]["isolated_length_m"] == pytest.approx(80.0)
    assert then["evidence"] == [
        {"layer": "pipe_nodes", "revision": 1, "rows": 6},
        {"layer": "pipe_segments", "revision": 2, "rows": 5},
    ]
    now = answer("isolation", segment="A-W")
    assert now["features"]["close"] == {"pipe_nodes": ["V"]}
    assert now["features"]["shut"] == {"pipe_nodes": ["W"]}
    assert now["evidence"][0]["revision"] == 3


def test_a_failed_valve_takes_the_source_with_it(answer):
    found = answer("isolation", node="A", failed="V, ")
    assert found["features"]["source"] == {"pipe_nodes": ["S"]}
    assert found["features"]["unusable"] == {"pipe_nodes": ["V"]}
    assert "shut down" in found["note"]


def test_a_trace_tells_apart_what_it_knows_from_what_it_does_not(answer):
    found = answer("trace_upstream", segment="A-F")
    assert found["features"]["traced"]["pipe_segments"] == []
    assert set(found["features"]["inferred"]["pipe_segments"]) == {"S-V", "V-A", "A-F"}
    assert found["figures"] == {
        "segments": 3,
        "nodes": 4,
        "length_m": pytest.approx(80.0),
        "direction_from": {"unknown": 0, "surveyed": 0, "inverts": 0, "sources": 3, "check_valve": 0},
        "gaps": 0,
    }
    assert "3 segments flow as follows from where sources" in found["note"]
    behind = answer("trace_downstream", node="H")  # W is closed: no source is there
    assert behind["features"]["undirected"]["pipe_segments"] == ["W-H"]
    assert behind["features"]["traced"]["pipe_nodes"] == ["W", "H"]
    assert "may flow the other way" in behind["note"]
    assert set(answer("trace_connected", segment="A-F")["figures"]) == {"segments", "nodes", "length_m", "gaps"}


def test_a_path_has_an_order_and_there_may_be_none(answer):
    found = answer("shortest_path", from_node="F", to_node="S")
    assert found["figures"] == {"length_m": pytest.approx(80.0), "segments": 3, "order": ["A-F", "V-A", "S-V"]}
    none = answer("shortest_path", from_node="S", to_node="H")
    assert (none["figures"]["length_m"], none["note"]) == (None, "there is no way from S to H")
    with pytest.raises(InvalidParameter, match="shortest_path needs a to_node"):
        answer("shortest_path", from_node="S")


def test_what_has_no_source_ends_at_a_closed_valve(answer):
    assert answer("unserved")["figures"]["parts"] == [
        {"class": "JS", "length_m": pytest.approx(30.0), "segments": 1, "first": "W-H"}
    ]
    assert answer("dead_ends")["features"]["closed_valve"] == {"pipe_nodes": ["W"]}
    assert answer("dead_ends", pipe_class="PS")["figures"] == {
        "pipe_ends": 0,
        "closed_valves": 0,
        "sinks": 0,
        "gaps": 0,
    }
    assert answer("loops")["figures"] == {"loops": 0, "length_m": [], "segments": 0}


def test_the_command_writes_the_features_of_the_answer(main_store, tmp_path):
    out = tmp_path / "burst.geojson"
    said = run(main_store, "isolation", "segment=A-W", "--as-of", "2021-06-01", "--out", str(out))
    assert said.exit_code == 0, said.output
    assert "Valve to close" in said.output
    features = json.loads(out.read_text())["features"]
    assert {each["id"] for each in features if each["properties"]["role"] == "close"} == {"V", "W"}
    (pipe,) = (each for each in features if each["id"] == "A-F")
    assert pipe["properties"]["layer"] == "pipe_segments"
    assert pipe["geometry"]["type"] == "LineString"
    # 3,940 km from the equator along the meridian at 117° E of EPSG:4548 is 35.6° N.
    assert pipe["geometry"]["coordinates"][0][:2] == pytest.approx([117.0, 35.59], abs=0.01)
    again = run(main_store, "isolation", "segment=A-W", "--out", str(out))
    assert "exists already" in str(again.exception)


def test_the_command_answers_programs_and_lists_what_can_be_asked(main_store):
    found = json.loads(run(main_store, "loops", "--json").output)
    assert (found["analysis"], found["figures"]["loops"]) == ("loops", 0)
    assert "爆管关阀分析" in run(main_store).output
    listed = json.loads(run(main_store, "--json").output)
    assert [each["id"] for each in listed] == list(catalog().analyses)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["isolations"], "there is no analysis isolations; did you mean isolation"),
        (["isolation"], "give a segment or a node"),
        (["isolation", "segment"], "name=value"),
        (["isolation", "pipe=A-W"], "isolation has no parameter pipe"),
        (["isolation", "segment=A-Z"], "the network has no segment A-Z"),
    ],
)
def test_what_cannot_be_asked_is_refused(main_store, words, says):
    assert says in str(run(main_store, *words).exception)
