"""What the scale of a conversion means: units, the factor of a grid, or a mistake.

`Scale` turns units of the project into units of the map. It is 1 where it is missing, so that a millimetre model
without it is a thousand times too big. Some writers give the inverse, others only the factor of the grid.

References
----------
ISO 16739-1:2024, IfcMapConversion, IfcMapConversionScaled. buildingSMART validation rule GRF005.
"""

from __future__ import annotations

from collections.abc import Iterator

from bim.finding import Finding
from bim.georeference.georeference import Georeference
from bim.georeference.levels import Conversion, Levels
from bim.georeference.standing import factors_amid
from twin.crs import crs_label

#: A grid stretches by less: UTM by 0.04 % on its meridian and 0.1 % at its border; the height of a plateau adds 0.1 %.
_STRETCH = 0.005
_EARTH_RADIUS_M = 6_371_000.0
#: Drift in 100 m that is worth a word, and worth a warning.
_NOTE_CM, _WARNING_CM = 0.1, 1.0


def find_stretch(conversion: Conversion, length_unit_m: float, unit_m: float, findings: list[Finding]) -> float | None:
    """Find by how much lengths are stretched when `Scale` has turned the units; None where it makes no sense."""
    if conversion.is_rigid:
        return 1.0
    said = 1.0 if conversion.scale is None else conversion.scale
    declared_m = conversion.crs.map_unit_m if conversion.crs else None
    # Of eastings in another unit than the one declared, the scale may still be right for that one.
    for map_unit_m in (declared_m or unit_m, unit_m):
        if abs(said * map_unit_m / length_unit_m - 1) < _STRETCH:
            return said * map_unit_m / length_unit_m
    expected = length_unit_m / unit_m
    size = f"the model would have {said / expected:,.6g} times its size"
    if abs(said - 1) < _STRETCH:
        whole = f"{said:g}" if conversion.scale is not None else "missing, which means 1"
        name, stretch, what = "scale-missing", said, f"Scale is {whole}, though the units differ: {size}"
    elif abs(said * expected - 1) < _STRETCH:
        name, stretch, what = "scale-inverse", 1.0, f"Scale is upside down: {size}"
    else:
        what = "Scale is neither the ratio of the units nor a factor of a grid"
        advice = "correct it, or give scale in a declaration"
        findings.append(error_of("scale-odd", conversion, what, advice, measured=said, limit=expected))
        return None
    findings.append(
        Finding(
            id=name,
            severity="warning",
            entity=conversion.entity,
            what=f"{what}; it is placed with {expected * stretch:g}",
            measured=said,
            limit=expected,
            advice=f"write Scale {expected:g}, from the unit of the project to that of the map",
        )
    )
    return stretch


def judge_stretch(conversion: Conversion, read: Georeference, levels: Levels) -> Iterator[Finding]:
    """Find factors that are none of a grid, and true metres that were put on a grid as they are."""
    for axis, factor in zip("XYZ", conversion.factors, strict=True):
        if not factor > 0:
            yield error_of("factor-odd", conversion, f"Factor{axis} is missing or not above 0", "write it", limit=1.0)
            return
        if abs(factor - 1) > _STRETCH:
            yield Finding(
                id="factor-odd",
                severity="warning",
                entity=conversion.entity,
                what=f"Factor{axis} distorts the model by more than any grid does; it is taken as it is",
                measured=factor,
                limit=1.0,
                advice="these factors are for the scale of the grid, close to 1",
            )
    if conversion.is_rigid:  # its metres are those of the grid
        return
    grid = factors_amid(read, levels)
    combined = grid.scale / (1 + read.height_m / _EARTH_RADIUS_M)
    drift_cm = abs(combined / read.scale[0] - 1) * 100 * 100
    if drift_cm > _NOTE_CM:
        yield Finding(
            id="grid-factor",
            severity="warning" if drift_cm > _WARNING_CM else "note",
            entity=conversion.entity,
            what=f"the grid of {crs_label(read.crs)} has the factor {combined:.6f} here, the conversion "
            f"{read.scale[0]:.6f}: a model in true metres drifts by {drift_cm:.1f} cm in 100 m",
            measured=round(read.scale[0], 9),
            limit=round(combined, 9),
            advice='if it was drawn in true metres, give scale = "true" in a declaration, or write the factor',
        )


def error_of(
    name: str,
    of: Conversion,
    what: str,
    advice: str,
    *,
    measured: float | str | None = None,
    limit: float | None = None,
    unit: str = "",
) -> Finding:
    """Return an error about a conversion."""
    return Finding(
        id=name, severity="error", entity=of.entity, what=what, advice=advice, measured=measured, limit=limit, unit=unit
    )
