"""Rules of structure: points and segments are there once, name each other, and are as many as their kind needs."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import shapely

from layers.pipelines.axis import has_heights, lengths_m
from layers.pipelines.codes.points import FEATURES, has_role
from layers.pipelines.rules.hits import Hits
from layers.pipelines.rules.survey import Survey
from twin.rules.rule import rule

Pairs = npt.NDArray[np.intp]

_SURVEY = "CJJ 61-2017, quality inspection of results; catalogues of checks in use"


def _text(values: npt.ArrayLike) -> npt.NDArray[np.object_]:
    return np.asarray(values, dtype=object)


@rule(
    "PT-DUP",
    title="A point number stands twice",
    title_zh="管线点号重复",
    severity="error",
    source=_SURVEY,
    confidence="high",
    binding=True,
)
def find_repeated_points(survey: Survey) -> Iterator[Hits]:
    """Every row of a point whose number an earlier row has."""
    names = survey.nodes["node_id"].iloc[: survey.judged]
    again = np.flatnonzero((names.duplicated() & names.notna()).to_numpy())
    if not len(again):
        return
    first = names.reset_index(drop=True).drop_duplicates()
    place = dict(zip(first, first.index, strict=True))
    earlier = [place[name] for name in names.iloc[again]]
    told = [survey.node_rows.describe(row) if survey.node_rows else f"row {row + 1}" for row in earlier]
    yield Hits(table="nodes", rows=again, what="the point number stands twice", field="node_id", others=told)


@rule(
    "LN-DUP",
    title="A segment stands twice",
    title_zh="管线段重复",
    severity="error",
    source=_SURVEY,
    confidence="high",
    binding=True,
)
def find_repeated_segments(survey: Survey) -> Iterator[Hits]:
    """Every segment of a class between the two points of an earlier one, in either direction and by the same way.

    So is one that has the identifier of an earlier one.
    """
    import pandas as pd

    ends = np.sort(survey.segments[["from_node", "to_node"]].fillna("").to_numpy(object).astype(str), axis=1)
    bent = shapely.get_num_coordinates(survey.paths) > 2
    ways = np.where(bent, shapely.to_wkb(shapely.normalize(survey.paths), hex=True), "")
    rows = pd.DataFrame({"class": survey.segments["class"].to_numpy(), "a": ends[:, 0], "b": ends[:, 1], "way": ways})
    again = rows.duplicated() & (rows["a"] != rows["b"]) & (rows["a"] != "")
    hits = np.flatnonzero(again.to_numpy())
    first = rows.drop_duplicates()
    place = pd.Series(first.index, index=pd.MultiIndex.from_frame(first))
    earlier = place.reindex(pd.MultiIndex.from_frame(rows.iloc[hits])).to_numpy(np.int64) if len(hits) else hits
    others = survey.segments["segment_id"].to_numpy(object)[earlier]
    yield Hits(table="segments", rows=hits, what="the segment stands twice", others=others)
    ids = survey.segments["segment_id"]
    named = np.flatnonzero((ids.duplicated() & ids.notna()).to_numpy() & ~again.to_numpy())
    yield Hits(table="segments", rows=named, what="the identifier stands twice", field="segment_id")


@rule(
    "LN-SELF",
    title="A segment ends where it starts",
    title_zh="管线段起止点相同",
    severity="error",
    source=_SURVEY,
    confidence="high",
    binding=True,
)
def find_loops(survey: Survey) -> Iterator[Hits]:
    """Every segment whose two points are one."""
    same = survey.segments["from_node"] == survey.segments["to_node"]
    ends = _text(survey.segments["to_node"])
    rows = np.flatnonzero(same.to_numpy(bool))
    yield Hits(
        table="segments", rows=rows, what="the segment ends where it starts", field="to_node", measured=ends[rows]
    )


@rule(
    "LN-REF",
    title="A segment ends at a point that is not there",
    title_zh="管线段端点缺失",
    severity="error",
    source=_SURVEY,
    confidence="high",
    binding=True,
)
def find_missing_ends(survey: Survey) -> Iterator[Hits]:
    """Every end of a segment whose point is neither in the delivery nor in the store."""
    for end, row in (("from_node", survey.from_row), ("to_node", survey.to_row)):
        names = survey.segments[end]
        rows = np.flatnonzero((row < 0) & names.notna().to_numpy())
        what = "there is no such point"
        yield Hits(table="segments", rows=rows, what=what, field=end, measured=_text(names)[rows])


@rule(
    "PT-ORPHAN",
    title="A point belongs to no segment",
    title_zh="孤立管线点",
    severity="warning",
    source=_SURVEY,
    confidence="high",
)
def find_lone_points(survey: Survey) -> Iterator[Hits]:
    """Every point at which no segment ends, unless it stands for the cover of a well beside the line."""
    beside = survey.nodes["offset_node"].dropna()
    names = survey.nodes["node_id"]
    lone = (survey.degree == 0) & ~(names.isin(beside) | names.duplicated()).to_numpy()
    yield Hits(table="nodes", rows=np.flatnonzero(lone[: survey.judged]), what="no segment ends at this point")


@rule(
    "PT-DEGREE",
    title="A point has too few or too many segments for what it is",
    title_zh="管线点连接数与特征不符",
    severity="warning",
    source=_SURVEY,
    confidence="high",
)
def find_wrong_degrees(survey: Survey) -> Iterator[Hits]:
    """Every point whose number of segments its feature does not allow.

    Three meet at a tee, four at a cross, two where something changes. A dead end is allowed where the line may stop,
    and at wells.
    """
    nodes, degree = survey.nodes.iloc[: survey.judged], survey.degree[: survey.judged]
    allowed = {str(kind.code.value): kind.degree for kind in FEATURES if kind.degree}
    low, high = (nodes["feature"].map({k: v[i] for k, v in allowed.items()}).to_numpy(float) for i in (0, 1))
    with np.errstate(invalid="ignore"):
        wrong = ((degree < low) | (degree > high)) & (degree > 0)
    plain = nodes["feature"].isna().to_numpy()
    dead = plain & (degree == 1) & ~has_role(nodes, "end", "well")
    rows = np.flatnonzero(wrong | dead)
    titles = {str(kind.code.value): kind.code.title_zh for kind in FEATURES}
    limit = [
        f"{lo:g}" if lo == hi else f"{lo:g} or more" if hi > 9 else f"{lo:g} to {hi:g}"
        for lo, hi in zip(np.where(dead, 2, low)[rows], np.where(dead, 99, high)[rows], strict=True)
    ]
    kinds = nodes["feature"].iloc[rows].map(titles).astype(object)
    what = [f"segments at a {kind}" if isinstance(kind, str) else "the line ends here" for kind in kinds]
    yield Hits(table="nodes", rows=rows, what=_text(what), field="feature", measured=degree[rows], limit=_text(limit))


@rule(
    "PT-NEAR",
    title="Two points of a class nearly coincide",
    title_zh="管线点过近未捕捉",
    severity="error",
    source="Catalogues of checks in use: 0.05 to 0.1 m",
    confidence="medium",
    limits={"tolerance_m": "Points nearer than this are one, m."},
)
def find_near_points(survey: Survey, *, tolerance_m: float = 0.05) -> Iterator[Hits]:
    """Every pair of points of a class that are nearer to each other than the tolerance: one of them, with the other."""
    names = _text(survey.nodes["node_id"])
    first = ~survey.nodes["node_id"].duplicated().to_numpy()
    there = np.isfinite(survey.place_m).all(axis=1) & first
    for pipe_class in survey.nodes["class"].dropna().unique():
        rows = np.flatnonzero(there & (survey.nodes["class"] == pipe_class).to_numpy(bool))
        pairs, distance_m = _near_pairs(survey.place_m[rows], tolerance_m)
        pairs = rows[pairs]
        # The later one is told, unless only the earlier one is judged.
        told = np.where(pairs[:, 1] < survey.judged, pairs[:, 1], pairs[:, 0])
        keep = told < survey.judged
        yield Hits(
            table="nodes",
            rows=told[keep],
            what="another point of the class is nearer than the tolerance",
            measured=distance_m[keep],
            limit=tolerance_m,
            unit="m",
            others=names[np.where(told == pairs[:, 1], pairs[:, 0], pairs[:, 1])[keep]],
            places=survey.places[pairs[keep]].mean(axis=1),
        )


def _near_pairs(places: npt.NDArray[np.float64], tolerance_m: float) -> tuple[Pairs, npt.NDArray[np.float64]]:
    """Pairs of places nearer to each other than the tolerance, each place with its nearest, and their distances.

    Places that are the same stand for their first: a tree cannot part them, and thousands at one place would all be
    near each other.
    """
    from scipy.spatial import cKDTree

    if len(places) < 2:
        return np.empty((0, 2), dtype=np.intp), np.empty(0)
    _, first, which = np.unique(places, axis=0, return_index=True, return_inverse=True)
    same = np.column_stack([first[which], np.arange(len(places))])
    same = same[same[:, 0] != same[:, 1]]
    found = cKDTree(places[first]).query(places[first], k=2, distance_upper_bound=tolerance_m)
    away, near = np.asarray(found[0])[:, 1], np.asarray(found[1])[:, 1]
    close = np.flatnonzero(away < tolerance_m)
    pairs = np.sort(np.column_stack([first[close], first[near[close]]]), axis=1)
    pairs, at = np.unique(pairs, axis=0, return_index=True)
    return np.vstack([same, pairs]), np.concatenate([np.zeros(len(same)), away[close][at]])


@rule(
    "LN-LEN",
    title="A segment has hardly a length",
    title_zh="管线段过短",
    severity="error",
    source="Catalogues of checks in use: 0.05 m",
    confidence="medium",
    limits={"shortest_m": "Shortest segment, m in space."},
)
def find_short_segments(survey: Survey, *, shortest_m: float = 0.05) -> Iterator[Hits]:
    """Every segment that is shorter in space than the limit, along its way."""
    length = lengths_m(survey.axes_m, has_heights(survey.segments))
    rows = np.flatnonzero((length < shortest_m) & (survey.from_row != survey.to_row))
    what = "the segment is shorter than allowed"
    yield Hits(table="segments", rows=rows, what=what, measured=length[rows], limit=shortest_m, unit="m")


@rule(
    "LN-LONG",
    title="Points of a segment are too far apart",
    title_zh="管线段过长",
    severity="warning",
    source="CJJ 61-2017: points on straight lines are at most 75 m apart on the plan",
    confidence="medium",
    limits={"longest_m": "Longest way from point to point, m on the plan."},
)
def find_long_segments(survey: Survey, *, longest_m: float = 75.0) -> Iterator[Hits]:
    """Every segment whose way on the plan is longer than the limit."""
    length = survey.way_m
    rows = np.flatnonzero(length > longest_m)
    what = "points are farther apart than allowed"
    yield Hits(table="segments", rows=rows, what=what, measured=length[rows], limit=longest_m, unit="m")
