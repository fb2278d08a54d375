"""Rules of edges: what leaves a sheet of the map or the area of the survey goes on beyond, as it is on this side."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from layers.pipelines.codes.points import has_role
from layers.pipelines.rules.hits import Hits, Table
from layers.pipelines.rules.survey import Survey
from twin.crs import transform
from twin.rules.rule import rule

Floats = npt.NDArray[np.float64]
Positions = npt.NDArray[np.intp]
Texts = npt.NDArray[np.object_]

#: Points of a line are at most so far apart: what goes on beyond a border has a point there.
REACH_M = 75.0
#: A point at which no other point of its sheet lies farther out, by more than this, is at its border.
_AT_BORDER_M = 1.0
#: So many of the points nearest to an end are looked at.
_NEAREST = 8

_TOLERANCES = {
    "tolerance_m": "A line goes on where another one of its class ends no farther away, m.",
    "height_m": "Heights of the axes may differ by this much, m.",
}


@dataclass(frozen=True, kw_only=True, eq=False)
class _Ends:
    """Points at which lines end, p of them.

    Parameters
    ----------
    survey
        Of which.
    node
        Positions of the points.
    place_m
        (p, 2) their places.
    lines
        How many lines end there.
    group
        Class of one of them.
    size, material, axis_m
        Its section in words, its material, and the height of its axis.
    """

    survey: Survey
    node: Positions
    place_m: Floats
    lines: npt.NDArray[np.int64]
    group: Texts
    size: Texts
    material: Texts
    axis_m: Floats

    @classmethod
    def of(cls, survey: Survey, place_m: Floats) -> _Ends:
        """All of a survey, with its points at places in some plane."""
        ends = np.concatenate([survey.from_row, survey.to_row])
        node, end = np.unique(ends, return_index=True)
        there = np.isfinite(np.vstack([place_m, [[np.nan, np.nan]]])[node]).all(axis=1)  # no point is at -1
        node, end = node[there], end[there]
        segment = end % len(survey.segments) if len(survey.segments) else end
        size = survey.sections.labels()[segment]
        return cls(
            survey=survey,
            node=node,
            place_m=place_m[node],
            lines=survey.degree[node],
            group=survey.segments["class"].fillna("").to_numpy(object)[segment],
            size=size,
            material=survey.segments["material"].fillna("").to_numpy(object)[segment],
            axis_m=np.concatenate(survey.axis_m)[end],
        )

    def open(self) -> Positions:
        """Which of them a line leaves as the survey says, or ends at without a reason."""
        nodes = self.survey.nodes.iloc[self.node]
        stops = has_role(nodes, "end", "well", "inlet", "outfall", "source", "storage", "hydrant", "consumer")
        leaves = has_role(nodes, "border")
        return np.flatnonzero((self.lines == 1) & (leaves | ~stops))


@rule(
    "SHEET-EDGE",
    title="A line does not go on in the next sheet",
    title_zh="图幅接边不符",
    severity="warning",
    source="CJJ 61-2017, joining of sheets; catalogues of checks in use",
    confidence="medium",
    limits=_TOLERANCES,
    sure={"tolerance_m": "low", "height_m": "low"},
)
def find_broken_sheets(survey: Survey, *, tolerance_m: float = 0.5, height_m: float = 0.15) -> Iterator[Hits]:
    """Every end of a line at the border of its sheet that has no partner in the next sheet, or one that is otherwise.

    Ends are looked at where the survey says that the line goes on unsurveyed, or where it ends without a reason. One is
    at the border of its sheet if no point of that lies farther out by a metre, and the points of another sheet begin
    there within 75 m, as far as points may be apart. A partner is the end of a line of its class on another sheet with
    the same section, material and height.
    """
    ends = _Ends.of(survey, survey.place_m)
    sheets = survey.nodes["sheet_no"].fillna("").to_numpy(object)
    open_ = ends.open()
    open_ = open_[ends.node[open_] < survey.judged]
    open_ = open_[_at_borders(survey, ends.place_m[open_], sheets[ends.node[open_]])]
    told = "the line leaves its sheet here, and no line of its class goes on"
    yield from _judge_ends(ends, open_, ends, sheets, sheets, "sheet", told, tolerance_m, height_m)


@rule(
    "AREA-EDGE",
    title="A line does not go on in the next area",
    title_zh="测区接边不符",
    severity="warning",
    source="CJJ 61-2017, joining of survey areas; catalogues of checks in use",
    confidence="medium",
    limits=_TOLERANCES,
    sure={"tolerance_m": "low", "height_m": "low"},
)
def find_broken_areas(survey: Survey, *, tolerance_m: float = 0.5, height_m: float = 0.15) -> Iterator[Hits]:
    """Every end of a line beside another area in the store that has no partner there, or one that is otherwise.

    Ends are looked at as by `SHEET-EDGE`, where the store has a point of another area within 75 m. So are ends in the
    store at which lines of the classes that are delivered leave their area, where a delivered point is so near. Lines
    that end at points of the other area by name have been joined.
    """
    beyond = survey.beyond
    if beyond is None:
        return
    x, y = beyond.places.T
    beyond_m = np.column_stack(transform(x, y, beyond.nodes.crs, survey.plane))
    here, there = _Ends.of(survey, survey.place_m), _Ends.of(beyond, beyond_m)
    own, other = np.full(len(survey.nodes), "here", dtype=object), np.full(len(beyond.nodes), "there", dtype=object)

    judged = survey.place_m[: survey.judged]
    open_ = here.open()
    open_ = open_[(here.node[open_] < survey.judged) & _near(here.place_m[open_], beyond_m)]
    told = "the line leaves its area here, and no line of its class goes on in what the store has beyond"
    yield from _judge_ends(here, open_, there, own, other, "area", told, tolerance_m, height_m)

    left = there.open()
    leaves = has_role(beyond.nodes, "border")[there.node[left]]
    delivered = np.isin(there.group[left], survey.segments["class"].dropna().unique())
    left = left[leaves & delivered & _near(there.place_m[left], judged)]
    nearest, away_m = _find_nearest(there, left, here, other, own)
    areas = beyond.nodes["project"].fillna("?").to_numpy(object)[there.node[left]]
    told = "the line of area " + areas + " in the store leaves it here, and no delivered line of its class goes on"
    yield _missing_hits(there, left, here, nearest, away_m, "beyond", told, tolerance_m)


def _at_borders(survey: Survey, place_m: Floats, sheet: Texts) -> npt.NDArray[np.bool_]:
    """Which of e ends lie where their sheet ends and another one begins."""
    import pandas as pd

    judged = slice(survey.judged)
    x, y = survey.place_m[judged].T
    points = pd.DataFrame({"sheet": survey.nodes["sheet_no"].to_numpy(object)[judged], "x": x, "y": y}).dropna()
    by = points.groupby("sheet")
    boxes = pd.concat([by.min(), by.max()], axis=1).to_numpy(float)  # least x and y, greatest x and y
    own = by.min().index.get_indexer(pd.Index(sheet))
    known = np.flatnonzero(own >= 0)
    found = np.zeros(len(sheet), dtype=bool)
    if not len(known):
        return found
    end, next_ = shapely.STRtree(shapely.box(*boxes.T)).query(
        shapely.points(place_m[known]), predicate="dwithin", distance=REACH_M
    )
    end = known[end]
    mine, theirs, at = boxes[own[end]], boxes[next_], np.tile(place_m[end], 2)
    outwards = np.array([-1.0, -1.0, 1.0, 1.0])
    # On one of the four sides the end is the outermost of its sheet, and all of the other sheet lies beyond.
    outermost = (at - mine) * outwards >= -_AT_BORDER_M
    beyond = (theirs[:, [2, 3, 0, 1]] - mine) * outwards >= -_AT_BORDER_M
    found[end[(outermost & beyond).any(axis=1) & (own[end] != next_)]] = True
    return found


def _near(place_m: Floats, others_m: Floats) -> npt.NDArray[np.bool_]:
    """Which of e places have any of some others within reach."""
    from scipy.spatial import cKDTree

    others_m = others_m[np.isfinite(others_m).all(axis=1)]
    if not len(others_m) or not len(place_m):
        return np.zeros(len(place_m), dtype=bool)
    return np.isfinite(cKDTree(others_m).query(place_m, distance_upper_bound=REACH_M)[0])


def _find_nearest(
    ends: _Ends, open_: Positions, others: _Ends, labels: Texts, other_labels: Texts
) -> tuple[Positions, Floats]:
    """The end of a line of its class that is nearest to each of e open ends, -1 if none is within reach; how far it is.

    Points have labels, and partners different ones; what has none is nobody's partner. Of points with one label at one
    place the first stands for all: a tree cannot part them, and thousands would all be looked at for each other.
    """
    from scipy.spatial import cKDTree

    found_, away_m = np.full(len(open_), -1), np.full(len(open_), np.nan)
    for group in np.unique(ends.group[open_].astype(str)):
        mine, theirs = np.flatnonzero(ends.group[open_] == group), np.flatnonzero(others.group == group)
        if not len(theirs):
            continue
        _, kind = np.unique(other_labels[others.node[theirs]].astype(str), return_inverse=True)
        _, first = np.unique(np.column_stack([others.place_m[theirs], kind]), axis=0, return_index=True)
        theirs = theirs[first]
        places, place = np.unique(ends.place_m[open_[mine]], axis=0, return_inverse=True)
        k = list(range(1, min(_NEAREST, len(theirs)) + 1))
        found = cKDTree(others.place_m[theirs]).query(places, k=k, distance_upper_bound=REACH_M)
        apart_m, at = np.asarray(found[0])[place], np.asarray(found[1])[place]
        candidate = theirs[np.minimum(at, len(theirs) - 1)]
        label = other_labels[others.node[candidate]]
        other = (label != labels[ends.node[open_[mine]]][:, None]) & (label != "") & np.isfinite(apart_m)
        nearest = other.argmax(axis=1)
        there, row = other.any(axis=1), np.arange(len(mine))
        away_m[mine[there]] = apart_m[row, nearest][there]
        found_[mine[there]] = candidate[row, nearest][there]
    return found_, away_m


def _judge_ends(
    ends: _Ends,
    open_: Positions,
    others: _Ends,
    labels: Texts,
    other_labels: Texts,
    border: str,
    told: str,
    tolerance_m: float,
    height_m: float,
) -> Iterator[Hits]:
    """What is wrong with open ends at a border."""
    nearest, away_m = _find_nearest(ends, open_, others, labels, other_labels)
    yield _missing_hits(ends, open_, others, nearest, away_m, "nodes", told, tolerance_m)
    partner = np.where(away_m <= tolerance_m, nearest, -1)
    found = np.flatnonzero((partner >= 0) & (others.lines[partner] == 1))
    mine, theirs = open_[found], partner[found]
    names = others.survey.nodes["node_id"].to_numpy(object)[others.node[theirs]]
    for what, own, other in (
        ("section", ends.size[mine], others.size[theirs]),
        ("material", ends.material[mine], others.material[theirs]),
    ):
        wrong = np.flatnonzero((own != other) & (own != "") & (other != ""))
        yield Hits(
            table="nodes",
            rows=ends.node[mine[wrong]],
            what=f"the line goes on beyond the border of the {border} with another {what}",
            measured=own[wrong],
            limit=other[wrong],
            others=names[wrong],
        )
    off_m = np.round(np.abs(ends.axis_m[mine] - others.axis_m[theirs]), 6)
    wrong = np.flatnonzero(off_m > height_m)
    yield Hits(
        table="nodes",
        rows=ends.node[mine[wrong]],
        what=f"the line goes on beyond the border of the {border} at another height",
        measured=off_m[wrong],
        limit=height_m,
        unit="m",
        others=names[wrong],
        by="height_m",
    )


def _missing_hits(
    ends: _Ends,
    open_: Positions,
    others: _Ends,
    nearest: Positions,
    away_m: Floats,
    table: Table,
    told: str | Texts,
    tolerance_m: float,
) -> Hits:
    """Open ends whose nearest neighbour is too far away to be a partner, with that."""
    missing = np.flatnonzero(~(away_m <= tolerance_m))
    names = np.array([*others.survey.nodes["node_id"].to_numpy(object)[others.node], None], dtype=object)
    return Hits(
        table=table,
        rows=ends.node[open_[missing]],
        what=told if isinstance(told, str) else told[missing],
        measured=away_m[missing],
        limit=tolerance_m,
        unit="m",
        others=names[nearest[missing]],
        by="tolerance_m",
    )
