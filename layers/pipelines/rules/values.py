"""Rules of values: codes of the dictionaries, materials that go with a class, sections that can be read."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt

from layers.pipelines.codes.attributes import ABOVE_GROUND, UNFIT_MATERIALS
from layers.pipelines.codes.classes import DRIVES
from layers.pipelines.rules.hits import Hits
from layers.pipelines.rules.survey import Survey
from layers.pipelines.section import parse_size
from twin.errors import Fault
from twin.ingest.convert import UNKNOWN_CODE
from twin.ingest.faults import cause_of
from twin.rules.rule import rule


@rule(
    "ATTR-DOMAIN",
    title="A value is not of its dictionary",
    title_zh="属性值不在字典内",
    severity="error",
    source="CJJ 61-2017, appendices B and C",
    confidence="high",
    binding=True,
)
def find_unknown_codes(survey: Survey) -> Iterator[Fault]:
    """Every class, feature, material, embedding, state … that its dictionary does not have in any spelling."""
    yield from _find_faults(survey, lambda what: what == UNKNOWN_CODE)


@rule(
    "ATTR-VALUE",
    title="A value cannot be read, is out of range or missing",
    title_zh="属性值无法识别、超限或缺失",
    severity="error",
    source="The fields of pipe_nodes and pipe_segments",
    confidence="high",
    binding=True,
)
def find_unread_values(survey: Survey) -> Iterator[Fault]:
    """Every value that is not of the type of its field, beyond its limits, or missing where one is required."""
    yield from _find_faults(survey, lambda what: what != UNKNOWN_CODE)


def _find_faults(survey: Survey, wanted: Callable[[str], bool]) -> Iterator[Fault]:
    """The faults that are kept one by one, and one of each cause of which none was kept."""
    kept = [fault for fault in survey.faults.kept if wanted(fault.what)]
    yield from kept
    known = {cause_of(fault) for fault in kept}
    for cause in survey.faults.causes:
        if cause not in known and wanted(cause[0]):
            what, field, limit = cause
            yield Fault(what=what, field=field, limit=limit)


@rule(
    "ATTR-MISSING",
    title="A segment lacks what a survey has to say",
    title_zh="必填属性缺失",
    severity="warning",
    source="CJJ 61-2017, contents of a survey: depth, section and material",
    confidence="medium",
)
def find_missing_values(survey: Survey) -> Iterator[Hits]:
    """Every segment in the ground without a depth or height at an end, and every pipe without section or material.

    Cables may have neither section nor material. What is there and cannot be read is told by other rules.
    """
    segments = survey.segments
    embedding = segments["embedding"]
    buried = ~embedding.isin((*ABOVE_GROUND, "JN")).to_numpy(bool)
    pipes = buried & segments["class"].map(DRIVES).isin(("gravity", "pressure")).to_numpy(bool)
    lacks: dict[str, npt.NDArray[np.bool_]] = {
        f"{end}_depth_m": buried & segments[[f"{end}_depth_m", f"{end}_elevation_m"]].isna().all(axis=1).to_numpy(bool)
        for end in ("from", "to")
    }
    unsized = segments[["diameter_mm", "width_mm", "height_mm"]].isna().all(axis=1).to_numpy(bool)
    if "size" in segments:
        unsized = unsized & segments["size"].isna().to_numpy(bool)
    lacks |= {"diameter_mm": pipes & unsized, "material": pipes & segments["material"].isna().to_numpy(bool)}
    for field, lacking in lacks.items():
        rows = np.setdiff1d(np.flatnonzero(lacking), _unread(survey, field))
        yield Hits(table="segments", rows=rows, what=f"there is no {_WORDS[field]}", field=field)


_WORDS = {
    "from_depth_m": "depth at the start",
    "to_depth_m": "depth at the end",
    "diameter_mm": "section",
    "material": "material",
}


def _unread(survey: Survey, field: str) -> list[int]:
    """Rows of segments with a value of a field that could not be read, as far as these are known one by one."""
    rows = survey.segment_rows
    if rows is None:
        return []
    found = (rows.find(each.file, each.row) for each in survey.faults.kept if each.field == field and each.row)
    return [row for row in found if row is not None]


@rule(
    "ATTR-MATERIAL",
    title="A material does not go with the class",
    title_zh="材质与管类不符",
    severity="warning",
    source="Custom; CJJ 61-2017, C.0.1 (letters)",
    confidence="low",
)
def find_unfit_materials(survey: Survey) -> Iterator[Hits]:
    """Every segment of a material that no line of its class is made of."""
    material, pipe_class = survey.segments["material"], survey.segments["class"]
    wrong = np.zeros(len(survey.segments), dtype=bool)
    for code, materials in UNFIT_MATERIALS.items():
        wrong |= ((pipe_class == code) & material.isin(materials)).to_numpy(bool)
    rows = np.flatnonzero(wrong)
    limits = ["no " + ", ".join(UNFIT_MATERIALS[code]) for code in pipe_class.iloc[rows]]
    yield Hits(
        table="segments",
        rows=rows,
        what="the material does not go with the class",
        field="material",
        measured=material.to_numpy(object)[rows],
        limit=np.array(limits, dtype=object),
    )


@rule(
    "SIZE-FMT",
    title="A section cannot be read",
    title_zh="管径格式错误",
    severity="error",
    source="CJJ 61-2017, table of segments: whole millimetres, or width × height",
    confidence="medium",
    limits={"least_mm": "Smallest side or diameter, mm; less is metres or a slip."},
)
def find_odd_sizes(survey: Survey, *, least_mm: float = 10.0) -> Iterator[Hits]:
    """Every section as it is written that is neither a diameter nor width × height, in whole millimetres."""
    if "size" not in survey.segments:
        return
    size = survey.segments["size"]
    sides = survey.segments[["diameter_mm", "width_mm", "height_mm"]].to_numpy(float)
    unread = size.isin([text for text in size.dropna().unique() if parse_size(text) is None]).to_numpy()
    with np.errstate(invalid="ignore"):
        off = (np.abs(sides - np.round(sides)) > 1e-6).any(axis=1) | (sides < least_mm).any(axis=1)
    off |= np.isnan(sides).all(axis=1)  # far out of what a field can hold
    odd = off & size.notna().to_numpy()
    for what, wrong in (
        ("the section is neither a diameter nor width × height", unread),
        ("the section is not in whole millimetres; if it is in metres, say --param size_unit=m", odd & ~unread),
    ):
        rows = np.flatnonzero(wrong)
        yield Hits(
            table="segments",
            rows=rows,
            what=what,
            field="diameter_mm",
            measured=size.to_numpy(object)[rows],
            limit=f"whole mm from {least_mm:g}, or W×H",
        )


@rule(
    "HOLES",
    title="Holes and cables do not go together",
    title_zh="孔数与电缆条数不符",
    severity="error",
    source="CJJ 61-2017, table of segments; catalogues of checks in use",
    confidence="medium",
)
def find_odd_holes(survey: Survey) -> Iterator[Hits]:
    """Every block of ducts with more holes in use than it has, with fewer cables than that, or cables in no hole."""
    holes, used, cables = (
        survey.segments[name].to_numpy(dtype=float, na_value=np.nan) for name in ("holes", "used_holes", "cables")
    )
    for what, field, wrong, measured, limit in (
        ("more holes are in use than there are", "used_holes", used > holes, used, holes),
        ("there are fewer cables than holes in use", "cables", cables < used, cables, used),
        ("there are cables, and no hole is in use", "used_holes", (cables > 0) & (used == 0), cables, used),
    ):
        rows = np.flatnonzero(wrong)
        yield Hits(
            table="segments",
            rows=rows,
            what=what,
            field=field,
            measured=measured[rows],
            limit=limit[rows].astype(object),
        )
