"""Every IFC of the shared data is read or refused with a reason; its products are as many as its text says."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from bim.ifc.elements import read_products
from bim.ifc.matter import read_classifications, read_materials
from bim.ifc.opening import open_ifc
from bim.ifc.properties import read_properties
from bim.ifc.units import read_units
from bim.model import Model
from twin.errors import SourceError

_DATA = Path(os.environ.get("TWIN_SHARED_DATA", Path(__file__).parents[3] / "shared" / "data")) / "ifc"
_DOCS = Path(__file__).parents[2] / "docs" / "bim.md"
_FILES = sorted(path for path in _DATA.rglob("*.*") if path.suffix.lower() in (".ifc", ".ifczip", ".ifcxml"))

#: Files that are refused, and what is said.
_REFUSED = {
    "4walls1floorSite.ifcxml": "ifcXML cannot be read; save it as .ifc",
    "drainage_system_2_rc.ifc": "IFC4X3_RC3, and cannot be read as IFC4X3_ADD2",
    "errorfile.ifc": "is damaged: only 7 instances of it can be read",
    "georeferencing_tin_12d_1_rc.ifc": "'IFCSOLIDSTRATUM' not found in schema",
    "no_header.ifc": "has no header",
    "syntax_error.ifc": "Unexpected ':' at offset 5669; export it anew",
}

#: Shapes and their vertices, as counted when the files were gathered.
_SHAPES = {
    "IfcOpenHouse_IFC4.ifc": (39, 667),
    "doubleguids.ifc": (21, 1492),
    "geographic-referencing-utm.ifc": (1, 9),
    "prague_block_from_citygml.ifc": (633, 2893),
    "revit2013_japanese_unicode.ifc": (24, 850),
    "staal.ifczip": (78, 1698),
    "wall_door_column_ifc4x3_feet.ifc": (4, 990),
}


_SECTION = _DOCS.read_text("utf-8").partition("### What is read of real files")[2].partition("\n## ")[0]
#: Files by their row in the documentation: schema, products, shape, none, empty, failed, meshes.
_TOLD = {
    row[0].strip("`"): tuple(row[1:])
    for row in ([cell.strip() for cell in line.strip("| ").split("|")] for line in _SECTION.splitlines())
    if len(row) == 8 and row[0].startswith("`")
}

#: A file by its place among the models.
Read = Callable[[str], Model]

_OUTCOMES = ("shape", "none", "empty", "failed")


def _id(path: Path) -> str:
    return path.name


@pytest.mark.parametrize("path", _FILES or [pytest.param(None, marks=pytest.mark.needs("shared_data"))], ids=_id)
def test_what_is_said_of_every_product_is_read_or_the_file_is_refused(path: Path) -> None:
    if path.name in _REFUSED:
        with pytest.raises(SourceError, match=re.escape(_REFUSED[path.name])):
            open_ifc(path)
        return
    opened = open_ifc(path)
    units = read_units(opened.file)
    products = read_products(opened.file, units)
    elements = products.table.to_pandas()
    assert 1e-4 < units.length_m < 1.0 or units.length_m == 1.0
    assert elements["element_id"].is_unique
    if path.parent.parent == _DATA:
        assert (opened.read_as, str(len(elements))) == _TOLD[f"{path.parent.name}/{path.name}"][:2]
    if path.suffix == ".ifc":
        text = path.read_text("latin-1")
        for kind in ("IfcBuildingStorey", "IfcSpace", "IfcWallStandardCase", "IfcColumn", "IfcDoor", "IfcWindow"):
            written = len(re.findall(rf"=\s*{kind.upper()}\s*\(", text))
            assert (kind, int((elements["class"] == kind).sum())) == (kind, written)
    for table in (read_properties(opened.file, products, units), read_materials(opened.file, products, units)):
        of_type = table["of_type"].to_numpy()
        assert (table["row"].to_numpy()[~of_type] < len(elements)).all()
        assert (table["row"].to_numpy()[of_type] < len(products.types)).all()
    assert read_classifications(opened.file, products).num_columns == 6


@pytest.mark.parametrize(("name", "counts"), _SHAPES.items(), ids=_SHAPES)
def test_shapes_are_as_many_as_others_counted(real_model: Read, name: str, counts: tuple[int, int]) -> None:
    (path,) = _DATA.rglob(name)
    model = real_model(path.relative_to(_DATA).as_posix())
    shapes = model.shapes
    assert (len(shapes.elements), sum(len(shapes.place(row)[0]) for row in range(len(shapes.elements)))) == counts
    told = _TOLD[f"{path.parent.name}/{name}"][2:]
    outcomes = model.elements["outcome"].value_counts()
    assert (*(str(outcomes.get(each, 0)) for each in _OUTCOMES), str(len(set(shapes.meshes.tolist())))) == told


def test_a_house_of_many_members_has_all_its_shapes(real_model: Read) -> None:
    """127 products, 121 with a representation, 107 with a shape of 12,484 vertices; the others are 14 annotations."""
    model = real_model("building/AC20-FZK-Haus.ifc")
    shapes = model.shapes
    assert model.elements["outcome"].value_counts().to_dict() == {"shape": 107, "empty": 14, "none": 6}
    assert sum(len(shapes.place(row)[0]) for row in range(len(shapes.elements))) == 12484
    assert len(set(shapes.meshes.tolist())) == 64
    assert set(model.elements["class"][model.elements["outcome"] == "empty"]) == {"IfcAnnotation"}


def test_shapes_that_vanish_without_an_error_are_told(real_model: Read) -> None:
    """25 columns stand on a grid, which the kernel does not know; the grid itself is lines."""
    model = real_model("awkward/grid_placement_no_shapes.ifc")
    counts = model.count_outcomes()
    assert counts.loc["IfcColumn", "failed"] == 25
    assert counts.loc["IfcGrid", "empty"] == 1
    reasons = set(model.elements["why"][model.elements["outcome"] == "failed"])
    assert reasons == {"Unexpected topology (Body (SweptSolid), placed by IfcGridPlacement)"}


def test_elements_that_never_end_are_named(real_model: Read) -> None:
    model = real_model("awkward/hang_fixed_reference_sweptarea.ifc")
    failed = model.elements[model.elements["outcome"] == "failed"]
    assert failed["step"].to_list() == [49, 97, 144]
    assert set(failed["why"]) == {"its shape was not done in 4 s (? (?))"}


def test_units_that_the_kernel_cannot_read_cost_the_shapes_and_are_told(real_model: Read) -> None:
    model = real_model("awkward/twin_branch_unit_error.ifc")
    assert model.elements["outcome"].value_counts().to_dict() == {"failed": 5, "none": 2}
    assert "unit information" in model.elements["why"].dropna().iloc[0]
