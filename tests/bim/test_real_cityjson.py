"""Every city model of the shared data is read or refused with a reason; counts are those of another program."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import layers
from bim.cityjson.exporting import export_buildings
from bim.cityjson.measures import measure_volumes
from bim.cityjson.reading import read_cityjson
from bim.georeference.choosing import assess_levels
from bim.importing import Order, import_model
from cityjson_schemas import break_schema
from twin.crs import parse_crs
from twin.errors import SourceError
from twin.stores import create_store

#: Buildings and parts with a shape, and the CRS; objects as the list of sources counts them.
_READ = {
    "delft.city.json": ({"IfcBuilding": 160}, 28992),
    "denhaag_subset.city.json": ({"IfcBuilding": 1, "BuildingPart": 8}, None),
    "lod2_buildings_features.city.jsonl": ({"IfcBuilding": 100}, None),
    "rotterdam_subset.city.json": ({"IfcBuilding": 16}, None),
    "zurich_subset_lod2.city.json": ({"BuildingPart": 161}, 2056),
}


@pytest.mark.parametrize("name", _READ)
def test_real_files_are_read(shared_data: Path, name: str) -> None:
    counts, code = _READ[name]

    model = read_cityjson(shared_data / "citymodels" / name)

    shown = model.elements[model.elements["outcome"] == "shape"]
    assert shown["class"].value_counts().to_dict() == counts
    place = assess_levels(model.levels).chosen
    assert (None if place is None else place.crs.to_epsg()) == code


def test_houses_of_the_sequence_have_the_volumes_of_prisms_under_gables(shared_data: Path) -> None:
    model = read_cityjson(shared_data / "citymodels/lod2_buildings_features.city.jsonl")

    # The first is 6 m by 8 m, with eaves at 5 m and a ridge at 11 m; the second has eaves at 7 m.
    assert measure_volumes(model.shapes)[:2] == pytest.approx([6 * 8 * (5 + 6 / 2), 6 * 8 * (7 + 4 / 2)])


def test_a_block_of_a_real_file_is_as_high_as_its_attributes_say(shared_data: Path) -> None:
    model = read_cityjson(shared_data / "citymodels/denhaag_subset.city.json")

    told = model.properties[model.properties["row"] == 0].set_index("name")["number"]
    assert told["volume_m3"] == pytest.approx(told["GroundSurface.area_m2"] * told["RelativeEavesHeight"], rel=1e-3)
    assert np.isfinite(measure_volumes(model.shapes)).all()


@pytest.mark.parametrize(
    ("name", "words"),
    [("malformed.city.json", "line 1934 column 1"), ("geometry_templates.city.json", "has no building")],
)
def test_others_are_refused(shared_data: Path, name: str, words: str) -> None:
    with pytest.raises(SourceError, match=words):
        read_cityjson(shared_data / "citymodels" / name)


@pytest.mark.parametrize(("name", "code"), [("delft.city.json", 28992), ("zurich_subset_lod2.city.json", 2056)])
def test_real_buildings_go_out_valid_and_with_all_their_triangles(
    shared_data: Path, tmp_path: Path, name, code
) -> None:
    file, out = shared_data / "citymodels" / name, tmp_path / "out.city.json"
    model = read_cityjson(file)
    catalog = layers.catalog()

    with create_store(str(tmp_path / "county.gpkg"), crs=parse_crs(f"EPSG:{code}")) as store:
        import_model(store, catalog, file, model, assess_levels(model.levels), Order(author="survey"))
        done = export_buildings(store, catalog, out)

    assert break_schema(json.loads(out.read_bytes())) == []
    again = read_cityjson(out)
    shapes, back = model.elements["outcome"] == "shape", again.elements["outcome"] == "shape"
    assert done.modelled == done.buildings == (model.elements["class"] == "IfcBuilding").sum()
    assert sorted(again.elements.loc[back, "class"]) == sorted(model.elements.loc[shapes, "class"])
    # Triangles whose corners meet within a tenth of a millimetre are none.
    assert len(again.shapes.triangles) == pytest.approx(len(model.shapes.triangles), rel=1e-3)
    volumes = [np.nansum(measure_volumes(each.shapes)) for each in (model, again)]
    assert volumes[1] == pytest.approx(volumes[0], rel=2e-3)
