from dataclasses import replace

import ifcopenshell.api.georeference
import ifcopenshell.api.pset
import ifcopenshell.util.geolocation
import numpy as np
import pytest

from bim.georeference.choosing import assess_levels, require_place
from bim.placing import place_points
from bimplace_models import (
    EASTING,
    HEIGHT,
    NORTHING,
    SCHEMAS,
    add_conversion,
    assess,
    findings_of,
    levels_of,
    make_model,
    place_site,
    set_position,
)
from twin.bbox import BBox
from twin.crs import crs_label, parse_crs, transverse_mercator
from twin.errors import CrsError, NotGeoreferenced

api = ifcopenshell.api
GK117 = parse_crs("EPSG:4548")
SEAT = (35, 33, 1, 800000), (118, 27, 55, 800000)
YINAN = BBox(118.0, 35.2, 118.9, 35.9)
#: What standards has for (10, 5, 3) m, to 1 mm.
WORKED = (632891.545254, 3936666.025127, 123.5)


def placed(assessment, *point_m):
    return place_points(np.array([point_m]), assessment.chosen, GK117)[0]


@pytest.mark.parametrize("schema", SCHEMAS)
@pytest.mark.parametrize("milli", [False, True])
def test_the_worked_numbers_come_out_of_a_file(schema, milli):
    assessment = assess(add_conversion(make_model(schema, milli=milli), Scale=0.001 if milli else 1.0))

    assert placed(assessment, 10.0, 5.0, 3.0) == pytest.approx(WORKED, abs=1e-3)
    assert assessment.chosen.level == 50
    assert crs_label(assessment.chosen.crs) == "EPSG:4548"
    serious = {name for name, severity in findings_of(assessment).items() if severity == "error"}
    assert serious == set()


@pytest.mark.parametrize("kind", ["IfcMapConversion", "IfcMapConversionScaled"])
def test_the_formula_is_that_of_ifcopenshell(kind):
    factors = {"FactorX": 1.0002, "FactorY": 1.0003, "FactorZ": 0.999} if kind.endswith("Scaled") else {}
    file = add_conversion(make_model("IFC4X3_ADD2", milli=True), kind=kind, Scale=0.001, **factors)
    peer = ifcopenshell.util.geolocation.auto_xyz2enh(file, 12345.0, -6789.0, 1000.0)

    assert placed(assess(file), 12.345, -6.789, 1.0) == pytest.approx(peer, abs=1e-6)


def test_the_point_of_the_world_coordinate_system_is_the_one_that_is_placed():
    file = add_conversion(make_model(), Scale=1.0)
    ifcopenshell.api.georeference.edit_wcs(file, x=100.0, y=20.0, z=3.0, rotation=0.0, is_si=True)
    peer = ifcopenshell.util.geolocation.auto_xyz2enh(file, 110.0, 25.0, 6.0)

    assert placed(assess(file), 110.0, 25.0, 6.0) == pytest.approx(peer, abs=1e-6)
    assert placed(assess(file), 110.0, 25.0, 6.0) == pytest.approx(WORKED, abs=1e-3)


# --- units and scale -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("schema", SCHEMAS)
@pytest.mark.parametrize(
    ("scale", "finding", "measured"),
    [(None, "scale-missing", 1.0), (1.0, "scale-missing", 1.0), (1000.0, "scale-inverse", 1000.0)],
)
def test_a_scale_that_is_missing_or_upside_down_is_found_and_the_model_has_its_size(schema, scale, finding, measured):
    file = make_model(schema, milli=True)
    assessment = assess(add_conversion(file, **({} if scale is None else {"Scale": scale})))

    (found,) = [f for f in assessment.findings if f.id == finding]
    assert (found.severity, found.measured, found.limit) == ("warning", measured, pytest.approx(0.001))
    assert placed(assessment, 10.0, 5.0, 3.0) == pytest.approx(WORKED, abs=1e-3)


def test_the_factor_of_the_grid_in_the_scale_of_a_millimetre_model_is_kept():
    assessment = assess(add_conversion(make_model(milli=True), Scale=0.001 * 1.0002))

    assert findings_of(assessment) == {}
    assert assessment.chosen.scale == pytest.approx((1.0002, 1.0002, 1.0002))


def test_a_scale_that_makes_no_sense_is_refused():
    assessment = assess(add_conversion(make_model(), Scale=0.5))

    assert findings_of(assessment)["scale-odd"] == "error"
    assert assessment.chosen is None


def test_eastings_in_millimetres_are_found_in_a_map_in_metres():
    file = add_conversion(make_model(milli=True), Eastings=EASTING * 1000, Northings=NORTHING * 1000, Scale=0.001)
    file.by_type("IfcMapConversion")[0].OrthogonalHeight = HEIGHT * 1000
    assessment = assess(file)

    assert findings_of(assessment)["map-unit"] == "warning"
    # The scale was right for a map in metres, and is read so.
    assert placed(assessment, 10.0, 5.0, 3.0)[:2] == pytest.approx(WORKED[:2], abs=1e-3)


def test_a_map_without_a_unit_is_in_that_of_the_project_only_where_that_fits():
    metres = make_model(milli=True)
    add_conversion(metres, Scale=0.001)
    metres.by_type("IfcProjectedCRS")[0].MapUnit = None
    millimetres = make_model(milli=True)
    add_conversion(millimetres, Eastings=EASTING * 1e3, Northings=NORTHING * 1e3, OrthogonalHeight=HEIGHT * 1e3)
    millimetres.by_type("IfcProjectedCRS")[0].MapUnit = None

    as_metres, as_standard = assess(metres), assess(millimetres)

    assert placed(as_metres, 10.0, 5.0, 3.0) == pytest.approx(WORKED, abs=1e-3)
    assert findings_of(as_metres)["map-unit"] == "warning"
    assert placed(as_standard, 10.0, 5.0, 3.0) == pytest.approx(WORKED, abs=1e-3)
    assert findings_of(as_standard)["map-unit"] == "note"


def test_a_height_in_millimetres_is_refused():
    assessment = assess(add_conversion(make_model(), OrthogonalHeight=HEIGHT * 1000, Scale=1.0))

    assert findings_of(assessment)["height-odd"] == "error"
    assert assessment.chosen is None


def test_the_drift_of_true_metres_on_the_grid_is_told():
    (found,) = assess(add_conversion(make_model(), Scale=1.0)).findings

    # 1.00021752 on the ellipsoid by standards, less 120.5 m / 6371 km for the height: 2.0 cm in 100 m.
    assert (found.id, found.severity) == ("grid-factor", "warning")
    assert found.limit == pytest.approx(1.00021752 - 120.5 / 6_371_000, abs=1e-7)
    assert "2.0 cm in 100 m" in found.what
    assert findings_of(assess(add_conversion(make_model(), Scale=1.0002))) == {}


# --- coordinates of a map --------------------------------------------------------------------------------------------


def test_coordinates_of_a_map_without_a_conversion_are_not_placed():
    with_site = set_position(make_model(at=(EASTING, NORTHING, 120.0)), *SEAT, 120.0)
    assessment = assess(with_site)

    (found,) = [f for f in assessment.findings if f.severity == "error"]
    assert found.id == "national-coordinates"
    assert "CM" in found.what or "meridian" in found.what
    with pytest.raises(NotGeoreferenced, match=r"twin bim school\.ifc --georef school\.ifc\.toml"):
        require_place(assessment, "school.ifc")


def test_a_site_that_is_placed_in_a_map_stands_at_its_latitude_and_is_told():
    file = set_position(make_model(), *SEAT, 120.0)
    assessment = assess(place_site(file, (EASTING, NORTHING, 120.0)))

    assert findings_of(assessment)["national-coordinates"] == "warning"
    assert placed(assessment, EASTING, NORTHING, 120.0) == pytest.approx((EASTING, NORTHING, 120.0), abs=1.5e-3)


def test_a_place_that_is_counted_twice_is_found():
    file = place_site(make_model(), (EASTING, NORTHING, 0.0))
    assessment = assess(add_conversion(file, Scale=1.0, XAxisAbscissa=1.0, XAxisOrdinate=0.0))

    assert findings_of(assessment)["double-georeference"] == "error"
    assert assessment.chosen is None


def test_coordinates_of_a_map_with_a_conversion_of_nothing_are_placed_as_they_are():
    file = make_model(at=(EASTING, NORTHING, 120.0))
    add_conversion(
        file, Eastings=0.0, Northings=0.0, OrthogonalHeight=0.0, XAxisAbscissa=1.0, XAxisOrdinate=0.0, Scale=1.0
    )
    assessment = assess(file)

    assert placed(assessment, EASTING, NORTHING, 120.0) == pytest.approx((EASTING, NORTHING, 120.0), abs=1e-6)
    assert [name for name, severity in findings_of(assessment).items() if severity == "error"] == []


def test_truncated_coordinates_are_completed_by_a_rigid_operation():
    file = make_model("IFC4X3_ADD2", at=(32885.0, 36656.0, 0.0))
    add_conversion(
        file,
        kind="IfcRigidOperation",
        FirstCoordinate=file.createIfcLengthMeasure(600000.0),
        SecondCoordinate=file.createIfcLengthMeasure(3900000.0),
        Height=100.0,
    )

    assert placed(assess(file), 32885.385, 36656.695, 20.5) == pytest.approx((EASTING, NORTHING, HEIGHT))


def test_a_place_outside_of_its_crs_is_refused():
    assessment = assess(add_conversion(make_model(), Eastings=NORTHING, Northings=EASTING, Scale=1.0))

    assert findings_of(assessment)["outside-crs"] == "error"
    assert assessment.chosen is None


def test_a_crs_on_a_datum_without_parameters_is_read_and_not_placed():
    assessment = assess(add_conversion(make_model(), crs={"Name": "EPSG:2384"}, Scale=1.0))

    assert crs_label(assessment.chosen.crs) == "EPSG:2384"
    with pytest.raises(CrsError, match="Xian 1980"):
        placed(assessment, 0.0, 0.0, 0.0)


# --- sites -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("schema", SCHEMAS)
def test_a_site_is_placed_by_its_angles_and_true_north(schema):
    file = set_position(make_model(schema), *SEAT, 120.0)
    context = file.by_type("IfcGeometricRepresentationContext", include_subtypes=False)[0]
    context.TrueNorth = file.createIfcDirection((0.5, float(np.cos(np.radians(30)))))
    assessment = assess(place_site(file, (100.0, 0.0, 2.0)))

    # True north is 60° from the x axis, so x points 30° north of east; 100 m along it from the origin of the site.
    origin, along = (placed(assessment, x, 0.0, 2.0) for x in (100.0, 200.0))
    assert assessment.chosen.level == 20
    assert origin == pytest.approx((EASTING, NORTHING, 120.0), abs=1.5e-3)
    grid = np.degrees(np.arctan2(*(along - origin)[1::-1]))
    assert grid == pytest.approx(30.0 + 0.85220, abs=1e-3)


@pytest.mark.parametrize(
    ("latitude", "longitude", "finding"),
    [
        ((0, 0, 0, 0), (0, 0, 0, 0), "site-at-null"),
        (SEAT[0], None, "site-angle"),
    ],
)
def test_sites_that_say_nothing_are_not_placed(latitude, longitude, finding):
    assessment = assess(set_position(make_model(), latitude, longitude, 0.0))

    assert finding in findings_of(assessment)
    assert assessment.chosen is None


def test_a_site_in_the_city_of_the_programs_template_is_outside_of_the_county():
    boston = set_position(make_model(), (42, 21, 31, 181945), (-71, -3, -24, -263305), 0.0)

    assert assess(boston).chosen.level == 20
    assessment = assess_levels(levels_of(boston), area_crs84=YINAN)
    assert findings_of(assessment)["outside-area"] == "error"
    assert assessment.chosen is None


def test_the_next_best_level_is_used_where_the_best_cannot_be():
    file = add_conversion(set_position(make_model(), *SEAT, 120.0), crs={"Name": "EPSG:1234"}, Scale=1.0)
    assessment = assess(file)

    assert assessment.levels.found == (20, 50)
    assert assessment.chosen.level == 20
    assert findings_of(assessment)["crs-name"] == "error"


def test_a_missing_elevation_is_told():
    assert findings_of(assess(set_position(make_model(), *SEAT)))["elevation-missing"] == "warning"


# --- levels that disagree --------------------------------------------------------------------------------------------


def test_levels_that_put_the_model_elsewhere_are_told_in_metres():
    file = add_conversion(set_position(make_model(), (35, 33, 0, 0), SEAT[1], 100.0), Scale=1.0)

    (found,) = [f for f in assess(file).findings if f.id == "levels-disagree"]

    # 1.8" of latitude are 1.8 / 3600 of 110,953 m at 35.55° north; sites and walls turn by some metres more.
    assert found.measured == pytest.approx(55.5, abs=2.0)
    assert "20.5 m below" in found.what


def test_true_north_and_the_axis_of_the_map_are_told_in_degrees():
    file = add_conversion(make_model(), Scale=1.0002)
    context = file.by_type("IfcGeometricRepresentationContext", include_subtypes=False)[0]

    def turned(deg):
        context.TrueNorth = file.createIfcDirection((float(np.cos(np.radians(deg))), float(np.sin(np.radians(deg)))))
        found = [f for f in assess(file).findings if f.id == "north-disagrees"]
        return [(f.severity, f.measured) for f in found]

    # x is 30° from grid east, which is 0.85220° clockwise of true east: true north is 60.8522° from x.
    assert turned(60.8522) == []
    assert turned(60.0) == [("note", pytest.approx(0.8522, abs=1e-4))]
    assert turned(90.0) == [("warning", pytest.approx(-29.1478, abs=1e-4))]


def test_an_elevation_in_metres_in_a_file_of_millimetres_is_found():
    file = add_conversion(set_position(make_model(milli=True), *SEAT, HEIGHT), Scale=0.001)

    (found,) = [f for f in assess(file).findings if f.id == "elevation-unit"]
    assert (found.measured, found.limit) == (pytest.approx(0.1205), HEIGHT)


def test_a_vertical_datum_that_is_another_or_missing_is_told():
    other = assess(add_conversion(make_model(), crs={"VerticalDatum": "EPSG:5736"}, Scale=1.0002))
    none = assess(add_conversion(make_model(), crs={"VerticalDatum": None}, Scale=1.0002))

    assert findings_of(other) == {"vertical-datum": "warning"}
    assert findings_of(none) == {"vertical-datum": "note"}


def test_a_conversion_that_lacks_its_numbers_is_refused():
    file = add_conversion(make_model(), Scale=1.0)
    file.by_type("IfcMapConversion")[0].Eastings = None
    assessment = assess(file)

    assert findings_of(assessment)["outside-crs"] == "error"
    assert assessment.chosen is None


def test_a_county_is_not_looked_for_across_a_datum_without_parameters():
    levels = levels_of(add_conversion(make_model(), crs={"Name": "EPSG:2384"}, Scale=1.0))
    assessment = assess_levels(levels, area_crs84=YINAN)

    assert findings_of(assessment)["crs-datum"] == "error"
    assert assessment.chosen is None


def test_property_sets_that_say_different_things_are_refused():
    file = add_conversion(make_model("IFC2X3"), Scale=1.0)
    other = api.pset.add_pset(file, product=file.by_type("IfcSite")[0], name="EPset_MapConversion")
    api.pset.edit_pset(file, pset=other, properties={"Eastings": 1.0, "Northings": 2.0})
    assessment = assess(file)

    assert findings_of(assessment)["contexts-differ"] == "error"
    assert assessment.chosen is None


def test_a_crs_without_a_code_is_read_from_its_well_known_text():
    county = transverse_mercator(118.5)
    file = make_model("IFC4X3_ADD2")
    add_conversion(file, crs={"Name": "WKT"}, Eastings=496873.0, Northings=3936656.0, Scale=1.0)
    file.create_entity("IfcWellKnownText", county.to_wkt(), file.by_type("IfcProjectedCRS")[0])
    assessment = assess(file)

    point = place_points(np.zeros((1, 3)), assessment.chosen, county)[0]
    assert point == pytest.approx((496873.0, 3936656.0, HEIGHT), abs=1e-9)
    assert findings_of(assessment) == {"crs-name": "note", "grid-factor": "note"}


def test_a_project_in_feet_has_its_size_on_a_map_in_metres():
    levels = replace(levels_of(add_conversion(make_model(), Scale=0.3048)), length_unit_m=0.3048)

    assert placed(assess_levels(levels), 10.0, 5.0, 3.0) == pytest.approx(WORKED, abs=1e-3)
    assert "scale-missing" not in findings_of(assess_levels(levels))
