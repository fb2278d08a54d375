"""Every IFC file of the shared data comes into a twin, or is refused with a reason: as the documentation says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import shapely

import layers
from bim.georeference.choosing import assess_levels, declare_place
from bim.georeference.declared import Declaration
from bim.ifc.reading import read_ifc
from bim.importing import Order, import_model
from bim.packing import unpack_placed
from real_models import find_ifc
from twin.crs import parse_crs
from twin.errors import SourceError
from twin.expressions import compare
from twin.query import Query
from twin.stores import create_store

DOCS = Path(__file__).parents[2] / "docs" / "bim.md"
CATALOG = layers.catalog()
MODELS, ELEMENTS, BUILDINGS = (CATALOG.layer(name) for name in ("building_models", "building_elements", "buildings"))
SOMEWHERE = Declaration(name="place.toml", longitude_deg=118.4655, latitude_deg=35.5505, height_m=120.0, scale="true")


def read_table() -> dict[str, list[str]]:
    """What is told of each file: schema, elements, level, CIM; or why it is refused."""
    _, _, section = DOCS.read_text("utf-8").partition("### What is imported of real files")
    rows = [
        line.strip("| ").split("|") for line in section.partition("\n## ")[0].splitlines() if line.startswith("| `")
    ]
    return {name.strip(" `"): [cell.strip() for cell in cells] for name, *cells in rows}


TABLE = read_table()


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    with create_store(tmp_path_factory.mktemp("models") / "models.gpkg", crs=parse_crs("EPSG:4326")) as store:
        yield store


def test_the_table_has_every_file(shared_data):
    folder = shared_data / "ifc"
    assert set(TABLE) == {path.relative_to(folder).as_posix() for path in find_ifc(shared_data)}


@pytest.mark.parametrize("name", TABLE)
def test_a_file_is_imported_or_refused_as_the_documentation_says(shared_data, real_model, store, name):
    path = shared_data / "ifc" / name
    before = store.latest()
    if TABLE[name][0].startswith("refused"):
        with pytest.raises(SourceError) as refused:
            read_ifc(path)
        assert refused.value.detail.startswith(path.name)
        assert TABLE[name][0].removeprefix("refused: ") in refused.value.detail
        assert store.latest() == before
        return
    model = real_model(name)
    place = assess_levels(model.levels)
    if place.chosen is None:
        x, y, z = model.levels.typical_m
        place = declare_place(model.levels, replace(SOMEWHERE, anchor_m=(float(x), float(y), float(z))))

    imported = import_model(store, CATALOG, path, model, place, Order(author="li", model_id=name))

    told = (model.source.schema, f"{len(imported.added):,}", str(place.chosen.level or "declared"))
    assert [*told, str(imported.level.level)] == TABLE[name][:4]
    (row,) = store.read(MODELS, Query(ids=(name,))).data.to_dict("records")
    rows = store.read(ELEMENTS, Query(where=compare("model_id", "=", name))).data
    assert len(rows) == row["elements"] == len(model.elements)
    areas = rows.geometry.to_numpy()
    assert shapely.is_valid(areas[~shapely.is_missing(areas)]).all()
    # Heights and places are those of the shapes that are kept beside the rows.
    placed = unpack_placed(store.kept(row["placed"]))
    assert set(placed.element_ids) == set(rows.index)
    drawn = rows["bottom_m"].notna().to_numpy()
    assert drawn.sum() == row["shapes"]
    if drawn.any():
        points = np.concatenate([placed.shapes.place(each)[0] for each in range(len(placed.shapes.meshes))])
        heights = placed.locate(points, store.crs)[:, 2]
        assert rows["bottom_m"].min() == pytest.approx(heights.min(), abs=0.02)
        assert rows["top_m"].max() == pytest.approx(heights.max(), abs=0.02)
    again = import_model(store, CATALOG, path, model, place, Order(author="li", model_id=name))
    assert (again.added, again.changed, again.removed, again.revisions) == ((), (), (), {})
