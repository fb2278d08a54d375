"""Whole models: shapes with known volumes, what has none and why, and workers that hang, crash or eat memory."""

from __future__ import annotations

import contextlib
import random
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ifcopenshell.api.feature
import ifcopenshell.api.spatial
import ifcopenshell.api.style
import numpy as np
import pytest

from bim.georeference.choosing import assess_levels, require_place
from bim.ifc import supervising
from bim.ifc.reading import read_ifc
from bim.ifc.supervising import Limits
from bim.model import Model
from bim.placing import place_points
from bimplace_models import add_conversion
from bimread_models import add_block, add_storeys, empty_model, repeat_block, write_model
from twin.crs import parse_crs
from twin.errors import SourceError

api = ifcopenshell.api


def _volume_m3(model: Model, name: str) -> float:
    """By the divergence theorem: a sixth of the sum of the triple products of all triangles."""
    total = 0.0
    names = model.elements["name"].to_numpy()
    for instance, element in enumerate(model.shapes.elements):
        if names[element] == name:
            vertices, triangles = model.shapes.place(instance)
            a, b, c = (vertices[triangles[:, corner]] for corner in range(3))
            total += float(np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6)
    return total


def _outcomes(model: Model) -> dict[str, str]:
    return dict(zip(model.elements["name"], model.elements["outcome"], strict=True))


def _colour(
    file: Any, element: Any, rgb: tuple[float, float, float], transparency: float, name: str | None = "Glass"
) -> None:
    style = api.style.add_style(file, name=name)
    colour = {"Name": None, "Red": rgb[0], "Green": rgb[1], "Blue": rgb[2]}
    api.style.add_surface_style(
        file,
        style=style,
        ifc_class="IfcSurfaceStyleShading",
        attributes={"SurfaceColour": colour, "Transparency": transparency},
    )
    api.style.assign_representation_styles(
        file, shape_representation=element.Representation.Representations[0], styles=[style]
    )


@pytest.fixture(scope="module", params=[False, True], ids=["metres", "millimetres"])
def school(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Model:
    """A wall with a hole, a glass column, three equal desks and one without a shape."""
    file = empty_model("IFC4", milli=request.param)
    ground, upper = add_storeys(file, (0.0, 3.0))
    wall = add_block(file, "IfcWall", "Wall", size=(5.0, 0.3, 3.0), at=(10.0, 20.0, 3.0))
    hole = add_block(file, "IfcOpeningElement", "Hole", size=(1.0, 0.3, 1.2), at=(12.0, 20.0, 4.0))
    api.feature.add_feature(file, feature=hole, element=wall)
    column = add_block(file, "IfcColumn", "Column", size=(0.5, 0.5, 2.0), at=(0.0, 0.0, 0.0))
    _colour(file, column, (0.2, 0.4, 0.6), 0.75)
    hidden = add_block(file, "IfcFurniture", "Pattern", size=(1.0, 2.0, 0.5), at=(0.0, 0.0, 0.0))
    for number in range(3):
        desk = repeat_block(file, hidden, f"Desk {number}", at=(number * 3.0, 0.0, 0.0))
        api.spatial.assign_container(file, products=[desk], relating_structure=ground)
    hidden.Representation = None
    api.spatial.assign_container(file, products=[wall], relating_structure=upper)
    path = write_model(file, tmp_path_factory.mktemp("school") / "school.ifc")
    return read_ifc(path)


def test_the_volume_of_a_wall_is_that_of_its_block_without_its_hole(school: Model) -> None:
    assert _volume_m3(school, "Wall") == pytest.approx(5.0 * 0.3 * 3.0 - 1.0 * 0.3 * 1.2, abs=1e-9)
    assert _volume_m3(school, "Column") == pytest.approx(0.5, abs=1e-9)


def test_vertices_are_metres_where_the_placements_put_them(school: Model) -> None:
    wall = school.elements["name"].to_list().index("Wall")
    vertices, _ = school.shapes.place(school.shapes.elements.tolist().index(wall))
    assert vertices.min(axis=0) == pytest.approx([10.0, 20.0, 3.0], abs=1e-9)
    assert vertices.max(axis=0) == pytest.approx([15.0, 20.3, 6.0], abs=1e-9)
    assert vertices.dtype == np.float64


def test_what_is_repeated_is_one_mesh_with_several_places(school: Model) -> None:
    desks = [row for row, name in enumerate(school.elements["name"]) if name.startswith("Desk")]
    instances = [i for i, element in enumerate(school.shapes.elements) if element in desks]
    assert len(instances) == 3
    assert len({int(school.shapes.meshes[i]) for i in instances}) == 1
    west = sorted(float(school.shapes.place(i)[0][:, 0].min()) for i in instances)
    assert west == pytest.approx([0.0, 3.0, 6.0], abs=1e-9)


def test_a_surface_keeps_its_colour_and_its_transparency(school: Model) -> None:
    column = school.elements["name"].to_list().index("Column")
    mesh = school.shapes.meshes[school.shapes.elements.tolist().index(column)]
    surfaces = school.shapes.surfaces[school.shapes.triangle_offsets[mesh] : school.shapes.triangle_offsets[mesh + 1]]
    assert len(set(surfaces.tolist())) == 1
    assert school.shapes.looks[surfaces[0]] == pytest.approx([0.2, 0.4, 0.6, 0.25])


def test_surfaces_that_look_alike_are_one_look_with_the_name_that_the_file_gives_it(tmp_path: Path) -> None:
    file = empty_model("IFC4")
    for number, name in enumerate(("玻璃", None, None, "漆", "漆")):
        block = add_block(file, "IfcWall", f"Wall {number}", size=(1.0, 0.3, 3.0), at=(2.0 * number, 0.0, 0.0))
        _colour(file, block, (0.2, 0.4, 0.6), 0.75, name)
    add_block(file, "IfcWall", "plain", size=(1.0, 0.3, 3.0), at=(0.0, 9.0, 0.0))
    shapes = read_ifc(write_model(file, tmp_path / "walls.ifc")).shapes
    looks = list(zip(shapes.look_names, shapes.looks[:, 3].tolist(), strict=True))
    assert sorted(name for name, opacity in looks if opacity == 0.25) == ["", "漆", "玻璃"]
    assert {name for name, opacity in looks if opacity == 1.0} == {""}


def test_all_products_are_accounted_for(school: Model) -> None:
    counts = school.count_outcomes()
    assert int(counts.to_numpy().sum()) == len(school.elements) == 11
    assert counts.loc["IfcFurniture", "shape"] == 3
    assert counts.loc["IfcFurniture", "none"] == 1
    assert counts.loc["IfcBuildingStorey", "none"] == 2
    assert _outcomes(school)["Hole"] == "shape"


def test_the_world_coordinate_system_of_the_context_is_not_applied(tmp_path: Path) -> None:
    """It belongs to the placing of the model, which applies it once."""
    file = empty_model()
    add_block(file, "IfcWall", "Wall", size=(1.0, 1.0, 1.0), at=(2.0, 0.0, 0.0))
    context = file.by_type("IfcGeometricRepresentationContext", include_subtypes=False)[0]
    context.WorldCoordinateSystem.Location.Coordinates = (1000.0, 2000.0, 30.0)
    model = read_ifc(write_model(file, tmp_path / "moved.ifc"))
    assert model.shapes.place(0)[0].min(axis=0) == pytest.approx([2.0, 0.0, 0.0])


def test_large_coordinates_keep_their_tenths_of_millimetres(tmp_path: Path) -> None:
    file = empty_model(milli=True)
    add_block(file, "IfcWall", "Wall", size=(1.0, 1.0, 1.0), at=(632885.3851, 3936656.6952, 120.5))
    model = read_ifc(write_model(file, tmp_path / "far.ifc"))
    assert model.shapes.place(0)[0].min(axis=0) == pytest.approx([632885.3851, 3936656.6952, 120.5], abs=1e-6)


@pytest.mark.parametrize(("milli", "scale"), [(False, 1.0), (True, 0.001)])
def test_a_corner_stands_where_the_worked_example_of_the_standard_puts_it(
    tmp_path: Path, milli: bool, scale: float
) -> None:
    """Read in another process, drawn, placed: to a millimetre."""
    file = empty_model(milli=milli)
    add_storeys(file, (0.0,))
    add_block(file, "IfcWall", "Wall", size=(1.0, 1.0, 1.0), at=(10.0, 5.0, 3.0))
    add_conversion(file, Scale=scale)
    model = read_ifc(write_model(file, tmp_path / "placed.ifc"))
    vertices, _ = model.shapes.place(0)
    corner = vertices[np.isclose(vertices, [10.0, 5.0, 3.0]).all(axis=1)]
    georeference = require_place(assess_levels(model.levels), "placed.ifc")
    placed = place_points(corner, georeference, parse_crs("EPSG:4548"))
    assert placed == pytest.approx(np.array([[632891.545254, 3936666.025127, 123.5]]), abs=1e-3)


_SPOILED = """
import os, signal, time
import bim.ifc.worker as worker
draw = worker.Pen.draw
def spoiled(pen, element, scale):
    if element.name == "Bad":
        {what}
    draw(pen, element, scale)
worker.Pen.draw = spoiled
worker.main()
"""


@pytest.fixture
def spoil(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], Path]:
    """A model of five columns and a worker that does something when it comes to the one called Bad."""
    file = empty_model()
    for name in ("A", "B", "Bad", "C", "D"):
        add_block(file, "IfcColumn", name, size=(1.0, 1.0, 1.0), at=(0.0, 0.0, 0.0))
    path = write_model(file, tmp_path / "spoiled.ifc")
    room = tmp_path / "room"
    room.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(room))

    def give(what: str) -> Path:
        monkeypatch.setattr(supervising, "WORKER", (sys.executable, "-c", _SPOILED.format(what=what)))
        return path

    return give


@pytest.mark.parametrize(
    ("what", "why"),
    [
        ("time.sleep(1000)", "its shape was not done in 6 s"),
        ("os.kill(os.getpid(), signal.SIGSEGV)", "the geometry kernel crashed (SIGSEGV)"),
        ("raise RuntimeError('tangled')", "the kernel failed: RuntimeError: tangled"),
        ("raise MemoryError", "more memory is needed than the limit"),
    ],
)
def test_an_element_that_stops_the_worker_is_named_and_the_others_come(
    spoil: Callable[[str], Path], what: str, why: str
) -> None:
    model = read_ifc(spoil(what), limits=Limits(product_s=6.0))
    assert _outcomes(model) == {"A": "shape", "B": "shape", "Bad": "failed", "C": "shape", "D": "shape"}
    assert why in model.elements.set_index("name").loc["Bad", "why"]
    assert len(model.shapes.elements) == 4
    assert list(Path(tempfile.gettempdir()).iterdir()) == []


_SPOILED_EARLY = """
import os, time
import bim.ifc.worker as worker
start, write = worker._Kernel.__init__, worker.write_tables
written = []
def spoiled(kernel, *of):
    if not written:
        {what}
    start(kernel, *of)
def told(*of, **more):
    write(*of, **more)
    written.append(True)
worker._Kernel.__init__, worker.write_tables = spoiled, told
worker.main()
"""


@pytest.mark.parametrize("what", ["time.sleep(1000)", "os.abort()", "raise MemoryError"])
def test_a_kernel_that_stops_before_the_tables_are_read_is_started_after_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, what: str
) -> None:
    file = empty_model()
    add_block(file, "IfcColumn", "A", size=(1.0, 1.0, 1.0), at=(0.0, 0.0, 0.0))
    path = write_model(file, tmp_path / "spoiled.ifc")
    monkeypatch.setattr(supervising, "WORKER", (sys.executable, "-c", _SPOILED_EARLY.format(what=what)))
    model = read_ifc(path, limits=Limits(product_s=3.0))
    assert _outcomes(model) == {"A": "shape"}
    assert len(model.shapes.elements) == 1


def test_what_is_not_reached_in_the_time_of_the_file_is_named(spoil: Callable[[str], Path]) -> None:
    path = spoil("time.sleep(1000)")
    model = read_ifc(path, limits=Limits(product_s=100.0, file_s=8.0, threads=1))
    outcomes = _outcomes(model)
    assert outcomes["Bad"] == "unreached"
    assert set(outcomes.values()) <= {"shape", "unreached"}
    assert model.elements.set_index("name").loc["Bad", "why"] == "the time for the file was over"


def test_a_worker_that_dies_while_it_parses_refuses_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(supervising, "WORKER", (sys.executable, "-c", "import os; os.abort()"))
    path = write_model(empty_model(), tmp_path / "model.ifc")
    with pytest.raises(SourceError, match=r"model\.ifc cannot be read: the geometry kernel crashed \(SIGABRT\)"):
        read_ifc(path)


def test_the_limit_of_memory_holds(tmp_path: Path) -> None:
    path = write_model(empty_model(), tmp_path / "model.ifc")
    with pytest.raises(SourceError, match="cannot be read: "):
        read_ifc(path, limits=Limits(memory_bytes=64 * 2**20))


def _damage(text: bytes, luck: random.Random) -> bytes:
    """Cut a file off, flip bits, or take bytes out."""
    damaged = bytearray(text)
    at = luck.randrange(len(text))
    match luck.randrange(3):
        case 0:
            del damaged[at:]
        case 1:
            for _ in range(luck.choice((1, 5, 50))):
                damaged[luck.randrange(len(text))] ^= 1 << luck.randrange(8)
        case _:
            del damaged[at : at + luck.choice((1, 10, 200))]
    return bytes(damaged)


@pytest.mark.parametrize("seed", range(6))
def test_damaged_files_are_read_or_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    file = empty_model()
    add_storeys(file, (0.0, 3.0))
    for number in range(3):
        add_block(file, "IfcWall", f"Wall {number}", size=(5.0, 0.3, 3.0), at=(0.0, float(number), 0.0))
    path = tmp_path / "damaged.ifc"
    path.write_bytes(_damage(file.to_string().encode(), random.Random(seed)))
    room = tmp_path / "room"
    room.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(room))
    with contextlib.suppress(SourceError):
        model = read_ifc(path, limits=Limits(product_s=5.0, file_s=30.0))
        assert int(model.count_outcomes().to_numpy().sum()) == len(model.elements)
    assert list(room.iterdir()) == []
