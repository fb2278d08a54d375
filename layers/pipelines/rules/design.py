"""Rules of GB 50014 for single sewers: how wide and steep they are, and how fast water flows in them.

They are about the sewer as it was built, not about its survey: notes.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from layers.pipelines.codes.points import has_role
from layers.pipelines.network.direction import LEVEL_M
from layers.pipelines.rules.flow import drains, surveyed_flow
from layers.pipelines.rules.hits import Hits
from layers.pipelines.rules.survey import Survey
from twin.rules.rule import rule

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Positions = npt.NDArray[np.intp]
Texts = npt.NDArray[np.object_]

_PLASTIC = ("PE", "PVC", "BLG")

#: How full sewers of sewage are at most by design, as shares of diameters up to these, mm.
_FILLS = ((300, 0.55), (450, 0.65), (900, 0.70), (np.inf, 0.75))


def _connects(survey: Survey) -> Flags:
    """Which of m segments connect a gully, a grate or a tank."""
    inlet: Flags = np.append(has_role(survey.nodes, "inlet"), False)
    return inlet[survey.from_row] | inlet[survey.to_row]


def _falls_m(survey: Survey) -> Floats:
    """By how much m segments fall as they flow; by how much at all where nobody says how. NaN where it is unknown."""
    said = surveyed_flow(survey)
    fall_m: Floats = np.where(said == 0, np.abs(survey.fall_m), survey.fall_m * said)
    return fall_m.round(6)


def limits_of(limits: dict[str, float], names: Texts) -> Floats:
    """The limits of n names, NaN of None."""
    return np.array([limits.get(name, np.nan) for name in names], dtype=float)


@rule(
    "GRAV-DN",
    title="A sewer is smaller than the least diameter",
    title_zh="重力管线小于最小管径",
    severity="note",
    source="GB 50014-2021, least diameters and slopes",
    confidence="high",
    limits={
        "sewage_mm": "Least diameter of sewage and combined sewage, mm.",
        "storm_mm": "Least diameter of storm water, mm.",
        "connection_mm": "Least diameter of what connects a gully, a grate or a tank, mm.",
    },
    sure={"connection_mm": "medium"},
)
def find_small_sewers(
    survey: Survey, *, sewage_mm: float = 300.0, storm_mm: float = 300.0, connection_mm: float = 200.0
) -> Iterator[Hits]:
    """Every round sewer in use of a smaller diameter than its kind needs."""
    storm = (survey.segments["subclass"] == "YS").to_numpy(bool)
    by = np.where(_connects(survey), "connection_mm", np.where(storm, "storm_mm", "sewage_mm")).astype(object)
    least_mm = limits_of({"sewage_mm": sewage_mm, "storm_mm": storm_mm, "connection_mm": connection_mm}, by)
    size_mm = survey.size_mm
    rows = np.flatnonzero(drains(survey) & survey.sections.is_round & (size_mm < least_mm))
    yield Hits(
        table="segments",
        rows=rows,
        what="the sewer is smaller than allowed",
        field="diameter_mm",
        measured=size_mm[rows],
        limit=least_mm[rows].astype(object),
        unit="mm",
        by=by[rows],
    )


@rule(
    "GRAV-FLAT",
    title="A sewer falls less than its least slope",
    title_zh="重力管线小于最小坡度",
    severity="note",
    source="GB 50014-2021, least diameters and slopes",
    confidence="high",
    limits={
        "plastic_300": "Least slope up to DN300, of plastic or unknown material, m/m.",
        "other_300": "Least slope up to DN300, of other materials, m/m.",
        "any_400": "Least slope above DN300, up to DN400, m/m.",
        "connection": "Least slope of what connects a gully, a grate or a tank, m/m.",
        "tolerance_m": "It may fall short by this much, m: inverts are measured to a centimetre.",
    },
    sure={"any_400": "medium"},
)
def find_flat_sewers(
    survey: Survey,
    *,
    plastic_300: float = 0.002,
    other_300: float = 0.003,
    any_400: float = 0.0015,
    connection: float = 0.01,
    tolerance_m: float = LEVEL_M,
) -> Iterator[Hits]:
    """Every sewer in use whose design slope is less than its diameter and material need, and that does not rise.

    Above DN400 nothing is asked for but a velocity.
    """
    size_mm, fall_m, way_m = survey.size_mm, _falls_m(survey), survey.way_m
    firm = (survey.segments["material"].notna() & ~survey.segments["material"].isin(_PLASTIC)).to_numpy(bool)
    by = np.select(
        [_connects(survey), (size_mm <= 300) & firm, size_mm <= 300, size_mm <= 400],
        ["connection", "other_300", "plastic_300", "any_400"],
        "",
    ).astype(object)
    limits = {"plastic_300": plastic_300, "other_300": other_300, "any_400": any_400, "connection": connection}
    least = limits_of(limits, by)
    short = np.round(least * way_m - fall_m, 6) > tolerance_m
    rows = np.flatnonzero(drains(survey) & short & (fall_m >= -tolerance_m) & (way_m > 0))
    yield Hits(
        table="segments",
        rows=rows,
        what="the slope is less than the least one",
        measured=fall_m[rows] / way_m[rows],
        limit=least[rows].astype(object),
        unit="m/m",
        by=by[rows],
    )


@rule(
    "GRAV-SPEED",
    title="Water is too slow to keep a sewer clean",
    title_zh="重力管线设计流速不足",
    severity="note",
    source="GB 50014-2021, velocities and roughness (Manning)",
    confidence="medium",
    limits={
        "sewage_mps": "Least velocity of sewage at the fill it is designed for, m/s.",
        "storm_mps": "Least velocity of storm water and combined sewage in a full pipe, m/s.",
        "plastic_n": "Roughness by Manning of plastic or unknown material.",
        "other_n": "Roughness by Manning of other materials.",
        "tolerance_m": "It may fall short by this much, m: inverts are measured to a centimetre.",
    },
    sure={"sewage_mps": "high", "storm_mps": "high"},
)
def find_slow_sewers(
    survey: Survey,
    *,
    sewage_mps: float = 0.6,
    storm_mps: float = 0.75,
    plastic_n: float = 0.010,
    other_n: float = 0.013,
    tolerance_m: float = LEVEL_M,
) -> Iterator[Hits]:
    """Every round sewer in use in which water, as much as it is designed for, would flow more slowly than it must.

    Velocity by Manning, in a steady flow at the design slope: full of storm water and combined sewage; of sewage as
    full as sewers are at most by design, 0.55 of the diameter up to DN300 to 0.75 above DN900. How much water there
    really is nobody knows from a survey. Connections and what rises are left out.
    """
    size_m, fall_m, way_m = survey.size_mm / 1000, _falls_m(survey), survey.way_m
    firm = (survey.segments["material"].notna() & ~survey.segments["material"].isin(_PLASTIC)).to_numpy(bool)
    full = survey.segments["subclass"].isin(("YS", "HS")).to_numpy(bool)
    fills = np.array([fill for _, fill in _FILLS])[np.searchsorted([size for size, _ in _FILLS[:-1]], size_m * 1000)]
    angle = 2 * np.arccos(1 - 2 * np.where(full, 1.0, fills))
    radius_m = size_m / 4 * (1 - np.sin(angle) / angle)
    carried = radius_m ** (2 / 3) / np.where(firm, other_n, plastic_n)
    with np.errstate(invalid="ignore", divide="ignore"):
        speed, at_most = (carried * np.sqrt(fall / way_m) for fall in (fall_m.clip(min=0), fall_m + tolerance_m))
    least = np.where(full, storm_mps, sewage_mps)
    judged = drains(survey) & survey.sections.is_round & ~_connects(survey) & (way_m > 0) & (fall_m >= -tolerance_m)
    rows = np.flatnonzero(judged & (np.round(at_most, 2) < least))
    yield Hits(
        table="segments",
        rows=rows,
        what="at the slope of the sewer water flows more slowly than it must",
        measured=speed[rows],
        limit=least[rows].astype(object),
        unit="m/s",
        by=np.where(full[rows], "storm_mps", "sewage_mps").astype(object),
    )
