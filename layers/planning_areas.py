"""Planning area (城市规划区) and urban area (城区): the denominators of the map indicators, in their versions."""

from __future__ import annotations

from twin.layer import Layer, Style
from twin.schema import Code, Field

PLANNING_AREAS = Layer(
    id="planning_areas",
    title="Planning and urban areas",
    title_zh="城市规划区与城区范围",
    about=(
        "The area under planning control and the built-up urban area, each version with the document that approved it. "
        "Policies divide by one or the other; a result says which."
    ),
    group=("Boundaries and planning", "区划与规划"),
    geometry="MultiPolygon",
    key="area_id",
    makes_keys=True,
    fields=(
        Field(
            name="area_id",
            title="Area identifier",
            title_zh="范围标识",
            required=True,
            max_length=64,
            aliases=("代码", "编号", "编码", "标识", "范围编号", "code", "id"),
        ),
        Field(
            name="name",
            title="Name",
            title_zh="名称",
            required=True,
            max_length=200,
            aliases=("名称", "范围名称", "规划名称", "mc"),
        ),
        Field(
            name="kind",
            title="Kind",
            title_zh="类别",
            required=True,
            codes=(
                Code(
                    value="planning",
                    title="Planning area",
                    title_zh="城市规划区",
                    aliases=("规划区", "规划区范围", "城市规划区范围"),
                ),
                Code(
                    value="urban",
                    title="Urban area",
                    title_zh="城区",
                    aliases=("城区范围", "建成区", "主城区", "县城城区", "中心城区"),
                ),
            ),
            aliases=("类别", "类型", "范围类型", "种类"),
            note="Planning area as GB/T 50280-98 defines it; urban area as the plan that counts it delimits it.",
        ),
        Field(
            name="version",
            title="Version",
            title_zh="版本",
            max_length=64,
            aliases=("版本", "版本号", "规划期限", "规划版本"),
            note="Edition of the plan, e.g. 2018-2035.",
        ),
        Field(
            name="status",
            title="Status",
            title_zh="状态",
            required=True,
            default="in_force",
            codes=(
                Code(
                    value="in_force", title="In force", title_zh="现行", aliases=("现行有效", "有效", "已批复", "批复")
                ),
                Code(
                    value="superseded",
                    title="Superseded",
                    title_zh="已废止",
                    aliases=("废止", "失效", "历史", "已替代"),
                ),
                Code(value="draft", title="Draft", title_zh="草案", aliases=("在编", "征求意见稿", "报批", "报批稿")),
            ),
            aliases=("状态", "效力", "规划状态"),
        ),
        Field(
            name="approved_date",
            type="date",
            title="Approved on",
            title_zh="批准日期",
            aliases=("批准日期", "批复日期", "批准时间", "批复时间"),
        ),
        Field(
            name="document",
            title="Approving document",
            title_zh="批准文件",
            max_length=300,
            aliases=("批准文件", "批复文件", "批复文号", "文号", "依据文件"),
        ),
    ),
    zooms=(6, 18),
    style=Style(
        color="#c2554d",
        by="kind",
        colors={"planning": "#c2554d", "urban": "#d9923b"},
        opacity=0.06,
        width_px=2,
        label_zoom=10,
    ),
    standard="GB/T 50280-98 城市规划基本术语标准",
    example={
        "type": "Feature",
        "geometry": {
            "type": "MultiPolygon",
            "coordinates": [
                [[[118.42, 35.52], [118.52, 35.52], [118.52, 35.59], [118.42, 35.59], [118.42, 35.52]]],
            ],
        },
        "properties": {
            "area_id": "planning-2018-2035",
            "name": "沂南县城市规划区",
            "kind": "planning",
            "version": "2018-2035",
            "status": "in_force",
            "approved_date": "2019-06-30",
            "document": "illustration",
        },
    },
)
