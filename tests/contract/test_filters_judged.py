"""Random filters find in every store what other implementations of CQL2 find in the same features.

Both judges are right where nothing is missing and no text needs more than its small letters. Left out, because they
deviate from OGC 21-065r2 there:

- cql2 (Rust) 0.6 keeps an undecided expression where a value is missing and does not answer then, which is counted as
  "not known to be true"; but it also leaves ``NOT`` and parts of ``AND`` and ``OR`` undecided that could be decided, so
  it is asked about features that lack nothing the filter mentions. Its ``CASEI`` makes small letters where the standard
  asks for full case folding (``ß``), so letters here are such that both agree.
- pygeofilter 0.4 compares with None, which Python refuses, so it is asked about the same features. Its parser of CQL2
  text neither reads ``''`` inside of text nor names of one letter: it gets the JSON that cql2 makes of the filter. In
  that it expects ``between`` as a draft had it, and in a pattern it knows neither the wildcard ``_`` nor the escape
  ``\\``: none of these is asked.
"""

from __future__ import annotations

import json
import random
import re

import cql2
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pygeofilter.backends.native.evaluate import NativeEvaluator
from pygeofilter.parsers.cql2_json import parse as parse_for_pygeofilter

from tests_support import make_rows, write
from twin.cql2.json import parse_json
from twin.cql2.text import parse_text
from twin.moments import read_date, read_instant
from twin.query import Query

EAST, NORTH = 500_000.0, 3_930_000.0
NAMES = ["甲", "乙地", "it's", "Home", "HOME", "a%b", "x_y", ""]
DATES = ["1999-05-01", "2010-12-31", "2020-02-29"]
INSTANTS = ["2024-03-01T02:00:00.250Z", "2022-06-01T00:00:00Z", "2023-01-01T12:30:00Z"]


def some_plot(number: int) -> dict[str, object]:
    """A square somewhere within 300 m, of which every third lacks something."""
    chance = random.Random(number)
    x, y = EAST + 10 * chance.randrange(30), NORTH + 10 * chance.randrange(30)
    plot = {
        "name": chance.choice(NAMES),
        "floors": chance.randrange(-3, 12),
        "height_m": chance.choice([0.0, 2.5, 3.0, 7.25, 30.0]),
        "public": chance.choice([True, False]),
        "built": chance.choice(DATES),
        "seen_at": chance.choice(INSTANTS),
        "use": chance.choice(["home", "shop"]),
        "geometry": shapely.box(x, y, x + 10 * chance.randrange(1, 8), y + 20),
    }
    for name in chance.sample(sorted(plot), chance.choice([0, 0, 2])):
        del plot[name]
    return plot


PLOTS = {f"p{number:02}": some_plot(number) for number in range(60)}


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def joined(*parts):
    return st.tuples(*(part if isinstance(part, st.SearchStrategy) else st.just(part) for part in parts)).map("".join)


COMPARED = st.sampled_from([" = ", " <> ", " < ", " <= ", " > ", " >= "])
INTEGERS = st.integers(-4, 12).map(str)
NUMBERS = INTEGERS | st.sampled_from(["2.5", "7.25", "0.125"])
NUMERIC = st.recursive(
    NUMBERS | st.sampled_from(["floors", "height_m"]),
    lambda inner: joined("(", inner, st.sampled_from([" + ", " - ", " * "]), inner, ")"),
    max_leaves=3,
)
TEXTS = st.sampled_from(NAMES).map(quoted)
TEXTUAL = st.sampled_from(["name", "use", "CASEI(name)", "CASEI(use)"])
PATTERNS = st.sampled_from(["'%o%'", "'甲%'", "'_o__'", r"'a\%b'", r"'x\_y'", "'%'", "'it''s'"])
CORNERS = st.tuples(*(st.integers(-2, 36).map(lambda n: 10 * n + 5),) * 4).map(
    lambda n: (
        EAST + min(n[0], n[2]),
        NORTH + min(n[1], n[3]),
        EAST + max(n[0], n[2]) + 10,
        NORTH + max(n[1], n[3]) + 10,
    )
)
SHAPES = CORNERS.map(lambda box: shapely.box(*box).wkt) | CORNERS.map(
    lambda box: f"LINESTRING ({box[0]} {box[1]}, {box[2]} {box[3]})"
)
SPATIAL = st.sampled_from(["S_INTERSECTS", "S_DISJOINT", "S_WITHIN", "S_CROSSES", "S_OVERLAPS", "S_TOUCHES"])
PREDICATES = st.one_of(
    joined(NUMERIC, COMPARED, NUMERIC),
    joined("floors BETWEEN ", INTEGERS, " AND ", INTEGERS),
    joined("floors IN (", INTEGERS, ", ", INTEGERS, ")"),
    joined("name", COMPARED, TEXTS),
    joined("CASEI(name) = CASEI(", TEXTS, ")"),
    joined("name", st.sampled_from([" LIKE ", " NOT LIKE "]), PATTERNS),
    joined("use", st.sampled_from([" IN ", " NOT IN "]), "('home', 'park')"),
    joined("public = ", st.sampled_from(["TRUE", "FALSE"])),
    joined("built", COMPARED, st.sampled_from(DATES).map(lambda day: f"DATE('{day}')")),
    joined("seen_at", COMPARED, st.sampled_from(INSTANTS).map(lambda moment: f"TIMESTAMP('{moment}')")),
    joined(st.sampled_from(["name", "floors", "built", "geometry"]), " IS ", st.sampled_from(["NULL", "NOT NULL"])),
    joined(SPATIAL, "(geometry, ", SHAPES, ")"),
)
FILTERS = st.recursive(
    PREDICATES,
    lambda inner: joined("(", inner, st.sampled_from([" AND ", " OR "]), inner, ")") | joined("NOT (", inner, ")"),
    max_leaves=5,
)


def as_geojson(key):
    plot = PLOTS[key]
    geometry = json.loads(shapely.to_geojson(plot["geometry"]))
    return {"type": "Feature", "id": key, "geometry": geometry, "properties": {**plot, "geometry": None}}


WHOLE = [key for key, plot in PLOTS.items() if len(plot) == 8]
DOCUMENTS = {key: as_geojson(key) for key in WHOLE}
RECORDS = [
    {**PLOTS[key], "key": key, "built": read_date(PLOTS[key]["built"]), "seen_at": read_instant(PLOTS[key]["seen_at"])}
    for key in WHOLE
]


@pytest.fixture(scope="module")
def town(new_store):
    with new_store() as store:
        write(
            store,
            insert=make_rows(**{k: v | {"geometry": shapely.force_3d(v.get("geometry"))} for k, v in PLOTS.items()}),
        )
        yield store


@settings(deadline=None, max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(FILTERS)
def test_a_random_filter_finds_what_the_judges_find(town, layer, text):
    judged = cql2.parse_text(text)
    found = town.read(layer, Query(where=parse_text(text), fields=())).data.index
    assert town.read(layer, Query(where=parse_json(json.dumps(judged.to_json())), fields=())).data.index.equals(found)
    whole = [key for key in found if key in DOCUMENTS]
    assert [key for key in WHOLE if judged.matches(DOCUMENTS[key])] == whole
    if "BETWEEN" in text or re.search(r"LIKE '.*[_\\]", text):
        return
    evaluator = NativeEvaluator({"lower": str.lower}, use_getattr=False)
    holds = evaluator.evaluate(parse_for_pygeofilter(judged.to_json()))
    assert [record["key"] for record in RECORDS if holds(record)] == whole
