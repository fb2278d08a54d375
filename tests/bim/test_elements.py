"""Products, their place in the building, their types, properties and materials, of models whose content is known."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ifcopenshell.api.aggregate
import ifcopenshell.api.classification
import ifcopenshell.api.feature
import ifcopenshell.api.material
import ifcopenshell.api.pset
import ifcopenshell.api.root
import ifcopenshell.api.spatial
import ifcopenshell.api.type
import ifcopenshell.util.element
import pandas as pd
import pytest

from bim.ifc.elements import read_products
from bim.ifc.matter import read_classifications, read_materials
from bim.ifc.opening import open_ifc
from bim.ifc.properties import read_properties
from bim.ifc.units import read_units
from bimread_models import add_block, add_storeys, empty_model

api = ifcopenshell.api
SCHEMAS = ("IFC2X3", "IFC4", "IFC4X3_ADD2")


def _school(schema: str, *, milli: bool = False) -> Any:
    """Two storeys; on the upper one a wall with a window in an opening, a stair of two flights."""
    file = empty_model(schema, milli=milli)
    ground, upper = add_storeys(file, (-0.5, 3.1))
    wall = add_block(file, "IfcWall", "Wall", size=(5.0, 0.3, 3.0), at=(0.0, 0.0, 3.1))
    api.spatial.assign_container(file, products=[wall], relating_structure=upper)
    opening = add_block(file, "IfcOpeningElement", "Hole", size=(1.0, 0.3, 1.0), at=(2.0, 0.0, 4.1))
    api.feature.add_feature(file, feature=opening, element=wall)
    window = api.root.create_entity(file, ifc_class="IfcWindow", name="Window")
    api.feature.add_filling(file, opening=opening, element=window)
    stair = api.root.create_entity(file, ifc_class="IfcStair", name="Stair")
    flights = [api.root.create_entity(file, ifc_class="IfcStairFlight", name=name) for name in ("A", "B")]
    api.aggregate.assign_object(file, products=flights, relating_object=stair)
    api.spatial.assign_container(file, products=[stair], relating_structure=ground)
    return file


def _named(table: pd.DataFrame, name: str) -> Any:
    return table[table["name"] == name].iloc[0]


def _elements(file: Any) -> pd.DataFrame:
    return read_products(file, read_units(file)).table.to_pandas()


@pytest.mark.parametrize("schema", SCHEMAS)
def test_every_product_knows_its_storey_however_it_hangs_on_it(schema: str) -> None:
    elements = _elements(_school(schema))
    above = {
        name: (elements["name"][row["parent"]], row["relation"], elements["name"][row["storey"]])
        for name in ("Wall", "Hole", "Window", "Stair", "A")
        for row in [_named(elements, name)]
    }
    assert above == {
        "Wall": ("Storey 2", "contained", "Storey 2"),
        "Hole": ("Wall", "voids", "Storey 2"),
        "Window": ("Hole", "fills", "Storey 2"),
        "Stair": ("Storey 1", "contained", "Storey 1"),
        "A": ("Stair", "aggregated", "Storey 1"),
    }
    assert set(elements["name"][elements["building"].drop(index=_named(elements, "Site").name)]) == {"School"}


@pytest.mark.parametrize("milli", [False, True])
def test_elevations_are_metres_whatever_the_file_counts_in(milli: bool) -> None:
    elements = _elements(_school("IFC4", milli=milli))
    storeys = elements[elements["class"] == "IfcBuildingStorey"]
    assert dict(zip(storeys["name"], storeys["elevation_m"], strict=True)) == {"Storey 1": -0.5, "Storey 2": 3.1}
    assert storeys["origin_z_m"].to_list() == pytest.approx([-0.5, 3.1])


def test_a_structure_that_ends_in_itself_is_read() -> None:
    file = empty_model()
    first, second = (api.root.create_entity(file, ifc_class="IfcElementAssembly", name=name) for name in "ab")
    for above, below in ((first, second), (second, first)):
        file.createIfcRelAggregates(ifcopenshell.guid.new(), None, None, None, above, [below])
    assert _elements(file)["storey"].to_list() == [-1, -1]


def test_products_of_the_same_global_id_are_told_apart(shared_data: Path) -> None:
    file = open_ifc(shared_data / "ifc/awkward/doubleguids.ifc").file
    products = read_products(file, read_units(file))
    identities = products.table["element_id"].to_pylist()
    assert len(set(identities)) == len(identities) == 26
    assert [each for each in identities if "~" in each] == ["1EzyXtTtv7RAinwkFVr6_I~2"]
    assert "1EzyXtTtv7RAinwkFVr6_I" in products.notes[0]


@pytest.mark.parametrize("schema", SCHEMAS)
def test_types_give_what_their_elements_do_not_say(schema: str) -> None:
    file = _school(schema)
    kind = api.root.create_entity(file, ifc_class="IfcWallType", name="W30", predefined_type="STANDARD")
    api.type.assign_type(file, related_objects=file.by_type("IfcWall"), relating_type=kind)
    products = read_products(file, read_units(file))
    wall = _named(products.table.to_pandas(), "Wall")
    assert wall["predefined_type"] == "STANDARD"
    assert products.type_table.to_pandas().loc[wall["type"], "name"] == "W30"


def test_a_type_that_users_define_goes_by_its_name() -> None:
    file = _school("IFC4")
    wall = file.by_type("IfcWall")[0]
    wall.PredefinedType, wall.ObjectType = "USERDEFINED", "蓝墙"
    assert _named(_elements(file), "Wall")["predefined_type"] == "蓝墙"


def _properties(file: Any) -> pd.DataFrame:
    units = read_units(file)
    return read_properties(file, read_products(file, units), units).to_pandas()


@pytest.mark.parametrize("schema", SCHEMAS)
def test_properties_and_quantities_are_in_si(schema: str) -> None:
    file = _school(schema, milli=True)
    wall = file.by_type("IfcWall")[0]
    pset = api.pset.add_pset(file, product=wall, name="Pset_WallCommon")
    length = file.create_entity("IfcPositiveLengthMeasure", 250.0)
    api.pset.edit_pset(file, pset=pset, properties={"IsExternal": True, "Reference": "外墙", "Cover": length})
    quantities = api.pset.add_qto(file, product=wall, name="Qto_WallBaseQuantities")
    api.pset.edit_qto(file, qto=quantities, properties={"Length": 5000.0, "NetVolume": 4.2})
    rows = _properties(file).set_index("name")
    assert set(rows["row"]) == {file.by_type("IfcProduct").index(wall)}
    assert rows.loc["IsExternal", "value"] == "true"
    assert rows.loc["Reference", "value"] == "外墙"
    assert (rows.loc["Cover", "number"], rows.loc["Cover", "unit"]) == (0.25, "m")
    assert (rows.loc["Length", "number"], rows.loc["Length", "kind"]) == (5.0, "quantity")
    assert (rows.loc["NetVolume", "number"], rows.loc["NetVolume", "unit"]) == (4.2, "m³")


def _property_set(file: Any, *properties: Any) -> None:
    pset = file.createIfcPropertySet(ifcopenshell.guid.new(), None, "Set", None, properties)
    wall = file.by_type("IfcWall")[0]
    file.createIfcRelDefinesByProperties(ifcopenshell.guid.new(), None, None, None, [wall], pset)


def test_every_kind_of_property_is_read() -> None:
    file = _school("IFC4")
    label, real = file.createIfcLabel, file.createIfcReal
    centi = file.createIfcSIUnit(None, "LENGTHUNIT", "CENTI", "METRE")
    inner = file.createIfcPropertySingleValue("inner", None, label("x"), None)
    _property_set(
        file,
        file.createIfcPropertySingleValue("own unit", None, file.createIfcLengthMeasure(12.0), centi),
        file.createIfcPropertyEnumeratedValue("enumerated", None, [label("a"), label("b")], None),
        file.createIfcPropertyListValue("list", None, [real(1.0), real(2.0)], None),
        file.createIfcPropertyBoundedValue("bounded", None, real(9.0), real(1.0), None, real(4.0)),
        file.createIfcPropertyTableValue("table", None, [real(1.0)], [label("one")], None, None, None, None),
        file.createIfcComplexProperty("outer", None, "use", [inner]),
        file.createIfcPropertySingleValue("nothing", None, None, None),
    )
    rows = _properties(file).set_index("name")
    assert rows["value"].fillna("-").to_dict() == {
        "own unit": "12.0",
        "enumerated": "a; b",
        "list": "1.0; 2.0",
        "bounded": "4.0",
        "bounded.lower": "1.0",
        "bounded.upper": "9.0",
        "table.1.0": "one",
        "outer.inner": "x",
        "nothing": "-",
    }
    assert rows.loc["own unit", "number"] == pytest.approx(0.12)
    assert pd.isna(rows.loc["list", "number"])


def test_sets_that_ifc_defines_itself_are_read() -> None:
    file = _school("IFC4", milli=True)
    lining = file.createIfcWindowLiningProperties(ifcopenshell.guid.new(), None, "Lining", None, 60.0)
    wall = file.by_type("IfcWall")[0]
    file.createIfcRelDefinesByProperties(ifcopenshell.guid.new(), None, None, None, [wall], lining)
    (row,) = _properties(file).to_dict("records")
    assert (row["set"], row["name"], row["number"]) == ("Lining", "LiningDepth", pytest.approx(0.06))


@pytest.mark.parametrize("schema", SCHEMAS)
def test_layers_of_a_wall_and_their_thickness(schema: str) -> None:
    file = _school(schema, milli=True)
    layers = api.material.add_material_set(file, name="Wall", set_type="IfcMaterialLayerSet")
    for name, thickness in (("brick", 200.0), ("air", 40.0)):
        layer = api.material.add_layer(file, layer_set=layers, material=api.material.add_material(file, name=name))
        api.material.edit_layer(file, layer=layer, attributes={"LayerThickness": thickness})
    api.material.assign_material(file, products=file.by_type("IfcWall"), type="IfcMaterialLayerSet", material=layers)
    units = read_units(file)
    rows = read_materials(file, read_products(file, units), units).to_pandas()
    assert rows["name"].to_list() == ["brick", "air"]
    assert rows["thickness_m"].to_list() == [0.2, 0.04]
    assert rows["position"].to_list() == [0, 1]


def test_a_classification_is_named_by_its_system() -> None:
    file = _school("IFC4")
    system = file.createIfcClassification(None, None, None, "GB/T 51269")
    above = file.createIfcClassificationReference(None, "14", None, system)
    reference = file.createIfcClassificationReference(None, "14-10", "墙", above)
    wall = file.by_type("IfcWall")[0]
    file.createIfcRelAssociatesClassification(ifcopenshell.guid.new(), None, None, None, [wall], reference)
    (row,) = read_classifications(file, read_products(file, read_units(file))).to_pylist()
    assert (row["system"], row["code"], row["name"]) == ("GB/T 51269", "14-10", "墙")


@pytest.mark.parametrize("name", ["building/duplex_georeferenced_ifc2x3.ifc", "infra/wall_door_column_ifc4x3_feet.ifc"])
def test_as_many_values_as_another_reader_finds(shared_data: Path, name: str) -> None:
    """ifcopenshell's own get_psets merges sets of one name, so names are compared, element by element."""
    file = open_ifc(shared_data / "ifc" / name).file
    units = read_units(file)
    products = read_products(file, units)
    rows = read_properties(file, products, units).to_pandas()
    own = rows[~rows["of_type"]]
    found = set(zip(own["row"], own["set"], own["name"], strict=True))
    expected = {
        (row, name, each)
        for row, product in enumerate(products.products)
        for name, values in ifcopenshell.util.element.get_psets(product, should_inherit=False).items()
        for each in values
        if each != "id"
    }
    assert found == expected
