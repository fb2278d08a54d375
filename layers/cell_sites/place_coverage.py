"""The indicator key_place_5g: how many of the key public places have 5G."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Literal

from layers.cell_sites.evidence import judge_drive, judge_grid, judge_key_points, judge_sectors, read_samples
from layers.cell_sites.judging import Judgement, Method, Places, judge_in_turn
from layers.cell_sites.place_report import report_outcome
from layers.cell_sites.serving import build_serving
from twin.crs import BBox, metric_plane
from twin.errors import InvalidParameter
from twin.frame import Frame
from twin.indicator import Clause, Example, Measure, Target, indicator

#: Four places worked out by hand: A measured good at both key points; B measured weak at one of two, although a sector
#: covers it; C unmeasured inside a circle of 500 m; D unmeasured 2 km away from it. Two of four are covered.
EXAMPLE = Example(
    crs="EPSG:4549",
    rows={
        "key_places": tuple(
            {
                "place_id": place_id,
                "name": place_id,
                "category": category,
                "geometry": f"MULTIPOLYGON ((({x} 3930000, {x + 100} 3930000, {x + 100} 3930100, {x} 3930100, "
                f"{x} 3930000)))",
            }
            for place_id, category, x in (
                ("A", "hospital", 497000),
                ("B", "school", 500100),
                ("C", "school", 499800),
                ("D", "park", 502000),
            )
        ),
        "cell_sites": (
            {
                "cell_id": "cell-1",
                "band": "n41",
                "beamwidth_deg": 360.0,
                "radius_m": 500.0,
                "status": "in_service",
                "geometry": "POINT Z (500000 3930000 120)",
            },
        ),
        "signal_samples": tuple(
            {
                "sample_id": f"{place_id}-{number}",
                "kind": "key_point",
                "place_id": place_id,
                "ss_rsrp_dbm": rsrp,
                "geometry": f"POINT ({x + 20 * number} 3930050)",
            }
            for place_id, x, values in (("A", 497000, (-80.0, -105.0)), ("B", 500100, (-80.0, -105.1)))
            for number, rsrp in enumerate(values)
        ),
        "admin_areas": (
            {
                "area_id": "371321001",
                "name": "界湖街道",
                "level": "township",
                "geometry": "MULTIPOLYGON (((490000 3920000, 510000 3920000, 510000 3940000, 490000 3940000, "
                "490000 3920000)))",
            },
        ),
    },
    value=0.5,
)


@indicator(
    title="5G coverage of key public places",
    title_zh="重点公共区域5G网络覆盖率",
    unit="ratio",
    target=Target(
        op=">=",
        value=1.0,
        note="by the second half of 2023; 基本实现…全覆盖: 'basically' is not quantified, so only all of them meets it",
    ),
    clause=Clause(
        document=(
            "数鲁专组办发〔2019〕7号附件2《山东省县级新型智慧城市试点示范建设标准(试行)》;"
            "《沂南县新型智慧城市建设实施方案》(2022)"
        ),
        article="11. 5G网络覆盖率;16. 优化信息通信网络",
        text=(
            "“已经实现5G覆盖的城市重点公共区域个数/城市重点公共区域总数。”"
            "“城市重点公共区域指机场车站、旅游景点、公园广场、图书馆、医院、学校、政务服务中心等公共场所。”;"
            "“力争到2023年下半年,基本实现县城区域、重点乡镇驻地、重点项目(园区)、高速公路服务区5G网络全覆盖”"
        ),
    ),
    example=EXAMPLE,
    about={
        "method": "Evidence to judge by: the best there is for each place, or one kind only.",
        "rsrp_dbm": "SS-RSRP at and above which a spot has signal, dBm.",
        "sinr_db": "SS-SINR it must reach as well, dB; not asked for by default.",
        "area_share": "Share of its measured spots, or of its area, at which a place is covered; above 0, at most 1.",
        "min_samples": "Fewest drive-test spots inside a place that say anything about it.",
        "min_measured_share": "Smallest share of a place under measured grid cells that says anything about it.",
        "radius_scale": "Factor on the stated radius of every sector; above 0, at most 10.",
        "category": "Only places of this category.",
        "operator": "Only this operator's cells and samples; any operator by default.",
        "measured_since": "Only samples measured on this day or later.",
        "on_date": "Day on which cells must be in service, and after which samples do not count.",
    },
)
def key_place_5g(
    key_places: Frame,
    cell_sites: Frame,
    signal_samples: Frame,
    admin_areas: Frame,
    *,
    method: Literal["best", "key_points", "area_share", "radius"] = "best",
    rsrp_dbm: float = -105.0,
    sinr_db: float | None = None,
    area_share: float = 0.95,
    min_samples: int = 5,
    min_measured_share: float = 0.5,
    radius_scale: float = 1.0,
    category: str | None = None,
    operator: str | None = None,
    measured_since: date | None = None,
    on_date: date | None = None,
) -> Measure:
    """Key public places with 5G ÷ all key public places, each judged by the best evidence there is about it.

    1. `key_points`: measured samples at its key points; it is covered when all of them meet the threshold.
    2. `area_share`: measured grid cells over it, weighted by area, else drive-test spots inside it; it is covered when
       the share that meets the threshold reaches `area_share`.
    3. `radius`: the union of the sectors that 5G cells in service are stated to serve; it is covered when that holds
       the share `area_share` of it. This is an estimate, and says so.

    A spot meets the threshold when some operator's signal does. A place nobody can judge counts as not covered.
    Places are counted, not weighed. Township rows hold the places whose inner point lies in them.

    Raises
    ------
    InvalidParameter
        A share, factor, category or operator is out of its range.

    References
    ----------
    Pilot standard 2019, county annex, 5G网络覆盖率; 工信部联通信〔2023〕257号 (a key place is deeply covered when all
    its key points are).
    """
    for name, share, most in (
        ("area_share", area_share, 1),
        ("min_measured_share", min_measured_share, 1),
        ("radius_scale", radius_scale, 10),
    ):
        if not 0 < share <= most:
            raise InvalidParameter(f"{name} must be above 0 and at most {most}, not {share}", parameter=name)
    if min_samples < 1:
        raise InvalidParameter(f"min_samples must be at least 1, not {min_samples}", parameter="min_samples")
    _require_in_range(signal_samples, "ss_rsrp_dbm", rsrp_dbm, "rsrp_dbm")
    _require_in_range(signal_samples, "ss_sinr_db", sinr_db, "sinr_db")
    _require_code(key_places, "category", category)
    _require_code(cell_sites, "operator", operator)
    if category is not None:
        key_places = key_places.take((key_places.data["category"] == category).to_numpy(bool))
    if not len(key_places):
        return Measure(value=None, note=f"There are no key places{f' of category {category}' if category else ''}.")

    plane = metric_plane(key_places.crs, BBox.around(key_places.geometry))
    places = Places.of(key_places, plane)
    samples = read_samples(
        signal_samples,
        plane,
        rsrp_dbm=rsrp_dbm,
        sinr_db=sinr_db,
        operator=operator,
        since=measured_since,
        until=on_date,
    )
    serving = build_serving(cell_sites, plane, operator=operator, on_date=on_date, radius_scale=radius_scale)

    judges: list[tuple[Method, Callable[[Places], Judgement]]] = [
        ("key_points", partial(judge_key_points, samples=samples)),
        ("area_share", partial(judge_grid, samples=samples, needed=area_share, measured=min_measured_share)),
        ("area_share", partial(judge_drive, samples=samples, needed=area_share, at_least=min_samples)),
    ]
    # No inventory, or one that says too little to draw a single sector, is no evidence of no coverage.
    if len(cell_sites) and serving.is_evidence:
        judges.append(("radius", partial(judge_sectors, sectors=serving.sectors, needed=area_share)))
    outcome = judge_in_turn(places, [judge for name, judge in judges if method in ("best", name)])
    if not outcome.judged.any():
        wanted = "no samples in any key place and no cells with a stated radius" if method == "best" else f"no {method}"
        note = " ".join((f"There is no evidence to judge by: {wanted}.", *serving.tell()))
        return Measure(value=None, denominator=float(len(places)), note=note)
    return report_outcome(outcome, key_places, admin_areas, serving=serving)


def _require_in_range(frame: Frame, name: str, value: float | None, parameter: str) -> None:
    field = frame.layer.schema[name]
    if value is not None and not (field.minimum or 0) <= value <= (field.maximum or 0):
        raise InvalidParameter(f"{parameter} must be {field.limit}, not {value}", parameter=parameter)


def _require_code(frame: Frame, field: str, value: str | None) -> None:
    known = [str(code.value) for code in frame.layer.schema[field].codes]
    if value is not None and value not in known:
        raise InvalidParameter(f"{field} must be one of {', '.join(known)}, not {value!r}", parameter=field)
