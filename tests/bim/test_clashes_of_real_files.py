"""Architecture and electricity of the same duplex, by two programs: boxes of sockets are let into walls."""

from __future__ import annotations

from collections import Counter

import pytest

import layers
from bim.clash import building_clashes
from bim.georeference.choosing import declare_place
from bim.georeference.declared import Declaration
from bim.ifc.reading import read_ifc
from bim.importing import Order, import_model
from twin.asking import ask
from twin.crs import parse_crs
from twin.stores import create_store

CATALOG = layers.catalog()
FILES = {"architecture": "building/duplex_georeferenced_ifc2x3.ifc", "electrical": "mep/duplex_electrical.ifc"}
#: Both have the same coordinates, whatever they say of their place.
PLACE = Declaration(
    name="place.toml", longitude_deg=118.4655, latitude_deg=35.5505, height_m=120.0, x_axis_deg=0.0,
    anchor_m=(0.0, 0.0, 0.0), scale="true",
)  # fmt: skip
#: Sockets and switches are 1½ inches deep.
SOCKET_M = 1.5 * 0.0254


@pytest.fixture(scope="module")
def store(shared_data, tmp_path_factory):
    with create_store(tmp_path_factory.mktemp("duplex") / "twin.gpkg", crs=parse_crs("EPSG:4548")) as store:
        for model_id, name in FILES.items():
            path = shared_data / "ifc" / name
            model = read_ifc(path)
            import_model(
                store, CATALOG, path, model, declare_place(model.levels, PLACE), Order(author="li", model_id=model_id)
            )
        yield store


def test_what_is_let_into_walls_is_found_between_both_models(store):
    reply = ask(building_clashes, CATALOG, store, parameters={"model": "electrical"})
    found = [shape.properties for shape in reply.answer.shapes if shape.properties["second_id"][:4] == "arch"]
    assert Counter((each["first_class"], each["second_class"]) for each in found) == {
        ("IfcFlowTerminal", "IfcWallStandardCase"): 57,
        ("IfcFlowTerminal", "IfcWall"): 4,
        ("IfcFlowTerminal", "IfcSlab"): 4,
        ("IfcBuildingElementProxy", "IfcWallStandardCase"): 4,
        ("IfcFlowController", "IfcWallStandardCase"): 2,
        ("IfcDistributionControlElement", "IfcWallStandardCase"): 1,
    }
    sockets = [each["measured_m"] for each in found if "Receptacle" in each["first_name"]]
    assert len(sockets) > 20
    assert Counter(round(value, 3) for value in sockets).most_common(1)[0][0] == pytest.approx(-SOCKET_M, abs=5e-4)
    opened = reply.answer.figures["open_elements"]
    assert opened > 0
    assert reply.answer.note.startswith(f"{opened} elements are near others and not closed")
