"""Level 20 judged: what latitude, longitude and elevation of a site mean, turned by true north, and what is wrong.

References
----------
ISO 16739-1:2024, IfcSite: RefLatitude, RefLongitude and RefElevation are those of the origin of its placement, on
WGS 84; IfcGeometricRepresentationContext: TrueNorth is the y axis where it is missing.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from bim.finding import Finding
from bim.georeference.georeference import Georeference, moved_by
from bim.georeference.levels import Floats, Levels, SitePosition
from bim.georeference.mapping import axis_from_north
from bim.georeference.standing import FAR_M
from twin.bbox import BBox
from twin.crs import CRS84, geodesic_distance_m
from twin.grids import recognise_grid
from twin.rules.rule import Severity

#: Sites of one file may lie so far from where the first one puts them: one second of an angle is 31 m.
_SITES_M = 50.0


def judge_sites(levels: Levels, findings: list[Finding]) -> Georeference | None:
    """Judge the positions of the sites of a file; return what the first means, None where it cannot be used."""
    found = list(_judge_angles(levels))
    findings.extend(found)
    whole = [site for site in levels.positions if None not in {site.latitude_deg, site.longitude_deg}]
    if not whole:
        return None
    first = whole[0]
    far = float(np.hypot(*(levels.typical_m - first.origin_m)[:2])) > FAR_M
    problem = national_coordinates(levels, first.origin_m, "error") if far else None
    if first.latitude_deg == 0 and first.longitude_deg == 0:
        problem = _unusable("site-at-null", first, "latitude and longitude are both 0: they were left empty")
    if not np.isfinite(first.origin_m).all():
        problem = _unusable("site-placement", first, "its placement is damaged, so that it has no origin")
    if problem is not None:
        findings.append(problem)
        return None
    read = read_site(levels, first)
    findings.extend(_judge_height(levels, first))
    findings.extend(_judge_others(whole, first, read))
    return read


def _unusable(name: str, site: SitePosition, what: str) -> Finding:
    return Finding(id=name, severity="error", entity=site.entity, what=what, advice="write where the site is")


def read_site(levels: Levels, site: SitePosition) -> Georeference:
    """Read the position of a site: the model is a solid in the plane that touches the ellipsoid there."""
    north = levels.true_north
    return Georeference(
        level=20,
        crs=CRS84,
        x=site.longitude_deg or 0.0,
        y=site.latitude_deg or 0.0,
        height_m=site.elevation_m or 0.0,
        axis_deg=axis_from_north(levels),
        metres="true",
        to_anchor_m=moved_by(-site.origin_m),
        sources=dict.fromkeys(("x", "y", "height_m"), site.entity)
        | {"crs": "WGS 84, as IfcSite has it", "axis_deg": north.entity if north else "the y axis is taken for north"},
    )


def _judge_angles(levels: Levels) -> Iterator[Finding]:
    for site in levels.positions:
        for fault in site.faults:
            yield Finding(
                id="site-angle",
                severity="warning",
                entity=site.entity,
                what=fault,
                advice="write degrees, minutes, seconds and millionths of a second, all with the same sign",
            )
        if (site.latitude_deg is None) != (site.longitude_deg is None):
            missing = "RefLatitude" if site.latitude_deg is None else "RefLongitude"
            yield Finding(
                id="site-angle",
                severity="warning",
                entity=site.entity,
                what=f"{missing} is missing or no angle, so that the other one says nothing",
                advice="write both",
            )


def into_map(levels: Levels) -> Floats | None:
    """Find out whether a file holds coordinates of a map, in its world coordinate system or in the model itself.

    Returns
    -------
    ndarray or None
        (4, 4) from project coordinates to those of the map; None where there are none.
    """
    for point, matrix in ((levels.typical_m, np.eye(4)), (levels.world[:3, 3], levels.world)):
        if np.hypot(point[0], point[1]) > FAR_M:
            return matrix
    return None


def national_coordinates(levels: Levels, origin_m: Floats, severity: Severity) -> Finding:
    """Say of a file that holds coordinates of a map that it does not name their CRS."""
    matrix = into_map(levels)
    place: Floats = (np.eye(4) if matrix is None else matrix)[:3] @ np.append(levels.typical_m, 1.0)
    x, y = float(place[0]), float(place[1])
    away_km = float(np.hypot(*(place - origin_m)[:2])) / 1000
    whose = "site" if origin_m.any() else "project"
    return Finding(
        id="national-coordinates",
        severity=severity,
        entity="coordinates of the model",
        what=f"the model stands {away_km:,.0f} km from the origin of the {whose}; its coordinates look like those of a "
        "map, of which the file does not name the CRS "
        f"({recognise_grid(BBox(x, y, x, y)).note})",
        measured=f"{x:.1f}, {y:.1f}",
        unit="m",
        advice="write an IfcMapConversion, or give the crs that they are in, in a declaration",
    )


def _judge_height(levels: Levels, site: SitePosition) -> Iterator[Finding]:
    """Find elevations that are missing or in another unit than that of the project."""
    if site.elevation_m is None:
        yield Finding(
            id="elevation-missing",
            severity="warning",
            entity=site.entity,
            what="RefElevation is missing; the origin of the site is taken for sea level",
            advice="give height_m in a declaration",
        )
        return
    for conversion in levels.conversions:
        unit_m = (conversion.crs.map_unit_m if conversion.crs else None) or 1.0
        height_m, said = conversion.height * unit_m, site.elevation_m / levels.length_unit_m
        if levels.length_unit_m != 1.0 and height_m and abs(said - height_m) < 1.0 < abs(site.elevation_m - height_m):
            yield Finding(
                id="elevation-unit",
                severity="warning",
                entity=site.entity,
                what="RefElevation is in metres, though the lengths of the file are not",
                measured=site.elevation_m,
                limit=height_m,
                unit="m",
                advice="write it in the unit of the project",
            )


def _judge_others(sites: list[SitePosition], first: SitePosition, read: Georeference) -> Iterator[Finding]:
    """Find sites that say to be somewhere else than the first one puts them."""
    worst, whose = 0.0, first
    for site in sites[1:]:
        # On so few kilometres the plane is as good as the ellipsoid.
        away = float(np.hypot(*(site.origin_m - first.origin_m)[:2]))
        apart = float(geodesic_distance_m(read.x, read.y, site.longitude_deg or 0.0, site.latitude_deg or 0.0, CRS84))
        if abs(apart - away) > worst:
            worst, whose = abs(apart - away), site
    if worst > _SITES_M:
        yield Finding(
            id="sites-disagree",
            severity="warning",
            entity=whose.entity,
            what=f"it says to be somewhere else than {first.entity}, which is taken, puts it",
            measured=round(worst, 1),
            limit=_SITES_M,
            unit="m",
            advice="let all sites of a file refer to one place",
        )
