import ifcopenshell.api.georeference
import numpy as np
import pytest

from bim.georeference.choosing import assess_levels, declare_place
from bim.georeference.declared import parse_declaration, read_declaration
from bim.georeference.report import describe_place, render_place, write_template
from bim.placing import place_points
from bimplace_models import (
    EASTING,
    HEIGHT,
    NORTHING,
    add_conversion,
    assess,
    findings_of,
    levels_of,
    make_model,
    set_position,
)
from tests_transforms import find_transformer
from twin.crs import parse_crs
from twin.errors import InvalidParameter

api = ifcopenshell.api
GK117 = parse_crs("EPSG:4548")
WORKED = (632891.545254, 3936666.025127, 123.5)
WHOLE = {"crs": "EPSG:4548", "easting_m": EASTING, "northing_m": NORTHING, "height_m": HEIGHT, "x_axis_deg": 30.0}


def declare(file, **said):
    return declare_place(levels_of(file), parse_declaration(said, "school.toml"))


def placed(assessment, *point_m):
    return place_points(np.array([point_m]), assessment.chosen, GK117)[0]


@pytest.mark.parametrize("schema", ["IFC2X3", "IFC4", "IFC4X3_ADD2"])
def test_a_declaration_places_a_file_that_says_nothing(schema):
    assessment = declare(make_model(schema, milli=True), **WHOLE)

    assert placed(assessment, 10.0, 5.0, 3.0) == pytest.approx(WORKED, abs=1e-3)
    assert assessment.chosen.level is None
    assert set(assessment.chosen.sources.values()) == {"school.toml"}


def test_a_declared_anchor_is_the_point_that_stands_there():
    assessment = declare(make_model(), **WHOLE, anchor_m=[100.0, 20.0, 3.0])

    assert placed(assessment, 110.0, 25.0, 6.0) == pytest.approx(WORKED, abs=1e-3)


def test_true_metres_are_put_on_the_grid_by_its_factor():
    as_grid, as_true = (declare(make_model(), **WHOLE, scale=scale) for scale in ("grid", "true"))
    by_number = declare(make_model(), **WHOLE, scale=1.0002)

    lengths = [
        float(np.hypot(*(placed(one, 1000.0, 0.0, 0.0) - placed(one, 0.0, 0.0, 0.0))[:2]))
        for one in (as_grid, as_true, by_number)
    ]
    # 1.00021752 on the ellipsoid, less 120.5 m / 6371 km; and 433 m east, in the middle of the way, the factor is
    # greater by 132,885 m * 433 m / R²: 20.0 cm in 1 km.
    assert lengths == pytest.approx([1000.0, 1000.1986 + 0.00142, 1000.2], abs=1e-4)


def test_a_longitude_and_a_latitude_are_declared_with_true_directions():
    assessment = declare(make_model(), longitude_deg=118.4655, latitude_deg=35.5505, height_m=HEIGHT, x_axis_deg=30.0)

    origin, along = placed(assessment, 0.0, 0.0, 0.0), placed(assessment, 100.0, 0.0, 0.0)
    assert origin == pytest.approx((EASTING, NORTHING, HEIGHT), abs=1.5e-3)
    assert np.degrees(np.arctan2(*(along - origin)[1::-1])) == pytest.approx(30.8522, abs=1e-3)


HERE = {key: value for key, value in WHOLE.items() if key != "x_axis_deg"}
ON_EARTH = {"longitude_deg": 118.4655, "latitude_deg": 35.5505, "height_m": HEIGHT}
#: The zone east of it, with its convergence on the other side.
GK120 = {"crs": "EPSG:4549", "easting_m": 361_010.0, "northing_m": 3_936_900.0, "height_m": HEIGHT}


def azimuth_of_x_axis(assessment):
    """Of the x axis of the model, from true north, by the geodesic between two of its points."""
    ends = [place_points(np.array([[x, 0.0, 0.0]]), assessment.chosen, GK117)[0, :2] for x in (0.0, 100.0)]
    to_degrees = find_transformer(4548, 4490)
    (lon, lat), (other_lon, other_lat) = (to_degrees.transform(*end) for end in ends)
    return to_degrees.target_crs.get_geod().inv(lon, lat, other_lon, other_lat)[0]


@pytest.mark.parametrize("where", [HERE, ON_EARTH, GK120], ids=["grid", "degrees", "another zone"])
def test_a_model_whose_axis_is_not_declared_is_turned_as_its_file_says(where):
    turned = make_model()
    turned.by_type("IfcGeometricRepresentationContext")[0].TrueNorth = turned.createIfcDirection((0.6, 0.8))
    # y is 36.87° west of true north: x points so far north of east.
    by_north = declare(turned, **where)
    assert azimuth_of_x_axis(by_north) == pytest.approx(90 - 36.8699, abs=1e-3)
    assert by_north.chosen.sources["axis_deg"].startswith("IfcGeometricRepresentationContext #")

    # 30° from grid east, where grid north is 0.8522° east of true north.
    by_conversion = declare(add_conversion(turned, Scale=1.0002), **where)
    assert azimuth_of_x_axis(by_conversion) == pytest.approx(90 - 30 + 0.8522, abs=1e-3)
    assert by_conversion.chosen.sources["axis_deg"].startswith("IfcMapConversion #")


def test_north_along_the_y_axis_is_that_of_the_grid():
    file = make_model()
    file.by_type("IfcGeometricRepresentationContext")[0].TrueNorth = file.createIfcDirection((0.0, 1.0))

    assert declare(file, **HERE).chosen.axis_deg == 0.0
    assert azimuth_of_x_axis(declare(file, **ON_EARTH)) == pytest.approx(90.0, abs=1e-3)


def test_the_template_leaves_the_axis_to_true_north(tmp_path):
    file = make_model()
    file.by_type("IfcGeometricRepresentationContext")[0].TrueNorth = file.createIfcDirection((0.6, 0.8))
    file.by_type("IfcSite")[0].RefElevation = -0.0
    changes = [("easting_m = 0.0", f"easting_m = {EASTING}"), ("northing_m = 0.0", f"northing_m = {NORTHING}")]

    assessment = fill_in(file, tmp_path, *changes, ("# x_axis_deg = 0.0\n", ""), ("height_m = 0.0", "height_m = 1.0"))

    assert "true north in the file turns it 36.8699° from true east" in write_template(assess(file))
    assert "-0.0\n" not in write_template(assess(file))
    assert azimuth_of_x_axis(assessment) == pytest.approx(90 - 36.8699, abs=1e-3)


def test_a_declared_crs_mends_a_conversion_without_one():
    file = add_conversion(make_model(milli=True), crs={"Name": "Local grid of the county"}, Scale=0.001)
    assert assess(file).chosen is None

    assessment = declare(file, crs="EPSG:4548")

    assert placed(assessment, 10.0, 5.0, 3.0) == pytest.approx(WORKED, abs=1e-3)
    assert assessment.chosen.sources["crs"] == "school.toml"
    assert assessment.chosen.sources["x"].startswith("IfcMapConversion")


def test_a_declared_scale_or_height_mends_a_conversion_that_has_a_wrong_one():
    scale = add_conversion(make_model(milli=True), Scale=0.5)
    height = add_conversion(make_model(milli=True), Scale=0.001, OrthogonalHeight=120500.0)

    assert placed(declare(scale, scale="grid"), 10.0, 5.0, 3.0) == pytest.approx(WORKED, abs=1e-3)
    assert placed(declare(height, height_m=HEIGHT), 10.0, 5.0, 3.0) == pytest.approx(WORKED, abs=1e-3)


def test_coordinates_of_a_map_need_only_its_crs():
    file = make_model(at=(EASTING, NORTHING, 120.0))

    assessment = declare(file, crs="EPSG:4548")

    assert placed(assessment, EASTING, NORTHING, 120.0) == pytest.approx((EASTING, NORTHING, 120.0), abs=1e-6)
    stretched = declare(file, crs="EPSG:4548", scale="true")
    assert placed(stretched, EASTING, NORTHING, 120.0) == pytest.approx((EASTING, NORTHING, 120.0), abs=5e-3)


def test_heights_above_another_datum_are_shifted():
    assert placed(declare(make_model(), **WHOLE, height_shift_m=-0.029), 0.0, 0.0, 0.0)[2] == pytest.approx(120.471)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"eastings_m": 1.0}, "did you mean easting_m?"),
        ({**WHOLE, "crs": "EPSG:1234"}, "not a known coordinate reference system"),
        ({**WHOLE, "crs": "EPSG:4490"}, "has no eastings"),
        ({"easting_m": 1.0}, "belong together"),
        ({**WHOLE, "longitude_deg": 118.0, "latitude_deg": 35.0}, "or longitude_deg and latitude_deg"),
        ({**WHOLE, "height_m": "120"}, "height_m is a number"),
        ({**WHOLE, "height_m": True}, "height_m is a number"),
        ({**WHOLE, "height_m": float("nan")}, "height_m is a number"),
        ({**WHOLE, "scale": 1000}, "close to 1"),
        ({**WHOLE, "scale": "metres"}, "close to 1"),
        ({**WHOLE, "anchor_m": [1.0, 2.0]}, "three numbers"),
        ({"crs": "EPSG:4548"}, "easting_m and northing_m, or longitude_deg and latitude_deg is missing"),
        ({key: WHOLE[key] for key in ("easting_m", "northing_m", "height_m")}, "crs is missing"),
        ({key: WHOLE[key] for key in ("crs", "easting_m", "northing_m")}, "height_m is missing"),
        ({**WHOLE, "easting_m": NORTHING, "northing_m": EASTING}, "outside of where EPSG:4548 is used; .* are swapped"),
        ({**WHOLE, "easting_m": 20_632_885.0}, "outside of where EPSG:4548 is used; check crs"),
        ({"longitude_deg": 35.5, "latitude_deg": 118.5, "height_m": 0.0}, "no longitude and latitude"),
        ({"longitude_deg": 118.5, "latitude_deg": 35.5, "height_m": 0.0, "scale": 1.0002}, "no metres of a grid"),
    ],
)
def test_what_a_declaration_cannot_mean_is_refused(said, told):
    with pytest.raises(InvalidParameter, match=told.replace("?", r"\?")):
        declare(make_model(), **said)


def test_files_that_are_no_declaration_are_refused(tmp_path):
    path = tmp_path / "school.toml"
    path.write_text("crs = EPSG:4548", "utf-8")

    with pytest.raises(InvalidParameter, match=r"declaration school\.toml cannot be read"):
        read_declaration(path)
    with pytest.raises(InvalidParameter, match=r"declaration other\.toml cannot be read"):
        read_declaration(tmp_path / "other.toml")


def fill_in(file, folder, *changes):
    path = folder / "school.toml"
    text = write_template(assess(file))
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text, "utf-8")
    return declare_place(levels_of(file), read_declaration(path))


def test_a_template_that_is_filled_in_places_the_model(tmp_path):
    file = add_conversion(make_model(milli=True), crs={"Name": 'Grid "A"'}, Scale=0.001)

    assessment = fill_in(file, tmp_path, (r'crs = "Grid \"A\""', 'crs = "EPSG:4548"'), ('"true"\n', '"grid"\n'))

    assert placed(assessment, 10.0, 5.0, 3.0) == pytest.approx(WORKED, abs=1e-3)


@pytest.mark.parametrize("scale", [1.0, 1.0002])
def test_a_template_as_it_is_places_what_was_placed_by_a_conversion(tmp_path, scale):
    file = add_conversion(make_model(), Scale=scale)
    api.georeference.edit_wcs(file, x=100.0, y=20.0, z=3.0, rotation=12.0, is_si=True)

    before, after = placed(assess(file), 110.0, 25.0, 3.0), placed(fill_in(file, tmp_path), 110.0, 25.0, 3.0)

    assert after == pytest.approx(before, abs=1e-6)


def test_a_template_as_it_is_places_what_was_placed_by_a_site(tmp_path):
    file = set_position(make_model(), (35, 33, 1, 800000), (118, 27, 55, 800000), 120.5)
    file.by_type("IfcGeometricRepresentationContext")[0].TrueNorth = file.createIfcDirection((0.6, 0.8))

    before, after = placed(assess(file), 110.0, 25.0, 3.0), placed(fill_in(file, tmp_path), 110.0, 25.0, 3.0)

    assert after == pytest.approx(before, abs=1e-6)
    assert "IfcSite #" in write_template(assess(file))


def test_the_report_tells_every_level_what_is_used_and_what_was_found():
    file = add_conversion(set_position(make_model(milli=True), (35, 33, 1, 800000), (118, 27, 55, 800000), 120500.0))
    assessment = assess_levels(levels_of(file))

    report, text = describe_place(assessment), render_place(assessment)

    assert report["levels"] == [20, 50]
    assert [said["level"] for said in report["statements"]] == [20, 30, 40, 50]
    assert (report["used"]["crs"], report["declaration"]) == ("EPSG:4548", None)
    assert (report["used"]["x"], report["used"]["y"]) == (EASTING, NORTHING)
    assert report["used"]["sources"]["x"].startswith("IfcMapConversion #")
    assert {found["id"] for found in report["findings"]} == set(findings_of(assessment))
    assert "level 20 IfcSite #" in text
    assert "used: level 50: 632885.385, 3936656.695 in EPSG:4548, height 120.500 m, x axis 30.0000° from east" in text
    assert "warning scale-missing IfcMapConversion #" in text


def test_the_report_on_a_file_that_says_nothing_asks_for_a_declaration():
    assessment = assess(make_model("IFC4"))

    text = render_place(assessment)

    assert (
        "used: nothing; the model needs a declaration (twin bim FILE --georef FILE.toml)\na declaration to fill in:"
        in text
    )
    assert 'crs = "EPSG:4548"\n' in text
    assert describe_place(assessment)["declaration"] == write_template(assessment)


def test_a_world_coordinate_system_in_a_map_needs_only_its_crs(tmp_path):
    file = make_model()
    api.georeference.edit_wcs(file, x=EASTING, y=NORTHING, z=HEIGHT, rotation=0.0, is_si=True)
    direction = file.createIfcDirection((float(np.cos(np.radians(30))), 0.5, 0.0))
    file.by_type("IfcGeometricRepresentationContext")[0].WorldCoordinateSystem.RefDirection = direction

    assert findings_of(assess(file))["national-coordinates"] == "error"
    assert placed(declare(file, crs="EPSG:4548"), 10.0, 5.0, 3.0) == pytest.approx(WORKED, abs=1e-3)
    assert placed(fill_in(file, tmp_path), 10.0, 5.0, 3.0) == pytest.approx(WORKED, abs=1e-3)
    assert placed(declare(file, crs="EPSG:4548", scale="true"), 10.0, 5.0, 3.0) == pytest.approx(WORKED, abs=3e-3)


def test_heights_above_another_datum_are_told_unless_they_are_shifted():
    file = add_conversion(make_model(), crs={"Name": "", "VerticalDatum": "EPSG:5736"}, Scale=1.0002)

    assert findings_of(declare(file, crs="EPSG:4548")) == {"vertical-datum": "warning"}
    assert findings_of(declare(file, crs="EPSG:4548", height_shift_m=-0.029)) == {}
