"""Rules of joints: what meets at a node goes together, and what crosses meets at a node."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import shapely

from layers.pipelines.codes.classes import DRIVES
from layers.pipelines.codes.points import has_role
from layers.pipelines.rules.hits import Hits
from layers.pipelines.rules.survey import Survey
from twin.rules.rule import rule

Floats = npt.NDArray[np.float64]

#: Ends of lines nearer to where they meet than this meet end to end, in units of the CRS of metres.
_AT_END_M = 1e-3


@rule(
    "LN-CROSS",
    title="Segments of a class cross without a point",
    title_zh="同类管线相交处无管线点",
    severity="warning",
    source="CJJ 61-2017, quality inspection of results; catalogues of checks in use",
    confidence="medium",
)
def find_crossings(survey: Survey) -> Iterator[Hits]:
    """Every pair of segments of a class that cross, or of which one ends on the other, and that share no point.

    Where both have a sub-class it must be the same: sewage and storm water are one class, and pass over one another.
    """
    lines = survey.axes_m
    kind = (survey.segments["class"].fillna("") + "/" + survey.segments["subclass"].fillna("")).to_numpy(object)
    broad = survey.segments["class"].to_numpy(object)
    unsaid = survey.segments["subclass"].isna().to_numpy()
    rows = np.flatnonzero(survey.drawn)
    first, second = rows[shapely.STRtree(lines[rows]).query(lines[rows], predicate="intersects")]
    ends = np.column_stack([survey.from_row, survey.to_row])
    apart = (ends[first][:, :, None] != ends[second][:, None, :]).all(axis=(1, 2))
    same = (kind[first] == kind[second]) | ((broad[first] == broad[second]) & (unsaid[first] | unsaid[second]))
    keep = (first > second) & apart & same
    first, second = first[keep], second[keep]
    met = shapely.centroid(shapely.intersection(shapely.force_2d(lines[first]), shapely.force_2d(lines[second])))
    at_end = [shapely.distance(met, shapely.boundary(lines[side])) < _AT_END_M for side in (first, second)]
    within = ~(at_end[0] & at_end[1])
    yield Hits(
        table="segments",
        rows=first[within],
        what="the segment crosses another one of its class, and there is no point",
        others=survey.segments["segment_id"].to_numpy(object)[second[within]],
        places=survey.locate(shapely.get_x(met[within]), shapely.get_y(met[within])),
    )


@rule(
    "NODE-CONSIST",
    title="Pressure pipes do not fit where they meet",
    title_zh="压力管线连接处高程、管径或材质不一致",
    severity="warning",
    source="Catalogues of checks in use; depth limits of hidden points, CJJ 61-2017",
    confidence="medium",
    limits={"tolerance_m": "Pipes meet where their heights differ by no more, m."},
)
def find_unfit_joints(survey: Survey, *, tolerance_m: float = 0.15) -> Iterator[Hits]:
    """Every point at which pressure pipes meet at different heights, or two of other sizes or materials.

    Pipes meet where their axes, tops or bottoms are of one height. Sizes and materials may change where a change is
    surveyed, and at branches. Gravity pipes may come in above one another.
    """
    import pandas as pd

    pressed = (survey.segments["class"].map(DRIVES) == "pressure").to_numpy(bool)
    axis_m = np.concatenate(survey.axis_m)
    half_m = np.tile(survey.sections.height_m / 2, 2)
    ends = pd.DataFrame(
        {
            "node": np.concatenate([survey.from_row, survey.to_row]),
            "axis": axis_m,
            "top": axis_m + half_m,
            "bottom": axis_m - half_m,
            "size": np.tile(survey.sections.labels(), 2),
            "material": np.tile(survey.segments["material"].to_numpy(object), 2),
        }
    )[np.tile(pressed, 2)]
    ends = ends[(ends["node"] >= 0) & (ends["node"] < survey.judged)]
    ends["size"] = ends["size"].where(ends["size"] != "", None)
    at = ends.groupby("node")
    heights = at[["axis", "top", "bottom"]]
    spread = heights.max() - heights.min()
    off_m = spread.min(axis=1).round(6)
    deeper = survey.nodes["feature"].isin(("depth_change", "emergence", "pole_rise")).to_numpy(bool)
    rows = off_m.index[off_m > tolerance_m].to_numpy(np.intp)
    rows = rows[~deeper[rows]]
    yield Hits(
        table="nodes",
        rows=rows,
        what="pressure pipes meet at different heights",
        measured=off_m[rows].to_numpy(),
        limit=tolerance_m,
        unit="m",
    )
    changes = has_role(survey.nodes, "change")
    for field, what in (("size", "pipes of two sizes meet"), ("material", "pipes of two materials meet")):
        two = (at[field].nunique() == 2) & (at.size() == 2)
        rows = two.index[two].to_numpy(np.intp)
        rows = rows[~changes[rows] & (survey.degree[rows] == 2)]
        both = ends[ends["node"].isin(rows)].groupby("node")[field]
        yield Hits(
            table="nodes",
            rows=rows,
            what=f"{what} where no change is surveyed",
            measured=(both.min().astype(object) + ", " + both.max().astype(object)).to_numpy(object),
        )
