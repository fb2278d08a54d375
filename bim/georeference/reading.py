"""Reads what a file says of its place at the levels 10 to 40; level 50 is in `conversions`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import copysign

import numpy as np
from ifcopenshell import entity_instance
from ifcopenshell.util.placement import get_axis2placement

from bim.georeference.conversions import Entity, read_conversions
from bim.georeference.levels import Address, Axes, Floats, Levels, SitePlacement, SitePosition

#: Of so many products a point is looked at to learn where a model stands, and so many entities of each.
_SAMPLES, _STEPS = 100, 500
#: Placements are relative to so many others at most; damaged files go round in circles.
_DEPTH = 100
_ADDRESS = ("InternalLocation", "AddressLines", "PostalBox", "Town", "Region", "PostalCode", "Country")


def read_levels(model: Entity, *, length_unit_m: float) -> Levels:
    """Read everything that a file says of its place.

    Parameters
    ----------
    model
        The open file.
    length_unit_m
        Metres in the unit of its lengths.
    """
    sites = model.by_type("IfcSite")
    contexts = model.by_type("IfcGeometricRepresentationContext", include_subtypes=False)
    placed = ((name_of(site), _placement(site, length_unit_m)) for site in sites)
    return Levels(
        schema=model.schema_identifier,
        length_unit_m=length_unit_m,
        addresses=tuple(_read_addresses(model)),
        positions=tuple(_read_position(site, length_unit_m) for site in sites if _has_position(site)),
        placements=tuple(SitePlacement(entity=name, matrix_m=matrix) for name, matrix in placed),
        axes=tuple(_read_all_axes(contexts, length_unit_m)),
        conversions=read_conversions(model),
        shapes_m=_find_shapes(model, length_unit_m),
    )


def name_of(entity: Entity) -> str:
    """Return what an entity is called in reports: its class and number."""
    return f"{entity.is_a()} #{entity.id()}"


def _read_addresses(model: Entity) -> Iterator[Address]:
    """Read the addresses of sites and buildings; those of the people who made the file are no place of the model."""
    for owner, attribute in (("IfcSite", "SiteAddress"), ("IfcBuilding", "BuildingAddress")):
        for place in model.by_type(owner):
            address = getattr(place, attribute)
            if address is None:
                continue
            parts = (getattr(address, part) for part in _ADDRESS)
            lines = [line for part in parts if part for line in ([part] if isinstance(part, str) else part)]
            text = ", ".join(" ".join(line.split()) for line in lines if line.strip())
            if text:
                yield Address(entity=f"{name_of(address)} of {name_of(place)}", text=text)


# --- level 20 --------------------------------------------------------------------------------------------------------


def _has_position(site: Entity) -> bool:
    return any(value is not None for value in (site.RefLatitude, site.RefLongitude, site.RefElevation))


def _read_position(site: Entity, length_unit_m: float) -> SitePosition:
    faults: list[str] = []
    latitude = _read_angle("RefLatitude", site.RefLatitude, 90, faults)
    longitude = _read_angle("RefLongitude", site.RefLongitude, 180, faults)
    elevation = site.RefElevation
    return SitePosition(
        entity=name_of(site),
        latitude_deg=latitude,
        longitude_deg=longitude,
        elevation_m=None if elevation is None else elevation * length_unit_m,
        origin_m=_placement(site, length_unit_m)[:3, 3],
        faults=tuple(faults),
    )


def _read_angle(name: str, parts: Sequence[int] | None, limit_deg: float, faults: list[str]) -> float | None:
    """Read degrees, minutes, seconds and millionths of a second; the sign is that of the first part that is not 0.

    References
    ----------
    ISO 16739-1, IfcCompoundPlaneAngleMeasure: all parts have the same sign; the fourth may be missing.
    """
    if parts is None:
        return None
    if len(parts) not in {3, 4}:
        faults.append(f"{name} has {len(parts)} parts; it needs degrees, minutes, seconds and millionths of a second")
    given = [part for part in parts if part]
    if any(part * given[0] < 0 for part in given):
        faults.append(f"the parts of {name} {tuple(parts)} have different signs; that of the first is taken for all")
    degrees, minutes, seconds, millionths = (abs(part) for part in (*parts, 0, 0, 0, 0)[:4])
    value = degrees + (minutes + (seconds + millionths / 1e6) / 60) / 60
    if minutes >= 60 or seconds >= 60 or millionths >= 1_000_000 or value > limit_deg:
        faults.append(f"{name} {tuple(parts)} is no angle up to {limit_deg:g}°")
        return None
    return copysign(value, given[0]) if given else 0.0


# --- levels 30 and 40 ------------------------------------------------------------------------------------------------


def _placement(product: Entity, length_unit_m: float) -> Floats:
    """Return the placement of a product in project coordinates, through all that it is relative to, in metres."""
    return _in_metres(_stand(product.ObjectPlacement, {}), length_unit_m)


def _stand(placement: Entity | None, known: dict[int, Floats]) -> Floats:
    """Return the (4, 4) matrix of a placement, through all that it is relative to; those that are met become known.

    One along an alignment is taken from its fallback (CartesianPosition), one on a grid does not move.
    """
    chain: list[Entity] = []
    while placement is not None and placement.id() not in known and len(chain) < _DEPTH:
        chain.append(placement)
        placement = getattr(placement, "PlacementRelTo", None)
    matrix = np.eye(4) if placement is None else known.get(placement.id(), np.eye(4))
    for each in reversed(chain):
        along = each.is_a("IfcLinearPlacement")
        position = getattr(each, "CartesianPosition" if along else "RelativePlacement", None)
        if position is not None:
            matrix = matrix @ _matrix_of(position)
        known[each.id()] = matrix
    return matrix


def _matrix_of(position: Entity) -> Floats:
    """Return the (4, 4) matrix of a position; one that is damaged puts everything nowhere (NaN)."""
    try:
        return np.array(get_axis2placement(position), dtype=np.float64)
    except (AttributeError, TypeError, ValueError):
        return np.full((4, 4), np.nan)


def _in_metres(matrix: Floats, length_unit_m: float) -> Floats:
    out = np.array(matrix, dtype=np.float64)
    out[:3, 3] *= length_unit_m
    return out


def _read_all_axes(contexts: Sequence[Entity], length_unit_m: float) -> Iterator[Axes]:
    """Read the axes of each context; some programs write one for each product, all with the same system."""
    known: dict[int, Floats] = {}
    for context in contexts:
        system = context.WorldCoordinateSystem
        number = 0 if system is None else system.id()
        if number not in known:
            known[number] = np.eye(4) if system is None else _in_metres(_matrix_of(system), length_unit_m)
        yield _read_axes(context, known[number])


def _read_axes(context: Entity, matrix_m: Floats) -> Axes:
    ratios = (context.TrueNorth and context.TrueNorth.DirectionRatios) or ()
    north = np.array((*ratios, 0.0, 0.0)[:2], dtype=np.float64)
    length = float(np.hypot(*north))
    operations = getattr(context, "HasCoordinateOperation", ())
    return Axes(
        entity=name_of(context),
        context_type=context.ContextType or "",
        dimension=context.CoordinateSpaceDimension or 3,
        matrix_m=matrix_m,
        true_north=north / length if length > 0 else None,
        converted_by=name_of(operations[0]) if operations else None,
    )


# --- where the model stands ------------------------------------------------------------------------------------------


def _find_shapes(model: Entity, length_unit_m: float) -> Floats | None:
    """Find where a model stands, from one point each of some of its elements, or else of any of its products."""
    shaped = [product for product in model.by_type("IfcProduct") if product.Representation is not None]
    products = [product for product in shaped if product.is_a("IfcElement")] or shaped
    step = max(1, len(products) // _SAMPLES)
    known: dict[int, Floats] = {}
    points = [_find_point(product, length_unit_m, known) for product in products[::step]]
    sound = [point for point in points if np.isfinite(point).all()]
    return np.asarray(np.median(sound, axis=0)) if sound else None


def _find_point(product: Entity, length_unit_m: float, known: dict[int, Floats]) -> Floats:
    """Return a point of a product in project coordinates: of those that are found first, the farthest out."""
    farthest = max(_points_of(product.Representation), key=lambda p: abs(p[0]) + abs(p[1]), default=(0.0, 0.0, 0.0))
    placement = _in_metres(_stand(product.ObjectPlacement, known), length_unit_m)
    return (placement @ (*(value * length_unit_m for value in farthest), 1.0))[:3]


def _points_of(shape: Entity) -> Iterator[tuple[float, float, float]]:
    """Give the points in space that are reached first from a shape, following the first of each list."""
    waiting: list[Entity] = [shape]
    for _ in range(_STEPS):
        if not waiting:
            return
        entity = waiting.pop()
        if entity.is_a("IfcCartesianPoint"):
            if len(entity.Coordinates or ()) == 3:
                yield entity.Coordinates
        elif entity.is_a("IfcCartesianPointList3D"):
            yield from (entity.CoordList or ())[:1]
        elif not entity.is_a("IfcRepresentationContext"):
            firsts = (_first(value) for value in entity)
            waiting.extend(first for first in firsts if first is not None)


def _first(value: Entity) -> Entity | None:
    while isinstance(value, tuple) and value:
        value = value[0]
    return value if isinstance(value, entity_instance) and value.id() else None
