"""What is known of pipelines, and how old they are; the examples' numbers are worked out where they stand."""

from __future__ import annotations

import pytest

from layers import catalog
from layers.pipelines.survey import pipe_age, pipe_survey_completeness


@pytest.fixture
def measure(frame):
    """A function that evaluates an indicator's example, the values of its segments changed."""

    def run(indicator, changes=None, **parameters):
        inputs = []
        for name in indicator.inputs:
            layer = catalog().layer(name)
            rows = [row | (changes or {}).get(row[layer.key], {}) for row in indicator.example.rows.get(name, ())]
            inputs.append(frame(layer, rows, indicator.example.crs))
        return indicator.function(*inputs, **parameters)

    return run


def test_each_aspect_is_told_by_itself(measure):
    found = measure(pipe_survey_completeness)
    shares = {each["name"]: each["share"] for each in found.details["by_aspect"]}
    assert shares == {
        "Scale": 1,
        "Position": 1,
        "Function": 1,
        "Ownership": 1,
        "Age": pytest.approx(180 / 230),
    }
    assert found.uncovered == {"pipe_segments": ("b",)}


@pytest.mark.parametrize(
    ("values", "known_m"),
    [
        ({"diameter_mm": None, "width_mm": 600.0, "height_mm": 400.0}, 180),
        ({"diameter_mm": None, "width_mm": 600.0}, 80),
        ({"diameter_mm": None, "class": "DL", "subclass": "GD", "cables": 4}, 180),
        ({"diameter_mm": None, "cables": 4}, 80),
        ({"to_depth_m": None}, 80),
        ({"owner": None}, 80),
        ({"subclass": None}, 80),
        ({"status": "abandoned"}, 180),
    ],
)
def test_what_has_to_be_known_of_a_segment(measure, values, known_m):
    assert measure(pipe_survey_completeness, {"a": values}).numerator == pytest.approx(known_m)


def test_ages_are_told_by_decade_and_class(measure):
    found = measure(pipe_age, {"c": {"built_year": 2004, "class": "RQ"}}, year=2020)
    # (100 · 20 + 50 · 10 + 80 · 16) / 230
    assert found.value == pytest.approx(3780 / 230)
    assert [(each["from_year"], each["length_m"]) for each in found.details["by_decade"]] == [
        (2000, pytest.approx(180)),
        (2010, pytest.approx(50)),
    ]
    assert {each["name"]: each["mean_age_a"] for each in found.details["by_class"]} == {
        "Water supply": pytest.approx(2500 / 150),
        "Gas": pytest.approx(16),
    }


def test_without_a_year_ages_are_told_in_the_last_in_which_one_was_built(measure):
    found = measure(pipe_age)
    assert (found.details["year"], found.value) == (2010, pytest.approx(1000 / 150))
    assert found.details["unknown_m"] == pytest.approx(80)


def test_what_is_built_later_or_abandoned_has_no_age(measure):
    assert measure(pipe_age, year=2005).value == pytest.approx(5)
    assert measure(pipe_age, {"a": {"status": "abandoned"}}, year=2020).value == pytest.approx(10)
    none = measure(pipe_age, year=1999)
    assert none.value is None
    assert "when it was built" in none.note
