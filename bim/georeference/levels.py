"""What a file says of its place, level by level, as it says it.

The levels are those of Clemen and Görne (LoGeoRef): 10 a postal address; 20 latitude, longitude and elevation of the
site; 30 the placement of the site; 40 the axes of a context, with true north; 50 a conversion into the CRS of a map.
Every statement names the entity that makes it (``IfcSite #23``).

References
----------
Clemen, C., Görne, H. (2019): Level of Georeferencing (LoGeoRef) using IFC for BIM. Journal of Geodesy, Cartography
and Cadastre 10.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Address:
    """Level 10: a postal address."""

    entity: str
    text: str


@dataclass(frozen=True, kw_only=True)
class SitePosition:
    """Level 20: latitude, longitude and elevation of the origin of the site.

    Parameters
    ----------
    latitude_deg, longitude_deg
        On WGS 84; None where the file says nothing, or nothing that is an angle.
    elevation_m
        Above the sea.
    origin_m
        (3,) where the site has its origin in project coordinates.
    faults
        What is wrong with the angles.
    """

    entity: str
    latitude_deg: float | None
    longitude_deg: float | None
    elevation_m: float | None
    origin_m: Floats
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class SitePlacement:
    """Level 30: where the site stands in project coordinates, through all placements that it is relative to.

    Parameters
    ----------
    matrix_m
        (4, 4) from the coordinates of the site to those of the project, in metres.
    """

    entity: str
    matrix_m: Floats


@dataclass(frozen=True, kw_only=True)
class Axes:
    """Level 40: the axes of a context.

    Parameters
    ----------
    dimension
        Of its coordinates: 2 or 3.
    matrix_m
        (4, 4) WorldCoordinateSystem, in metres.
    true_north
        (2,) where true north is in the axes of the project; None where the file does not say.
    converted_by
        The entity of the conversion that it has.
    """

    entity: str
    context_type: str
    dimension: int
    matrix_m: Floats
    true_north: Floats | None
    converted_by: str | None

    @property
    def is_moved(self) -> bool:
        """Whether the world coordinate system is another than that of the project."""
        return not np.allclose(self.matrix_m, np.eye(4), atol=1e-9)


@dataclass(frozen=True, kw_only=True)
class NamedCrs:
    """The CRS of a map as a file names it.

    Parameters
    ----------
    kind
        ``IfcProjectedCRS``, ``IfcGeographicCRS``, or the property set that stands for it.
    map_unit_m
        Metres in the unit of the map; None where the file does not say.
    angle_unit_deg
        Degrees in the unit of its angles.
    wkt
        The CRS as well-known text, where it has no code.
    """

    entity: str
    kind: str
    name: str
    geodetic_datum: str = ""
    vertical_datum: str = ""
    map_unit_m: float | None = None
    angle_unit_deg: float | None = None
    wkt: str = ""


@dataclass(frozen=True, kw_only=True)
class Conversion:
    """Level 50: from project coordinates into the CRS of a map, in the numbers of the file.

    Parameters
    ----------
    kind
        ``IfcMapConversion``, ``IfcMapConversionScaled``, ``IfcRigidOperation``, or the property set that stands for it.
    eastings, northings, height
        In the unit of the map; degrees of a rigid operation in a geographic CRS.
    axis
        (2,) where the x axis of the project points in the map; None where the file does not say.
    scale
        From the unit of the project to the unit of the map; None where the file does not say.
    factors
        Of x, y and z (IfcMapConversionScaled).
    measures
        The types of the two coordinates of a rigid operation.
    is_rigid
        Whether it neither turns nor scales: the coordinates of the project are those of the map, less an offset.
    """

    entity: str
    kind: str
    crs: NamedCrs | None
    eastings: float
    northings: float
    height: float
    axis: tuple[float, float] | None = None
    scale: float | None = None
    factors: tuple[float, float, float] = (1.0, 1.0, 1.0)
    measures: tuple[str, ...] = ()
    is_rigid: bool = False

    @property
    def axis_deg(self) -> float:
        """Where the x axis of the project points: anti-clockwise from the east of the map."""
        return 0.0 if self.axis is None else float(np.degrees(np.arctan2(self.axis[1], self.axis[0])))

    @property
    def numbers(self) -> tuple[object, ...]:
        """What two conversions must share to be the same."""
        place = (self.eastings, self.northings, self.height)
        return (self.kind, place, self.axis_deg, self.scale, self.factors, self.crs and self.crs.name)


@dataclass(frozen=True, kw_only=True)
class Levels:
    """Everything that a file says of its place.

    Parameters
    ----------
    schema
        ``IFC2X3``, ``IFC4``, ``IFC4X3``…
    length_unit_m
        Metres in the unit of its lengths.
    shapes_m
        (3,) where the model stands in project coordinates: the median of points of its elements, so that single ones
        at the origin, or far out, do not move it; None where it has no shapes.
    """

    schema: str
    length_unit_m: float
    addresses: tuple[Address, ...] = ()
    positions: tuple[SitePosition, ...] = ()
    placements: tuple[SitePlacement, ...] = ()
    axes: tuple[Axes, ...] = ()
    conversions: tuple[Conversion, ...] = ()
    shapes_m: Floats | None = None

    @property
    def found(self) -> tuple[int, ...]:
        """The levels at which the file says something: a placement or axes that are not those of the project."""
        said = {
            10: bool(self.addresses),
            20: any(p.latitude_deg is not None and p.longitude_deg is not None for p in self.positions),
            30: any(not np.allclose(p.matrix_m, np.eye(4), atol=1e-9) for p in self.placements),
            40: any(axes.is_moved or axes.true_north is not None for axes in self.axes),
            50: bool(self.conversions),
        }
        return tuple(level for level, is_said in said.items() if is_said)

    @property
    def typical_m(self) -> Floats:
        """(3,) a point of the model in project coordinates: the origin of its site where it has no shapes."""
        if self.shapes_m is not None:
            return self.shapes_m
        return self.placements[0].matrix_m[:3, 3] if self.placements else np.zeros(3)

    @property
    def true_north(self) -> Axes | None:
        """The axes that say where true north is: those of the first context that does, 3D before 2D."""
        told = [axes for axes in self.axes if axes.true_north is not None]
        return max(told, key=lambda axes: axes.dimension, default=None)

    @property
    def world(self) -> Floats:
        """(4, 4) the world coordinate system of the first context in three dimensions."""
        deep = [axes for axes in self.axes if axes.dimension == 3]
        return deep[0].matrix_m if deep else np.eye(4)
