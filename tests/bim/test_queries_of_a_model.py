"""Queries answer for a real model what its file says when it is walked through with ifcopenshell alone."""

from __future__ import annotations

from collections import Counter, defaultdict

import ifcopenshell
import pytest
from ifcopenshell.util.element import get_container, get_psets

import layers
from bim.georeference.choosing import declare_place
from bim.georeference.declared import Declaration
from bim.ifc.reading import read_ifc
from bim.importing import Order, import_model
from layers.building_elements import element_quantities, find_elements
from twin.asking import ask
from twin.crs import parse_crs
from twin.expressions import compare
from twin.query import Query
from twin.stores import create_store

CATALOG = layers.catalog()
PLACE = Declaration(name="place.toml", crs="EPSG:4548", easting_m=632_885.0, northing_m=3_936_656.0, height_m=120.0)


@pytest.fixture(scope="module")
def house(shared_data, tmp_path_factory):
    """The FZK house in a twin, and its file."""
    path = shared_data / "ifc" / "building" / "AC20-FZK-Haus.ifc"
    model = read_ifc(path)
    with create_store(tmp_path_factory.mktemp("house") / "house.gpkg", crs=parse_crs("EPSG:4548")) as store:
        place = declare_place(model.levels, PLACE)
        import_model(store, CATALOG, path, model, place, Order(author="li", model_id="house"))
        yield store, ifcopenshell.open(path)


def found(store, **asked):
    reply = ask(find_elements, CATALOG, store, parameters=asked)
    return {key.removeprefix("house.") for key in reply.answer.features["found"]["building_elements"]}


def test_elements_are_those_that_the_file_has(house):
    store, file = house
    said = {each.GlobalId: get_psets(each) for each in file.by_type("IfcProduct")}
    bearing = {each for each, sets in said.items() if sets.get("Pset_BeamCommon", {}).get("LoadBearing") is True}
    large = {each for each, sets in said.items() if sets.get("BaseQuantities", {}).get("NetVolume", 0.0) >= 5.0}
    assert large < {each for each, sets in said.items() if "NetVolume" in sets.get("BaseQuantities", {})}
    assert bearing
    assert large
    assert found(store, having="Pset_BeamCommon.LoadBearing=true") == bearing
    assert found(store, having="BaseQuantities.NetVolume>=5") == large
    # The file has a space behind this name.
    assert found(store, having="Brutto-Volumen der Wand") == found(store, ifc_class="IfcWall")
    assert found(store, ifc_class="IfcWall") == {each.GlobalId for each in file.by_type("IfcWall")}
    # Their long names are identifiers: ACID00000001-…
    storeys = store.read(CATALOG.layer("building_elements"), Query(where=compare("kind", "=", "storey"))).data
    assert set(storeys["name"]) == {"Erdgeschoss", "Dachgeschoss"}
    for storey in file.by_type("IfcBuildingStorey"):
        there = {each.GlobalId for each in file.by_type("IfcDoor") if get_container(each) == storey}
        assert found(store, ifc_class="IfcDoor", storey=storey.Name) == there


def test_quantities_are_the_sums_of_what_the_file_states(house):
    store, file = house
    amounts = ask(element_quantities, CATALOG, store, parameters={"quantity": "GrossVolume"}).answer.figures["amounts"]
    told = {(each["storey"], each["class"]): each for each in amounts}
    sums, counts = defaultdict(float), Counter()
    for each in file.by_type("IfcElement"):
        storey = get_container(each)
        volume = get_psets(each, qtos_only=True).get("BaseQuantities", {}).get("GrossVolume")
        if volume is not None and storey is not None:
            sums[storey.Name, each.is_a()] += volume
            counts[storey.Name, each.is_a()] += 1
    assert sums
    for key, total in sums.items():
        assert told[key]["GrossVolume"] == pytest.approx(total, rel=1e-6), key
        assert told[key]["GrossVolume_stated_by"] == counts[key], key
    heights = [each["elevation_m"] for each in amounts if each["storey"] is not None]
    assert heights == sorted(heights)
    assert len(set(heights)) == len(file.by_type("IfcBuildingStorey"))
