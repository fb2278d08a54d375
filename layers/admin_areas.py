"""Administrative areas: county, townships, communities and management grid cells, each within its parent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from twin.errors import Fault
from twin.layer import Layer, Style
from twin.schema import Code, Field

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

LEVELS = (
    Code(
        value="county",
        title="County",
        title_zh="县级",
        aliases=("县", "区", "区县", "县区", "县(市、区)", "市辖区", "县级市", "district"),
    ),
    Code(
        value="township",
        title="Township or subdistrict",
        title_zh="乡级",
        aliases=("乡镇", "乡", "镇", "街道", "镇街", "街道办事处", "乡镇(街道)", "乡镇街道", "street", "town"),
    ),
    Code(
        value="community",
        title="Community or village",
        title_zh="村级",
        aliases=("社区", "村", "行政村", "居委会", "村委会", "村居", "社区(村)", "village"),
    ),
    Code(
        value="grid",
        title="Grid cell",
        title_zh="网格",
        aliases=("单元网格", "基础网格", "管理网格", "微网格", "网格单元", "cell"),
    ),
)

#: How much of an area may stick out of its parent: generalised outlines of two sources never meet exactly.
OUTSIDE_PARENT_SHARE = 0.05


def check_parents(rows: GeoDataFrame) -> list[Fault]:
    """Every parent is of a higher level and holds its child.

    Parents may not be delivered yet, or never be: a county names its city. So a parent that does not exist is a fault
    where others of the same level have theirs. An area lies in its parent when at most `OUTSIDE_PARENT_SHARE` of it
    sticks out.
    """
    rank = rows["level"].map({code.value: number for number, code in enumerate(LEVELS)}).to_numpy(float)
    child = np.flatnonzero(rows["parent_id"].notna().to_numpy())
    parent = rows.index.get_indexer(rows["parent_id"].iloc[child])

    unknown = child[(parent < 0) & np.isin(rank[child], rank[child[parent >= 0]])]
    faults = [_fault(rows, row, "there is no area with this parent_id") for row in unknown.tolist()]
    child, parent = child[parent >= 0], parent[parent >= 0]
    nested = rank[parent] < rank[child]
    faults += [
        _fault(rows, row, "the parent is not of a higher level", limit="county > township > community > grid")
        for row in child[~nested].tolist()
    ]
    child, parent = child[nested], parent[nested]
    geometry = rows.geometry.to_numpy()
    # Most lie wholly inside, which a prepared parent tells fast; only the others are cut.
    shapely.prepare(geometry[parent])
    beyond = ~shapely.covers(geometry[parent], geometry[child])
    child, parent = child[beyond], parent[beyond]
    outside = shapely.area(shapely.difference(geometry[child], geometry[parent]))
    sticks_out = outside > OUTSIDE_PARENT_SHARE * shapely.area(geometry[child])
    faults += [
        _fault(rows, row, "the area does not lie in its parent", limit=f"at most {OUTSIDE_PARENT_SHARE:.0%} outside")
        for row in child[sticks_out].tolist()
    ]
    return faults


def _fault(rows: GeoDataFrame, row: int, what: str, *, limit: str | None = None) -> Fault:
    return Fault(what=what, row=row, field="parent_id", value=str(rows["parent_id"].iloc[row]), limit=limit)


ADMIN_AREAS = Layer(
    id="admin_areas",
    title="Administrative areas",
    title_zh="行政区划",
    about="County, townships, communities and management grid cells; every indicator is broken down by these.",
    group=("Boundaries and planning", "区划与规划"),
    geometry="MultiPolygon",
    key="area_id",
    fields=(
        Field(
            name="area_id",
            title="Division code",
            title_zh="区划代码",
            required=True,
            max_length=24,
            aliases=(
                "adcode",
                "code",
                "代码",
                "编码",
                "行政区划代码",
                "区划码",
                "统计用区划代码",
                "行政区代码",
                "XZQDM",
                "district_adcode",
                "网格编码",
                "网格代码",
            ),
            note="Division code as text: 6 digits (county), 9 (township), 12 (community), longer for grid cells.",
        ),
        Field(
            name="name",
            title="Name",
            title_zh="名称",
            required=True,
            max_length=100,
            aliases=(
                "名称",
                "行政区名称",
                "区划名称",
                "XZQMC",
                "乡镇",
                "乡镇名称",
                "县区",
                "县",
                "街道名称",
                "社区名称",
                "村名",
                "网格名称",
                "district_name",
                "mc",
            ),
        ),
        Field(
            name="name_en", title="English name", title_zh="英文名称", max_length=100, aliases=("英文名", "英文名称")
        ),
        Field(
            name="level",
            title="Level",
            title_zh="级别",
            required=True,
            codes=LEVELS,
            aliases=("级别", "层级", "行政级别", "区划级别", "类型"),
        ),
        Field(
            name="parent_id",
            title="Parent area",
            title_zh="上级代码",
            max_length=24,
            aliases=("上级代码", "上级区划代码", "父级代码", "所属区划", "parent", "pcode", "cityCode", "areaCode"),
            note="Division code of the area that holds this one; empty for the topmost.",
        ),
        Field(
            name="population",
            type="integer",
            title="Resident population",
            title_zh="常住人口",
            unit="persons",
            minimum=0,
            aliases=("常住人口", "人口", "人口数"),
        ),
        Field(
            name="area_source",
            title="Source of the outline",
            title_zh="界线来源",
            max_length=200,
            aliases=("来源", "数据来源", "界线来源"),
            note="Where the outline comes from: areas of the same county differ by 0.5 % between published outlines.",
        ),
    ),
    zooms=(6, 18),
    style=Style(
        color="#8a6d3b",
        by="level",
        colors={"county": "#6b2d5c", "township": "#8a6d3b", "community": "#5b8c5a", "grid": "#9aa5b1"},
        weights={"county": 14, "township": 4, "community": 1, "grid": 0.5},
        opacity=0.02,
        width_px=1.0,
        label="name",
        label_zoom=13,
    ),
    standard="GB/T 2260, GB/T 10114 (division codes)",
    checks=(check_parents,),
    example={
        "type": "Feature",
        "geometry": {
            "type": "MultiPolygon",
            "coordinates": [
                [[[118.44, 35.53], [118.50, 35.53], [118.50, 35.57], [118.44, 35.57], [118.44, 35.53]]],
            ],
        },
        "properties": {
            "area_id": "371321001",
            "name": "界湖街道",
            "name_en": "Jiehu Subdistrict",
            "level": "township",
            "population": 120000,
            "area_source": "illustration",
        },
    },
)
