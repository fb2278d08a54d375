"""All levels of a file judged together: which is used, where they disagree, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass

import numpy as np

from bim.finding import Finding
from bim.georeference.declared import Declaration, apply_declaration
from bim.georeference.georeference import Georeference
from bim.georeference.levels import Levels
from bim.georeference.mapping import (
    axis_from_north,
    judge_conversions,
)
from bim.georeference.siting import into_map, judge_sites, national_coordinates
from bim.georeference.standing import factors_amid
from bim.placing import place_points
from twin.bbox import BBox
from twin.crs import CRS84, crs_label, geodesic_distance_m
from twin.errors import CrsError, NotGeoreferenced

#: How far levels may lie from each other, and how far their norths may be turned, before it is worth a warning.
_APART_M, _TURNED_DEG = 50.0, 0.1
#: Vertical datum of the twin.
_OWN_HEIGHTS = ("5737", "1985")


@dataclass(frozen=True, kw_only=True, eq=False)
class Assessment:
    """What a file says of its place, and what came of judging it.

    Parameters
    ----------
    levels
        Everything that it says.
    chosen
        What places the model; None where nothing can be relied on.
    findings
        What is wrong, and where the levels disagree.
    """

    levels: Levels
    chosen: Georeference | None
    findings: tuple[Finding, ...]


def assess_levels(levels: Levels, *, area_crs84: BBox | None = None) -> Assessment:
    """Judge everything that a file says of its place, and choose the best level that can be relied on.

    Parameters
    ----------
    levels
        What it says.
    area_crs84
        The county with some margin, in degrees; a level that puts the model outside of it is not relied on, for it is
        the default of the program that wrote the file. None where any place will do.
    """
    findings: list[Finding] = []
    mapped = judge_conversions(levels, findings)
    sited = judge_sites(levels, findings)
    findings.extend(_compare(levels, mapped, sited))
    usable = []
    for read in (mapped, sited):
        if read is not None:
            away = list(_judge_place(levels, read, area_crs84))
            findings.extend(away)
            usable += [] if away else [read]
    chosen = usable[0] if usable else None
    findings.extend(_judge_coordinates(levels, chosen, findings))
    if chosen is not None:
        findings.extend(_judge_vertical(chosen))
    return Assessment(levels=levels, chosen=chosen, findings=tuple(findings))


def declare_place(levels: Levels, declaration: Declaration) -> Assessment:
    """Place a model by a declaration, which may leave to the file what it says rightly.

    Raises
    ------
    InvalidParameter
        As `apply_declaration`.
    """
    chosen, findings = apply_declaration(declaration, levels)
    heights = _judge_vertical(chosen) if declaration.height_m is None and declaration.height_shift_m is None else ()
    return Assessment(levels=levels, chosen=chosen, findings=(*findings, *heights))


def require_place(assessment: Assessment, name: str) -> Georeference:
    """Return what places a model.

    Parameters
    ----------
    assessment
        What came of judging its levels.
    name
        Of its file.

    Raises
    ------
    NotGeoreferenced
        Nothing can be relied on.
    """
    if assessment.chosen is not None:
        return assessment.chosen
    errors = [finding for finding in assessment.findings if finding.severity == "error"]
    why = "; ".join(f"{finding.entity}: {finding.what}" for finding in errors) or "it says nothing of its place"
    raise NotGeoreferenced(
        f"{name}: nothing in the file says reliably where it stands: {why}. Declare it: "
        f"twin bim {name} --dry-run prints a declaration to fill in, twin bim {name} --georef {name}.toml places the "
        "model by it",
        findings=[asdict(finding) for finding in assessment.findings],
    )


def _judge_place(levels: Levels, read: Georeference, area: BBox | None) -> Iterator[Finding]:
    if area is None:
        return
    entity = read.sources["x"]
    try:
        ((lon, lat, _),) = place_points(levels.typical_m[np.newaxis], read, CRS84)
    except CrsError as error:
        yield Finding(id="crs-datum", severity="error", entity=entity, what=error.detail, advice="give another crs")
        return
    if not (area.west <= lon <= area.east and area.south <= lat <= area.north):
        yield Finding(
            id="outside-area",
            severity="error",
            entity=entity,
            what="the model would stand outside of the county",
            measured=f"{lon:.5f}, {lat:.5f}",
            limit=f"{area.west:.2f}, {area.south:.2f} to {area.east:.2f}, {area.north:.2f}",
            unit="°",
            advice="programs write the place of their template where nobody gave another; give a declaration",
        )


def _compare(levels: Levels, mapped: Georeference | None, sited: Georeference | None) -> Iterator[Finding]:
    """Find how far the levels are from each other, in metres and degrees."""
    if mapped is None:
        return
    yield from _compare_north(levels, mapped)
    if sited is None:
        return
    try:
        (one,), (other,) = (place_points(levels.typical_m[np.newaxis], read, CRS84) for read in (mapped, sited))
    except CrsError:  # told where the place is judged
        return
    apart_m = float(geodesic_distance_m(one[0], one[1], other[0], other[1], CRS84))
    if apart_m > _APART_M:
        yield Finding(
            id="levels-disagree",
            severity="warning",
            entity=f"{sited.sources['x']} and {mapped.sources['x']}",
            what=f"latitude and longitude put the model {apart_m:,.1f} m from where the conversion puts it, "
            f"{abs(other[2] - one[2]):,.1f} m {'above' if other[2] > one[2] else 'below'} it; the conversion is used",
            measured=round(apart_m, 1),
            limit=_APART_M,
            unit="m",
            advice="let both say the same",
        )


def _compare_north(levels: Levels, mapped: Georeference) -> Iterator[Finding]:
    """Find how far true north of the context is from that of the map, which the convergence turns from grid north."""
    north = levels.true_north
    if north is None or mapped.metres == "true":
        return
    convergence_deg = factors_amid(mapped, levels).convergence_deg
    # Of the x axis: as true north says, and as the conversion says when its grid is turned to true north.
    turned_deg = (axis_from_north(levels) - (mapped.axis_deg - convergence_deg) + 180) % 360 - 180
    if abs(turned_deg) <= _TURNED_DEG:
        return
    is_grid = abs(turned_deg - convergence_deg) < 0.01
    why = f"it holds the north of the grid, {convergence_deg:.3f}° off" if is_grid else "the conversion is used"
    yield Finding(
        id="north-disagrees",
        severity="note" if is_grid else "warning",
        entity=f"{north.entity} and {mapped.sources['axis_deg']}",
        what=f"true north is turned by {turned_deg:.3f}° from where the conversion into {crs_label(mapped.crs)} has it "
        f"(convergence {convergence_deg:.3f}°); {why}",
        measured=round(turned_deg, 4),
        limit=_TURNED_DEG,
        unit="°",
        advice="let TrueNorth say where true north is",
    )


def _judge_vertical(chosen: Georeference) -> Iterator[Finding]:
    if any(name in chosen.vertical for name in _OWN_HEIGHTS):
        return
    said = f"is {chosen.vertical}" if chosen.vertical else "is missing"
    yield Finding(
        id="vertical-datum",
        severity="warning" if chosen.vertical else "note",
        entity=chosen.sources["height_m"],
        what=f"the vertical datum {said}; heights are taken for 1985 heights",
        measured=chosen.vertical or None,
        limit="EPSG:5737",
        advice="name EPSG:5737, or give height_shift_m in a declaration",
    )


def _judge_coordinates(levels: Levels, chosen: Georeference | None, findings: list[Finding]) -> Iterator[Finding]:
    """Find coordinates of a map in a file that has no conversion from them."""
    told = {finding.id for finding in findings} & {"national-coordinates", "double-georeference"}
    if not told and (chosen is None or chosen.level == 20) and into_map(levels) is not None:
        yield national_coordinates(levels, np.zeros(3), "warning" if chosen else "error")
