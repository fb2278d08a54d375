"""What is compared: elements of models that stand near one another, pipes and buildings there, in one plane."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from bim.clash.bodies import Bodies, Flags, Floats, Numbers
from bim.packing import unpack_placed
from bim.placed import Placed
from twin.analysis import Kept
from twin.crs import CRS, CRS84, BBox, metric_plane, reproject, transform
from twin.earth import Place, place_on_ellipsoid
from twin.extrude import extrude, triangulate
from twin.frame import Frame
from twin.solids import Blocks, End, Solids, Sweeps
from twin.sweep import sweep

if TYPE_CHECKING:
    import pandas as pd

Names = npt.NDArray[np.object_]
Mesh = tuple[Floats, Numbers]

#: How far the outlines of models are trusted.
_MARGIN_M = 1.0
#: Sides of round pipes: their walls are at most half a hundredth of the radius within those of the pipe.
_SIDES = 32
#: What stands in others by design.
EMBEDDED = frozenset(
    f"Ifc{name}"
    for name in (
        *("ReinforcingBar", "ReinforcingMesh", "Tendon", "TendonAnchor", "TendonConduit"),
        *("Fastener", "MechanicalFastener"),
    )
)


@dataclass(frozen=True, kw_only=True, eq=False)
class Scene:
    """Bodies that are compared with one another, and what they are.

    Parameters
    ----------
    base
        The model in whose plane they stand.
    bodies
        The n bodies.
    layers, keys
        (n,) the feature that each is.
    models
        (n,) the model of each element; None of others.
    """

    base: Placed
    bodies: Bodies
    layers: Names
    keys: Names
    models: Names


def group_models(models: Frame, wanted: Flags, *, reach_m: float) -> list[Numbers]:
    """Return positions of models that stand near enough to one another to be compared, each group with a wanted one.

    Parameters
    ----------
    models
        Rows of `building_models`.
    wanted
        Which of them are asked for.
    reach_m
        How near is near.
    """
    outlines = models.geometry
    shown = np.flatnonzero(~shapely.is_missing(outlines) & ~shapely.is_empty(outlines) & models.data["placed"].notna())
    if not len(shown):
        return []
    boxes = _boxes_of(outlines[shown], models.crs, reach_m / 2 + _MARGIN_M)
    one, other = shapely.STRtree(boxes).query(boxes, predicate="intersects")
    _, group = connected_components(coo_array((np.ones(len(one)), (one, other)), shape=(len(shown),) * 2))
    return [shown[group == number] for number in np.unique(group[wanted[shown]])]


def gather_scene(
    models: Frame, rows: Numbers, elements: pd.DataFrame, others: Sequence[Frame], kept: Kept, *, reach_m: float
) -> Scene:
    """Bring the elements of some models, and what is near them, into one plane.

    Parameters
    ----------
    models, rows
        Rows of `building_models`, and the positions of those that stand together.
    elements
        Rows of `building_elements` that are compared, by their keys.
    others
        Layers with solids.
    kept
        Gives the shapes of models.
    reach_m
        How near others are to the outlines of the models.
    """
    ids = models.data.index[rows]
    placed = [unpack_placed(kept(digest)) for digest in models.data["placed"].iloc[rows]]
    base, place = placed[0], place_of(placed[0], models.crs)
    meshes: list[Mesh] = []
    layers: list[str] = []
    keys: list[str] = []
    owners: list[str | None] = []
    for model_id, each in zip(ids, placed, strict=True):
        of_model = elements.index[elements["model_id"] == model_id]
        bodies = _bodies_of(each, set(of_model), place_of(each, models.crs), place)
        meshes += bodies.values()
        keys += bodies
        layers += ["building_elements"] * len(bodies)
        owners += [model_id] * len(bodies)
    for frame in others:
        near, solids = _solids_near(frame, models, rows, place, reach_m)
        drawn = _draw(solids)
        meshes += drawn
        keys += [str(near[row]) for row in solids.rows]
        layers += [frame.layer.id] * len(drawn)
        owners += [None] * len(drawn)
    return Scene(
        base=base,
        bodies=Bodies.of(meshes),
        layers=np.array(layers, dtype=object),
        keys=np.array(keys, dtype=object),
        models=np.array(owners, dtype=object),
    )


def place_of(placed: Placed, crs: CRS) -> Place:
    """The place of a model on the ellipsoid, given the storage CRS."""
    x, y, height_m = placed.origin
    lon, lat = transform(np.array([x]), np.array([y]), crs, CRS84)
    return Place(lon=float(lon[0]), lat=float(lat[0]), height_m=height_m)


def _bodies_of(placed: Placed, wanted: set[str], own: Place, place: Place) -> dict[str, Mesh]:
    """Vertices and triangles of each element, all its instances, in the plane at a place."""
    parts: dict[str, list[Mesh]] = {}
    for instance, element in enumerate(placed.shapes.elements.tolist()):
        if (name := placed.element_ids[element]) in wanted:
            points, corners = placed.shapes.place(instance)
            moved = points if own == place else place.to_local(own.to_geocentric(points))
            parts.setdefault(name, []).append((moved, corners.astype(np.int64)))
    return {name: join_meshes(each) for name, each in parts.items()}


def join_meshes(parts: Sequence[Mesh]) -> Mesh:
    """Vertices and triangles of several meshes as those of one."""
    starts = np.cumsum([0, *(len(points) for points, _ in parts)])
    points = np.concatenate([points for points, _ in parts])
    return points, np.concatenate([corners + start for (_, corners), start in zip(parts, starts, strict=False)])


def _boxes_of(geometries: Names, crs: CRS, grown_m: float) -> Names:
    """Boxes around geometries in metres, grown; lengths of the plane of a county are true to some per mille."""
    plane = metric_plane(crs, BBox.around(geometries))
    west, south, east, north = shapely.bounds(reproject(geometries, crs, plane)).T
    boxes: Names = shapely.box(west - grown_m, south - grown_m, east + grown_m, north + grown_m)
    return boxes


def _solids_near(frame: Frame, models: Frame, rows: Numbers, place: Place, reach_m: float) -> tuple[pd.Index, Solids]:
    """Keys of the features near some models, and their solids in the plane at a place."""
    assert frame.layer.solids is not None
    around = np.array([shapely.union_all(shapely.envelope(models.geometry[rows]))])
    plane = metric_plane(models.crs, BBox.around(around))
    (box,) = reproject(_boxes_of(around, models.crs, reach_m), plane, models.crs)
    near = frame.data.iloc[np.flatnonzero(shapely.intersects(shapely.envelope(frame.geometry), box))]
    # Solids are made in metres: sizes and what counts as the same place are given in them.
    data = near.set_geometry(reproject(near.geometry.to_numpy(), frame.crs, plane), crs=plane)
    solids = frame.layer.solids(data)
    if isinstance(solids, Blocks) and "foundation_depth_m" in data:
        depths_m = data["foundation_depth_m"].to_numpy(dtype=float, na_value=0.0)[solids.rows]
        down = np.zeros_like(solids.bottoms)
        down[:, 2] = np.nan_to_num(depths_m)[solids.owners]
        solids = replace(solids, bottoms=solids.bottoms - down)

    def to_place(points: Floats) -> Floats:
        lon, lat = transform(points[:, 0], points[:, 1], plane, CRS84)
        return place.to_local(place_on_ellipsoid(lon, lat, points[:, 2]))

    return data.index, solids.move(to_place)


def _draw(solids: Solids) -> list[Mesh]:
    """Closed surfaces of solids in a plane, one after the other."""
    if not len(solids):
        return []
    if isinstance(solids, Sweeps):
        closed = np.where(solids.ends == End.OPEN, np.uint8(End.FLAT), solids.ends)
        mesh = sweep(replace(solids, ends=closed), sides=_SIDES)
        points, owners, corners = mesh.points, mesh.owners, mesh.corners.reshape(-1, 3)
    else:
        mesh = extrude(solids)
        below = triangulate(solids).reshape(-1, 3)[:, ::-1] + len(mesh.points)
        points = np.concatenate([mesh.points, solids.bottoms])
        owners = np.concatenate([mesh.owners, solids.owners])
        corners = np.concatenate([mesh.corners.reshape(-1, 3), below])
    return list(_split(points, owners, corners, len(solids)))


def _split(points: Floats, owners: Numbers, corners: Numbers, count: int) -> Iterator[Mesh]:
    """Give each owner its own vertices and triangles."""
    in_turn = np.argsort(owners, kind="stable")
    starts = np.searchsorted(owners[in_turn], np.arange(count + 1))
    number = np.empty(len(owners), np.int64)
    number[in_turn] = np.arange(len(owners))
    turned = np.argsort(owners[corners[:, 0]], kind="stable")
    corners = number[corners[turned]]
    firsts = np.searchsorted(owners[in_turn][corners[:, 0]], np.arange(count + 1))
    for owner in range(count):
        yield (
            points[in_turn[starts[owner] : starts[owner + 1]]],
            corners[firsts[owner] : firsts[owner + 1]] - starts[owner],
        )
