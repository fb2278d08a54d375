"""What points and segments of pipelines have in common: their fields, and the checks of these."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from layers.pipelines.codes.attributes import STATES
from layers.pipelines.codes.classes import CLASS_CODES, CLASS_OF, SUBCLASS_CODES
from twin.errors import Fault
from twin.schema import Field

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

CLASS_FIELDS = (
    Field(
        name="class",
        title="Class",
        title_zh="管线大类",
        required=True,
        codes=CLASS_CODES,
        aliases=("管类", "管线类别", "管线类型", "管线种类", "大类", "Type", "pipe_class", "pipeclass"),
        note="CJJ 61-2017, appendix B.",
    ),
    Field(
        name="subclass",
        title="Sub-class",
        title_zh="管线小类",
        codes=SUBCLASS_CODES,
        aliases=("小类", "管线子类", "子类", "管线性质", "sub_type"),
        note="CJJ 61-2017, appendix B.",
    ),
    Field(
        name="feature_code",
        title="Feature code",
        title_zh="要素代码",
        max_length=20,
        aliases=("Code", "编码", "要素编码", "分类代码", "分类编码", "管线编码"),
        note="Eight digits of CJJ 61-2017, appendix F, or what a city has instead.",
    ),
)

RECORD_FIELDS = (
    Field(
        name="status",
        title="State",
        title_zh="使用状态",
        required=True,
        default="in_service",
        codes=STATES,
        aliases=("状态", "使用状况", "使用情况", "管线状态", "运行状态", "State"),
        note="CJJ 61-2017, C.0.3. Lengths in service are those of in_service only.",
    ),
    Field(
        name="owner",
        title="Owner",
        title_zh="权属单位",
        max_length=100,
        aliases=("权属", "权属单位名称", "产权单位", "权属单位代码", "Belong"),
    ),
    Field(
        name="built_year",
        type="integer",
        title="Year built",
        title_zh="建设年代",
        minimum=1850,
        maximum=2200,
        aliases=("建设年份", "埋设年代", "埋设年份", "建成年份", "敷设年代", "Mdate"),
        note="A delivered date of laying counts by its year.",
    ),
    Field(
        name="road",
        title="Road",
        title_zh="所在道路",
        max_length=200,
        aliases=("道路名称", "道路", "所在道路名称", "所在位置", "地址", "Address"),
    ),
    Field(
        name="project",
        title="Delivery area",
        title_zh="测区编号",
        max_length=64,
        aliases=("工程编号", "项目编号", "测区", "工程号", "Prj_No"),
        note="The survey project or area a row was delivered with; a later delivery of it replaces what it had.",
    ),
    Field(
        name="surveyor",
        title="Surveyed by",
        title_zh="探测单位",
        max_length=100,
        aliases=("探测单位名称", "测量单位", "普查单位", "调查单位", "SUnit"),
    ),
    Field(
        name="survey_date",
        type="date",
        title="Date of survey",
        title_zh="探测日期",
        aliases=("探测时间", "测量日期", "普查日期", "调查日期", "SDate"),
    ),
    Field(name="note", title="Note", title_zh="备注", aliases=("说明", "附注", "remark", "remarks")),
)


def check_subclass(rows: GeoDataFrame) -> list[Fault]:
    """Find rows whose sub-class is not one of their class."""
    belongs = rows["subclass"].map(CLASS_OF)
    wrong = (rows["subclass"].notna() & (belongs != rows["class"])).to_numpy(bool)
    return [
        Fault(
            what=f"the sub-class is one of class {belongs.iloc[row]}",
            row=row,
            field="subclass",
            value=rows["subclass"].iloc[row],
            limit=f"a sub-class of {rows['class'].iloc[row]}",
        )
        for row in np.flatnonzero(wrong).tolist()
    ]
