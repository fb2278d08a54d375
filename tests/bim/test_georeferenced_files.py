"""Every IFC file of the shared data: what it says of its place, what is used, and what is found."""

import re
from pathlib import Path

import numpy as np
import pytest

from bim.georeference.choosing import assess_levels, declare_place, require_place
from bim.georeference.declared import parse_declaration
from bim.georeference.reading import read_levels
from bim.georeference.report import render_place
from bim.ifc.opening import open_ifc
from bim.ifc.units import read_units
from bim.placing import place_points
from bimplace_models import findings_of
from real_models import find_ifc
from tests_transforms import find_transformer
from twin.crs import CRS84, crs_label, parse_crs
from twin.errors import NotGeoreferenced, SourceError

DOCS = Path(__file__).parents[2] / "docs" / "bim.md"
#: Rules of buildingSMART, and the finding of what breaks them.
RULES = {
    "grf001": "contexts-differ",
    "grf002": "crs-name",
    "grf004": "epsg-code",
    "grf007": "vertical-crs",
    "grf008": "coordinate-measures",
}
MARKS = {"error": "**{}**", "warning": "{}", "note": "({})"}


def read(path):
    file = open_ifc(path).file
    return read_levels(file, length_unit_m=read_units(file).length_m)


def describe(path) -> str:
    """A row of the table in the documentation."""
    try:
        assessment = assess_levels(read(path))
    except SourceError:
        return "refused when it is opened | | |"
    chosen = assessment.chosen
    used = str(chosen.level) if chosen else "none"
    where = f"{chosen.x:.7g}, {chosen.y:.7g} in {crs_label(chosen.crs)}" if chosen else ""
    levels = ", ".join(map(str, assessment.levels.found)) or "none"
    found = ", ".join(MARKS[severity].format(name) for name, severity in sorted(findings_of(assessment).items()))
    return f"{levels} | {used} | {where} | {found}"


def test_the_table_of_the_documentation_is_what_comes_of_every_file(shared_data):
    folder = shared_data / "ifc"
    names = {path.relative_to(folder).as_posix() for path in find_ifc(shared_data)}
    section = DOCS.read_text("utf-8").partition("### Real files")[2].partition("\n## ")[0]
    rows = (line.strip("| ").split(" | ", 1) for line in section.splitlines() if line.startswith("| `"))
    table = {name.strip("`"): " ".join(row.split()) for name, row in rows}

    found = {name: " ".join(describe(folder / name).split()) for name in sorted(names)}

    assert {name: row.rstrip("| ") for name, row in found.items()} == table


@pytest.mark.parametrize("rule", RULES)
def test_samples_of_buildingsmart_pass_and_fail_as_their_names_say(shared_data, rule):
    verdicts = {}
    for path in sorted((shared_data / "ifc/georef/bsi_rules" / rule).glob("*.ifc")):
        verdicts[path.name] = "fail" if RULES[rule] in findings_of(assess_levels(read(path))) else "pass"

    assert verdicts
    # What a rule does not apply to ("na") it does not fail either.
    assert verdicts == {name: "fail" if name.startswith("fail") else "pass" for name in verdicts}


def test_samples_of_buildingsmart_have_the_levels_that_their_names_and_their_text_say(shared_data):
    paths = sorted((shared_data / "ifc/georef/bsi_rules").rglob("*.ifc"))
    assert len(paths) == 33
    for path in paths:
        converted = re.search(r"=\s*IFC(MAPCONVERSION|MAPCONVERSIONSCALED|RIGIDOPERATION)\(", path.read_text("latin-1"))
        assert bool(converted) == ("none_none" not in path.name)
        # All have a context with axes; the places of buildings are in none of them.
        assert (path.name, read(path).found) == (path.name, (40, 50) if converted else (40,))


@pytest.mark.parametrize("name", ["utm", "gk"])
def test_the_official_samples_with_the_upside_down_scale_have_their_size_and_stand_where_their_site_is(
    shared_data, name
):
    levels = read(shared_data / f"ifc/georef/geographic-referencing-{name}.ifc")
    assessment = assess_levels(levels)
    by = require_place(assessment, name)

    base, along = place_points(np.array([(0.0, 0.0, 0.0), (0.5, 0.0, 4.0)]), by, CRS84)

    # The site is at 49°05'43.9837" N, 8°26'01.2473" E; DHDN is changed by published parameters, good to metres.
    site = np.array([8 + (26 + 1.2473 / 60) / 60, 49 + (5 + 43.9837 / 60) / 60])
    assert np.abs(base[:2] - site).max() < 3e-5
    metres = (along - base)[:2] * (np.cos(np.radians(49.0956)) * 111_320, 111_200)
    assert np.hypot(*metres) == pytest.approx(0.5, abs=0.01)
    assert (base[2], along[2]) == pytest.approx((113.7, 117.7))


def test_the_duplex_in_luxembourg_stands_where_its_property_sets_say(shared_data):
    by = require_place(assess_levels(read(shared_data / "ifc/building/duplex_georeferenced_ifc2x3.ifc")), "duplex")
    luxembourg = parse_crs("EPSG:2169")

    (point,) = place_points(np.array([(10.0, 0.0, 1.0)]), by, luxembourg)

    # The axis is cos 71°, sin 71°.
    assert point == pytest.approx((76670 + 10 * 0.3255682, 77179 + 10 * 0.9455186, 294.7), abs=1e-3)


def test_prague_needs_only_the_name_of_its_crs(shared_data):
    levels = read(shared_data / "ifc/georef/prague_block_from_citygml.ifc")
    with pytest.raises(NotGeoreferenced, match=r"1,278 km"):
        require_place(assess_levels(levels), "prague_block_from_citygml.ifc")

    report = render_place(assess_levels(levels))
    assert report.count("level 20") == 2 * 6  # 32 sites: five of them and how many more, here and in the declaration
    assert "27 other statements" in report
    assert "IfcGeometricRepresentationContext #50 and 674 more: 3D" in report

    by = declare_place(levels, parse_declaration({"crs": "EPSG:5514"}, "prague.toml")).chosen
    (point,) = place_points(levels.typical_m[np.newaxis], by, CRS84)

    # Its first site says 50°05'13" N, 14°29'25" E.
    assert point[:2] == pytest.approx((14.4903, 50.0869), abs=3e-3)


def test_the_angles_of_the_building_south_of_oslo_are_two_kilometres_from_its_national_grid(shared_data):
    levels = read(shared_data / "ifc/georef/large_offset.ifc")
    grid = parse_crs("EPSG:5110")  # NTM zone 10
    by_site = assess_levels(levels).chosen
    by_grid = declare_place(levels, parse_declaration({"crs": "EPSG:5110"}, "oslo.toml")).chosen
    origin = levels.positions[0].origin_m[np.newaxis]

    (one,), (other,) = (place_points(origin, by, grid) for by in (by_site, by_grid))

    # 59°39'52.98706" N, 10°47'40.726547" E
    angles = 10 + (47 + 40.726547 / 60) / 60, 59 + (39 + 52.98706 / 60) / 60
    assert one[:2] == pytest.approx(find_transformer(4258, 5110).transform(*angles), abs=1e-3)
    assert other[:2] == pytest.approx((114502.766, 1185944.009), abs=1e-3)
    assert np.hypot(*(one - other)[:2]) == pytest.approx(2150, abs=10)


def test_the_bell_tower_of_bled_stands_by_its_degrees(shared_data):
    by = require_place(
        assess_levels(read(shared_data / "ifc/georef/geographic-referencing-rigid-operation.ifc")), "bled"
    )

    base, east = place_points(np.array([(0.0, 0.0, 0.0), (100.0, 0.0, 0.0)]), by, CRS84)

    assert base == pytest.approx((14.0902217, 46.3623297, 475.0), abs=1e-8)
    assert (east - base)[1] == pytest.approx(0.0, abs=1e-7)
