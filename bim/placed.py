"""A model in the county: its shapes in true metres around a place, and how they come there."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from bim.georeference.georeference import Georeference
from bim.model import Model, Shapes
from bim.placing import place_points
from twin.crs import CRS, CRS84, find_way
from twin.earth import axes_at, place_on_ellipsoid
from twin.plane import lift_from_plane

Floats = npt.NDArray[np.float64]

#: A mesh of this size, moved and turned as a whole, is nowhere farther than a tenth of a millimetre from where each of
#: its vertices would come: the earth bends away from a plane by d² / 2R.
_LARGEST_WHOLE_M = 50.0
#: A model that stands farther from its anchor gets another origin.
_FAR_M = 2000.0
#: So many vertices are moved at a time.
_MOST_AT_ONCE = 500_000


@dataclass(frozen=True, kw_only=True, eq=False)
class Placed:
    """Shapes of a model in the plane that touches the ellipsoid of WGS 84 at a place, as scenes on a globe have it.

    Parameters
    ----------
    origin
        The place: x and y in the storage CRS, height in metres above the vertical datum.
    shapes
        Their transforms lead to metres true east, true north and up from the place; `elements` are positions in
        `element_ids`.
    element_ids
        What the shapes belong to: keys of building elements.
    """

    origin: tuple[float, float, float]
    shapes: Shapes
    element_ids: tuple[str, ...]

    def locate(self, offsets_m: Floats, storage: CRS, *, geoid_offset_m: float = 0.0) -> Floats:
        """Return (n, 3) x, y in the storage CRS and heights of points given in the plane, metres."""
        x, y, height_m = self.origin
        lon, lat = find_way(storage, CRS84)(np.array([x]), np.array([y]))
        up_m = height_m + geoid_offset_m
        lons, lats, heights = lift_from_plane(
            np.asarray(offsets_m, dtype=np.float64), lon=float(lon[0]), lat=float(lat[0]), height_m=up_m, crs=CRS84
        )
        return np.column_stack((*find_way(CRS84, storage)(lons, lats), heights - geoid_offset_m))

    def offset_of(self, other: Placed, storage: CRS) -> Floats:
        """Where another model's place is: metres true east and north of this one."""
        x, y = np.array([[self.origin[0], other.origin[0]], [self.origin[1], other.origin[1]]])
        lon, lat = find_way(storage, CRS84)(x, y)
        here, there = place_on_ellipsoid(lon, lat, np.full(2, self.origin[2]))
        offset: Floats = (axes_at(float(lon[0]), float(lat[0])) @ (there - here))[:2]
        return offset

    @cached_property
    def bounds_m(self) -> Floats:
        """(s, 2, 3) least and greatest coordinates of each instance, metres from the place."""
        shapes = self.shapes
        starts, counts = shapes.vertex_offsets[shapes.meshes], np.diff(shapes.vertex_offsets)[shapes.meshes]
        bounds = np.zeros((len(counts), 2, 3))
        there = np.flatnonzero(counts)
        for some in np.split(there, np.flatnonzero(np.diff(np.cumsum(counts[there]) // _MOST_AT_ONCE)) + 1):
            if not len(some):
                continue
            owners = np.repeat(some, counts[some])
            begins = np.cumsum(counts[some]) - counts[some]
            numbers = np.arange(len(owners)) + np.repeat(starts[some] - begins, counts[some])
            points = np.einsum("nij,nj->ni", shapes.transforms[owners, :3, :3], shapes.vertices[numbers])
            points += shapes.transforms[owners, :3, 3]
            bounds[some, 0] = np.minimum.reduceat(points, begins)
            bounds[some, 1] = np.maximum.reduceat(points, begins)
        return bounds


def place_model(
    model: Model, by: Georeference, storage: CRS, element_ids: tuple[str, ...], *, geoid_offset_m: float = 0.0
) -> Placed:
    """Bring the shapes of a model into the county, each vertex to a tenth of a millimetre.

    A mesh that is small keeps its instances, each with a transform of its own; of a larger one every vertex is placed
    by itself, since grids and the earth bend. What a transform would mirror gets a mesh of its own too, so that
    triangles are counter-clockwise from outside everywhere.

    Parameters
    ----------
    model
        The model, in metres of its project.
    by
        What places it.
    storage
        The CRS of the county.
    element_ids
        Keys of the elements, as many as the model has.
    geoid_offset_m
        Height of the vertical datum above the ellipsoid there; see `bim.placing`.

    Raises
    ------
    CrsError
        A point has no place in the storage CRS.
    """
    shapes = _centred(_in_order(model.shapes))
    origin = _origin_of(shapes, by, storage, geoid_offset_m)
    plane = _Plane(origin=origin, by=by, storage=storage, geoid_offset_m=geoid_offset_m)
    sizes = _sizes_of(shapes)
    volumes = np.linalg.det(shapes.transforms[:, :3, :3])
    whole = (sizes[shapes.meshes] * np.cbrt(np.abs(volumes)) <= _LARGEST_WHOLE_M) & (volumes > 0)
    transforms = shapes.transforms.copy()
    transforms[whole] = plane.follow(shapes.transforms[whole], sizes[shapes.meshes[whole]])
    placed = replace(shapes, transforms=transforms)
    return Placed(
        origin=origin, shapes=placed if whole.all() else _baked(placed, shapes, whole, plane), element_ids=element_ids
    )


@dataclass(frozen=True, kw_only=True)
class _Plane:
    """From the metres of a project to the plane at a place of the county."""

    origin: tuple[float, float, float]
    by: Georeference
    storage: CRS
    geoid_offset_m: float

    def reach(self, points_m: Floats) -> Floats:
        """(n, 3) offsets in the plane of n points of the project."""
        placed = place_points(points_m, self.by, self.storage, geoid_offset_m=self.geoid_offset_m)
        lon, lat = find_way(self.storage, CRS84)(placed[:, 0], placed[:, 1])
        on_globe = place_on_ellipsoid(lon, lat, placed[:, 2] + self.geoid_offset_m)
        out: Floats = (on_globe - self._origin_on_globe) @ self._axes.T
        return out

    def follow(self, transforms: Floats, sizes: Floats) -> Floats:
        """Transforms to the plane, of as many to the project: where the middle and three points around it come."""
        arms = np.maximum(sizes, 1.0) / 2
        corners = np.concatenate([np.zeros((1, 3)), np.eye(3)])[None] * arms[:, None, None]
        homogeneous = np.concatenate([corners, np.ones((*corners.shape[:2], 1))], axis=2)
        in_project = np.einsum("sij,skj->ski", transforms, homogeneous)[..., :3]
        middle, *ends = np.moveaxis(self.reach(in_project.reshape(-1, 3)).reshape(-1, 4, 3), 1, 0)
        out = np.tile(np.eye(4), (len(transforms), 1, 1))
        out[:, :3, :3] = np.stack([(end - middle) / arms[:, None] for end in ends], axis=2)
        out[:, :3, 3] = middle
        return out

    @cached_property
    def _lon_lat(self) -> tuple[float, float]:
        lon, lat = find_way(self.storage, CRS84)(np.array([self.origin[0]]), np.array([self.origin[1]]))
        return float(lon[0]), float(lat[0])

    @cached_property
    def _origin_on_globe(self) -> Floats:
        lon, lat = self._lon_lat
        return place_on_ellipsoid(np.array(lon), np.array(lat), np.array(self.origin[2] + self.geoid_offset_m))

    @cached_property
    def _axes(self) -> Floats:
        return axes_at(*self._lon_lat)


def _in_order(shapes: Shapes) -> Shapes:
    """The same shapes in the order of the elements: a file that is read by several processes gives them in any."""
    sizes = np.diff(shapes.vertex_offsets)[shapes.meshes]
    order = np.lexsort((*shapes.transforms[:, :3, 3].T, sizes, shapes.elements))
    used, first, number_of = np.unique(shapes.meshes[order], return_index=True, return_inverse=True)
    rank = np.argsort(np.argsort(first))
    meshes = used[np.argsort(first)]
    vertices = [slice(*shapes.vertex_offsets[mesh : mesh + 2]) for mesh in meshes]
    triangles = [slice(*shapes.triangle_offsets[mesh : mesh + 2]) for mesh in meshes]
    surfaces = np.concatenate([shapes.surfaces[part] for part in triangles]) if len(meshes) else shapes.surfaces[:0]
    looks, looked, look_of = np.unique(surfaces, return_index=True, return_inverse=True)
    in_turn = np.argsort(looked)
    return replace(
        shapes,
        vertices=np.concatenate([shapes.vertices[:0], *(shapes.vertices[part] for part in vertices)]),
        triangles=np.concatenate([shapes.triangles[:0], *(shapes.triangles[part] for part in triangles)]),
        surfaces=np.argsort(in_turn)[look_of].astype(np.int32),
        vertex_offsets=np.cumsum([0, *(part.stop - part.start for part in vertices)]),
        triangle_offsets=np.cumsum([0, *(part.stop - part.start for part in triangles)]),
        looks=shapes.looks[looks[in_turn]],
        look_names=tuple(shapes.look_names[look] for look in looks[in_turn]),
        elements=shapes.elements[order],
        meshes=rank[number_of].astype(np.int32),
        transforms=shapes.transforms[order],
    )


def _centred(shapes: Shapes) -> Shapes:
    """The same shapes with each mesh around its own middle, so that no digits are lost far from zero."""
    vertices = shapes.vertices.copy()
    middles = np.zeros((len(shapes.vertex_offsets) - 1, 3))
    for mesh, (start, stop) in enumerate(zip(shapes.vertex_offsets[:-1], shapes.vertex_offsets[1:], strict=True)):
        if stop > start:
            part = vertices[start:stop]
            middles[mesh] = (part.min(axis=0) + part.max(axis=0)) / 2
            part -= middles[mesh]
    transforms = shapes.transforms.copy()
    transforms[:, :3, 3] += np.einsum("sij,sj->si", transforms[:, :3, :3], middles[shapes.meshes])
    return replace(shapes, vertices=vertices, transforms=transforms)


def _sizes_of(shapes: Shapes) -> Floats:
    """(m,) the diagonal of the box around each mesh, metres."""
    sizes = np.zeros(len(shapes.vertex_offsets) - 1)
    for mesh, (start, stop) in enumerate(zip(shapes.vertex_offsets[:-1], shapes.vertex_offsets[1:], strict=True)):
        if stop > start:
            sizes[mesh] = np.linalg.norm(np.ptp(shapes.vertices[start:stop], axis=0))
    return sizes


def _origin_of(shapes: Shapes, by: Georeference, storage: CRS, geoid_offset_m: float) -> tuple[float, float, float]:
    """The anchor, which stays when a model grows; where that is far away, the nearest of points a kilometre apart."""
    point = by.anchor_m
    places = shapes.transforms[:, :3, 3]
    if len(places):
        middle = (places.min(axis=0) + places.max(axis=0)) / 2
        if np.linalg.norm(middle - point) > _FAR_M:
            point = np.append(np.round((middle - point)[:2], -3) + point[:2], np.round(middle[2], -2))
    x, y, height_m = place_points(point[None], by, storage, geoid_offset_m=geoid_offset_m)[0]
    return float(x), float(y), float(height_m)


def _baked(placed: Shapes, shapes: Shapes, whole: npt.NDArray[np.bool_], plane: _Plane) -> Shapes:
    """The same with a mesh, each vertex placed by itself, for every instance that is not moved as a whole."""
    kept = np.unique(placed.meshes[whole])
    number_of = np.full(len(placed.vertex_offsets) - 1, -1)
    number_of[kept] = np.arange(len(kept))
    parts = [(*_mesh(shapes, int(mesh)), shapes.surfaces[_triangles(shapes, int(mesh))]) for mesh in kept]
    meshes, transforms = number_of[placed.meshes], placed.transforms.copy()
    for instance in np.flatnonzero(~whole):
        points, triangles = shapes.place(int(instance))
        points = plane.reach(points)
        middle = (points.min(axis=0) + points.max(axis=0)) / 2
        mirrored = np.linalg.det(shapes.transforms[instance, :3, :3]) < 0
        meshes[instance] = len(parts)
        transforms[instance] = np.eye(4)
        transforms[instance, :3, 3] = middle
        surfaces = shapes.surfaces[_triangles(shapes, int(shapes.meshes[instance]))]
        parts.append((points - middle, triangles[:, ::-1] if mirrored else triangles, surfaces))
    counts = np.array([[len(points), len(triangles)] for points, triangles, _ in parts])
    offsets = np.concatenate([np.zeros((1, 2), dtype=np.int64), np.cumsum(counts, axis=0)])
    return replace(
        placed,
        vertices=np.concatenate([points for points, _, _ in parts]),
        triangles=np.concatenate([triangles for _, triangles, _ in parts]).astype(np.int32),
        surfaces=np.concatenate([surfaces for _, _, surfaces in parts]),
        vertex_offsets=offsets[:, 0],
        triangle_offsets=offsets[:, 1],
        meshes=meshes.astype(np.int32),
        transforms=transforms,
    )


def _mesh(shapes: Shapes, mesh: int) -> tuple[Floats, npt.NDArray[np.int32]]:
    start, stop = shapes.vertex_offsets[mesh : mesh + 2]
    return shapes.vertices[start:stop], shapes.triangles[_triangles(shapes, mesh)]


def _triangles(shapes: Shapes, mesh: int) -> slice:
    start, stop = shapes.triangle_offsets[mesh : mesh + 2]
    return slice(int(start), int(stop))
