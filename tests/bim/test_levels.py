import ifcopenshell.api.georeference
import ifcopenshell.api.pset
import numpy as np
import pytest

from bim.georeference.report import write_template
from bimplace_models import (
    EASTING,
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

api = ifcopenshell.api


@pytest.mark.parametrize("schema", SCHEMAS)
def test_a_model_that_says_nothing_has_no_level(schema):
    levels = levels_of(make_model(schema))

    assert levels.found == ()
    assert levels.typical_m == pytest.approx((1.5, 0.0, 0.0), abs=6)


@pytest.mark.parametrize("schema", SCHEMAS)
def test_an_address_is_level_10(schema):
    file = make_model(schema)
    building = file.by_type("IfcBuilding")[0]
    building.BuildingAddress = file.create_entity(
        "IfcPostalAddress", AddressLines=("1 Renmin  Road",), Town="Yinan", Region="Shandong", Country="China"
    )

    levels = levels_of(file)

    assert levels.found == (10,)
    assert levels.addresses[0].text == "1 Renmin Road, Yinan, Shandong, China"
    assert levels.addresses[0].entity.endswith(f"of IfcBuilding #{building.id()}")


@pytest.mark.parametrize("schema", SCHEMAS)
@pytest.mark.parametrize(
    ("parts", "degrees"),
    [
        ((35, 33, 1, 800000), 35.5505),  # by standards: 33 / 60 + 1.8 / 3600
        ((35, 33, 1), 35.55027777777778),
        ((-35, -33, -1, -800000), -35.5505),
        ((0, 0, -36), -0.01),
        ((0, 0, 0, 0), 0.0),
    ],
)
def test_compound_angles_are_read_with_their_sign_and_without_their_last_part(schema, parts, degrees):
    levels = levels_of(set_position(make_model(schema), parts, (118, 27, 55, 800000), 120.0))

    (site,) = levels.positions
    assert levels.found == (20,)
    assert site.latitude_deg == pytest.approx(degrees, abs=1e-12)
    assert site.longitude_deg == pytest.approx(118.4655, abs=1e-12)
    assert (site.elevation_m, site.faults) == (120.0, ())


def test_angles_with_mixed_signs_take_the_first_and_say_so():
    (site,) = levels_of(set_position(make_model(), (-33, 30, 0), (118, 27, 55), 0.0)).positions

    assert site.latitude_deg == -33.5
    assert "different signs" in site.faults[0]


@pytest.mark.parametrize("parts", [(95, 0, 0), (35, 60, 0), (35, 33, 61), (35, 33, 1, 1_000_000)])
def test_what_is_no_angle_is_not_read(parts):
    assessment = assess(set_position(make_model(), parts, (118, 27, 55), 0.0))

    assert assessment.levels.positions[0].latitude_deg is None
    assert findings_of(assessment) == {"site-angle": "warning"}
    assert assessment.chosen is None


@pytest.mark.parametrize("schema", SCHEMAS)
def test_elevations_and_placements_are_in_the_unit_of_the_project(schema):
    file = make_model(schema, milli=True)
    set_position(file, (35, 33, 1, 800000), (118, 27, 55, 800000), 120500.0)
    place_site(file, (100.0, 50.0, 2.0))

    levels = levels_of(file)

    assert levels.found == (20, 30)
    assert levels.positions[0].elevation_m == 120.5
    assert levels.positions[0].origin_m == pytest.approx((100.0, 50.0, 2.0))


def test_a_placement_counts_through_all_that_it_is_relative_to():
    file = make_model()
    place_site(file, (100.0, 50.0, 2.0))
    site = file.by_type("IfcSite")[0]
    quarter = file.createIfcAxis2Placement3D(
        file.createIfcCartesianPoint((1000.0, 0.0, 0.0)), None, file.createIfcDirection((0.0, 1.0, 0.0))
    )
    site.ObjectPlacement.PlacementRelTo = file.createIfcLocalPlacement(None, quarter)

    (placement,) = levels_of(file).placements

    # Turned by 90 degrees, (100, 50) is (-50, 100); then 1000 m to the east.
    assert placement.matrix_m[:3, 3] == pytest.approx((950.0, 100.0, 2.0))


def test_a_placement_that_goes_round_in_a_circle_is_no_endless_loop():
    file = make_model()
    placement = file.by_type("IfcSite")[0].ObjectPlacement
    placement.PlacementRelTo = placement

    assert len(levels_of(file).placements) == 1


@pytest.mark.parametrize("schema", SCHEMAS)
def test_axes_and_true_north_are_level_40(schema):
    file = make_model(schema, milli=True)
    context = file.by_type("IfcGeometricRepresentationContext", include_subtypes=False)[0]
    api.georeference.edit_wcs(file, x=100.0, y=20.0, z=3.0, rotation=0.0, is_si=True)
    context.TrueNorth = file.createIfcDirection((3.0, 4.0))

    levels = levels_of(file)

    assert levels.found == (40,)
    assert levels.world[:3, 3] == pytest.approx((100.0, 20.0, 3.0))
    assert levels.true_north.true_north == pytest.approx((0.6, 0.8))
    assert levels.true_north.entity == f"IfcGeometricRepresentationContext #{context.id()}"


def test_true_north_in_three_dimensions_and_of_no_length_are_read():
    file = make_model()
    context = file.by_type("IfcGeometricRepresentationContext", include_subtypes=False)[0]
    context.TrueNorth = file.createIfcDirection((1.0, 0.0, 0.0))
    assert levels_of(file).true_north.true_north == pytest.approx((1.0, 0.0))

    context.TrueNorth = file.createIfcDirection((0.0, 0.0, 1.0))
    assert levels_of(file).true_north is None


@pytest.mark.parametrize("schema", SCHEMAS)
def test_a_conversion_is_level_50(schema):
    levels = levels_of(add_conversion(make_model(schema), Scale=1.0))

    (conversion,) = levels.conversions
    assert levels.found == (50,)
    assert (conversion.eastings, conversion.northings, conversion.height) == (EASTING, NORTHING, 120.5)
    assert np.degrees(np.arctan2(*conversion.axis[::-1])) == pytest.approx(30.0)
    assert conversion.crs.name == "EPSG:4548"


@pytest.mark.parametrize("owner", ["IfcProject", "IfcSite", "IfcBuilding"])
@pytest.mark.parametrize("prefix", ["ePset_", "EPset_", "ePSet_", "EPSet_", "epset_", "Pset_", "ePset", "EPSET_"])
def test_property_sets_of_ifc2x3_are_found_in_every_spelling_on_every_owner(owner, prefix):
    file = make_model("IFC2X3")
    product = file.by_type(owner)[0]
    conversion = api.pset.add_pset(file, product=product, name=f"{prefix}MapConversion")
    api.pset.edit_pset(
        file,
        pset=conversion,
        properties={"Eastings": EASTING, "northings": str(NORTHING), "ORTHOGONALHEIGHT": 120.5, "Scale": 1.0},
    )
    crs = api.pset.add_pset(file, product=file.by_type("IfcProject")[0], name=f"{prefix}ProjectedCRS")
    api.pset.edit_pset(file, pset=crs, properties={"Name": "EPSG:4548", "MapUnit": "METRE"})

    (read,) = levels_of(file).conversions

    assert (read.eastings, read.northings, read.height, read.scale) == (EASTING, NORTHING, 120.5, 1.0)
    assert (read.crs.name, read.crs.map_unit_m) == ("EPSG:4548", 1.0)
    assert read.entity == f"{prefix}MapConversion #{conversion.id()} of {owner} #{product.id()}"


def test_factors_of_a_scaled_conversion_are_read():
    file = add_conversion(
        make_model("IFC4X3_ADD2"), kind="IfcMapConversionScaled", Scale=1.0, FactorX=1.0002, FactorY=1.0003, FactorZ=1.0
    )

    assert levels_of(file).conversions[0].factors == (1.0002, 1.0003, 1.0)


def test_a_rigid_operation_is_read():
    file = make_model("IFC4X3_ADD2")
    add_conversion(
        file,
        kind="IfcRigidOperation",
        FirstCoordinate=file.createIfcLengthMeasure(EASTING),
        SecondCoordinate=file.createIfcLengthMeasure(NORTHING),
        Height=120.5,
    )

    (read,) = levels_of(file).conversions

    assert (read.eastings, read.northings, read.height, read.is_rigid) == (EASTING, NORTHING, 120.5, True)
    assert read.measures == ("IfcLengthMeasure", "IfcLengthMeasure")


@pytest.mark.parametrize(
    ("schema", "kind"),
    [("IFC2X3", "IfcMapConversion"), ("IFC4", "IfcMapConversion"), ("IFC4X3_ADD2", "IfcMapConversionScaled")],
)
def test_no_damaged_value_breaks_the_reading_or_moves_the_model_unseen(schema, kind):
    file = add_conversion(set_position(make_model(schema), (35, 33, 1), (118, 27, 55), 120.0), kind=kind, Scale=1.0)
    context = file.by_type("IfcGeometricRepresentationContext", include_subtypes=False)[0]
    context.TrueNorth = file.createIfcDirection((0.0, 1.0))
    sound = assess(file).chosen
    outcomes = set()
    for entity in list(file):
        for index, value in enumerate(entity):
            for damaged in (None, (), 0.0):
                try:
                    entity[index] = damaged
                except (TypeError, ValueError, RuntimeError):  # the file cannot hold it there
                    continue
                found = assess(file)
                entity[index] = value
                write_template(found)
                outcomes.add((found.chosen is None, found.chosen is not None and found.chosen.level))
                if found.chosen is not None:
                    numbers = (found.chosen.x, found.chosen.y, found.chosen.axis_deg, *found.chosen.scale)
                    assert np.isfinite(numbers).all(), (entity, index, damaged)

    assert assess(file).chosen.x == sound.x
    assert {level for _, level in outcomes} >= {20, 50}
