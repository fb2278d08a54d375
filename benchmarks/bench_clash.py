"""Clashes of models, beside the bare tree of ifcopenshell, and beside Manifold over all pairs whose boxes meet.

All three get the same triangles in the same process. The bare tree answers its own question, how far one element
reaches into another (`clash_intersection_many`): fewer pairs, other numbers. Manifold alone finds the same pairs.
"""

from __future__ import annotations

import os
import sys
import time
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import ifcopenshell
import ifcopenshell.geom
import numpy as np
import shapely

from bim.clash.bodies import Bodies
from bim.clash.closing import make_solid
from bim.clash.gathering import join_meshes
from bim.clash.measuring import find_meetings, make_element, measure_overlap, share_room
from bim.ifc.reading import read_ifc
from bim.rows import kind_of
from sample_gis import generate
from sample_gis.models.models import author_models, write_models

DATA = Path(os.environ.get("TWIN_SHARED_DATA", Path(__file__).parents[2] / "shared" / "data")) / "ifc"
REAL = ("building/AC20-FZK-Haus.ifc", "building/duplex_georeferenced_ifc2x3.ifc")
REAL += ("structure/schependomlaan_V_L_Constructief.ifc",)
TOLERANCE_M = 0.01


def read_bodies(path: Path) -> Bodies:
    """The elements of a file."""
    model = read_ifc(path)
    parts: dict[int, list] = {}
    for instance, element in enumerate(model.shapes.elements.tolist()):
        if kind_of(model.elements["class"].iloc[element]) == "element":
            points, corners = model.shapes.place(instance)
            parts.setdefault(element, []).append((points, corners.astype(np.int64)))
    return Bodies.of([join_meshes(each) for each in parts.values()])


def turn(bodies: Bodies) -> Bodies:
    """The same, standing across the axes: boxes around walls become squares."""
    half = np.sqrt(0.5)
    vertices = bodies.vertices @ np.array([[half, half, 0], [-half, half, 0], [0, 0, 1]])
    return replace(bodies, vertices=vertices)


def measure_ours(bodies: Bodies) -> set[tuple[int, int]]:
    """What the analysis does with them."""
    everything, nothing = np.ones(len(bodies), bool), np.zeros((0, 2), np.int64)
    found = find_meetings(bodies, everything, everything, nothing, tolerance_m=TOLERANCE_M, clearance_m=0.0)
    return set(zip(found.first.tolist(), found.second.tolist(), strict=True))


def ask_tree(bodies: Bodies) -> set[tuple[int, int]]:
    """The bare tree."""
    tree = ifcopenshell.geom.tree(backend="opencascade.trianglebvh")
    file = ifcopenshell.file(schema="IFC4")
    products = []
    for body in range(len(bodies)):
        products.append(file.create_entity("IfcBuildingElementProxy", GlobalId=ifcopenshell.guid.new()))
        tree.add_element(make_element(products[-1], *bodies.mesh(body)))
    found = tree.clash_intersection_many(products, products, tolerance=TOLERANCE_M, check_all=True)
    number = {product.id(): body for body, product in enumerate(products)}
    return {tuple(sorted((number[each.a.id()], number[each.b.id()]))) for each in found}


def try_all(bodies: Bodies) -> set[tuple[int, int]]:
    """Manifold for all pairs whose boxes meet."""
    boxes = bodies.boxes
    plans = shapely.box(boxes[:, 0], boxes[:, 1], boxes[:, 3], boxes[:, 4])
    solids: dict[int, object] = {}
    found = set()
    for one, other in zip(*(part.tolist() for part in shapely.STRtree(plans).query(plans)), strict=True):
        if one < other and measure_overlap(boxes[one], boxes[other]) > TOLERANCE_M:
            for body in (one, other):
                if body not in solids:
                    solids[body] = make_solid(*bodies.mesh(body))
            if share_room(solids[one], solids[other], TOLERANCE_M)[0] > TOLERANCE_M:
                found.add((one, other))
    return found


def compare(name: str, bodies: Bodies) -> str:
    """A row of the table; seconds are of processors."""
    told = []
    for way in (measure_ours, ask_tree, try_all):
        began = time.process_time()
        told.append((len(way(bodies)), time.process_time() - began))
    (pairs, seconds), (by_tree, tree_s), (by_boxes, boxes_s) = told
    return (
        f"| {name} | {len(bodies):,} | {pairs} | {seconds:.2f} "
        f"| {by_tree} | {seconds / tree_s:.2f} | {by_boxes} | {seconds / boxes_s:.2f} |"
    )


def main(words: list[str]) -> None:
    """Print a row for each model."""
    with TemporaryDirectory() as folder:
        models = author_models(generate())
        write_models(models, Path(folder))
        files = [Path(folder, f"{model.name}.ifc") for model in models] + [DATA / name for name in REAL]
        print("| model | elements | pairs | s | bare tree: pairs | ratio | Manifold over boxes: pairs | ratio |")
        print("|---|---|---|---|---|---|---|---|")
        for path in files:
            if path.exists() and (not words or any(word in path.name for word in words)):
                bodies = read_bodies(path)
                print(compare(path.name, bodies), flush=True)
                print(compare(f"{path.name}, turned by 45°", turn(bodies)), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
