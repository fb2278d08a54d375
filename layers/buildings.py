"""Buildings: footprints with height, floors, use and the level of their city model."""

from __future__ import annotations

from twin.layer import Layer, Style
from twin.schema import Code, Field

USES = (
    Code(value="residential", title="Residential", title_zh="住宅", aliases=("居住", "民房", "居民楼", "宿舍", "公寓")),
    Code(
        value="commercial",
        title="Commercial",
        title_zh="商业",
        aliases=("商业服务", "商服", "商场", "店铺", "酒店", "餐饮"),
    ),
    Code(value="office", title="Office", title_zh="办公", aliases=("写字楼", "行政办公", "机关", "商务办公", "商务")),
    Code(value="industrial", title="Industrial", title_zh="工业", aliases=("厂房", "车间", "工矿")),
    Code(value="warehouse", title="Warehouse", title_zh="仓储", aliases=("仓库", "物流仓储", "库房")),
    Code(value="education", title="Education", title_zh="教育", aliases=("学校", "教学楼", "科教", "幼儿园")),
    Code(value="medical", title="Medical", title_zh="医疗", aliases=("医院", "卫生", "医疗卫生", "卫生院")),
    Code(value="culture", title="Culture and sport", title_zh="文体", aliases=("文化", "体育", "图书馆", "文化娱乐")),
    Code(value="transport", title="Transport", title_zh="交通", aliases=("车站", "交通运输", "加油站", "停车楼")),
    Code(
        value="utility", title="Utility", title_zh="市政", aliases=("公用设施", "市政公用", "变电站", "泵站", "配电室")
    ),
    Code(value="agricultural", title="Agricultural", title_zh="农业", aliases=("大棚", "养殖", "农业设施", "温室")),
    Code(value="mixed", title="Mixed use", title_zh="综合", aliases=("商住", "商住两用", "混合", "综合楼")),
    Code(value="other", title="Other", title_zh="其他", aliases=("其它", "附属", "未知", "不详")),
)

BUILDINGS = Layer(
    id="buildings",
    title="Buildings",
    title_zh="建筑物",
    about="Building footprints at the height of the ground they stand on, with height, floors, use and CIM level.",
    group=("Buildings and places", "建筑与场所"),
    geometry="MultiPolygon",
    has_z=True,
    key="building_id",
    makes_keys=True,
    fields=(
        Field(
            name="building_id",
            title="Building identifier",
            title_zh="建筑标识",
            required=True,
            max_length=64,
            aliases=("建筑编号", "建筑编码", "房屋编号", "房屋编码", "楼栋编号", "幢号", "编号", "编码", "id"),
        ),
        Field(
            name="name",
            title="Name",
            title_zh="名称",
            max_length=200,
            aliases=("名称", "建筑名称", "楼名", "楼栋名称", "mc"),
        ),
        Field(
            name="height_m",
            type="real",
            title="Height above ground",
            title_zh="建筑高度",
            unit="m",
            minimum=0,
            maximum=1000,
            aliases=("高度", "建筑高度", "楼高", "房屋高度", "height"),
        ),
        Field(
            name="floors",
            type="integer",
            title="Floors above ground",
            title_zh="地上层数",
            minimum=0,
            maximum=200,
            aliases=("层数", "楼层", "楼层数", "总层数", "地上层数", "建筑层数", "floor"),
        ),
        Field(
            name="floors_below",
            type="integer",
            title="Floors below ground",
            title_zh="地下层数",
            minimum=0,
            maximum=20,
            aliases=("地下层数", "地下楼层"),
        ),
        Field(
            name="use",
            title="Use",
            title_zh="用途",
            codes=USES,
            aliases=("用途", "房屋用途", "建筑用途", "使用性质", "规划用途", "功能"),
        ),
        Field(
            name="cim_level",
            type="integer",
            title="CIM level",
            title_zh="CIM 模型等级",
            minimum=1,
            maximum=7,
            aliases=("CIM等级", "CIM级别", "模型等级", "模型级别"),
            note="1 surface, 2 block, 3 standard exterior, 4 fine exterior, 5 functional, 6 component, 7 part.",
        ),
        Field(
            name="ground_m",
            type="real",
            title="Ground height",
            title_zh="地面高程",
            unit="m",
            minimum=-500,
            maximum=9000,
            aliases=("地面高程", "基底高程", "基底标高", "地面标高"),
            note="1985 national height of the ground at the building.",
        ),
        Field(
            name="built_year",
            type="integer",
            title="Year built",
            title_zh="建成年份",
            minimum=1000,
            maximum=2200,
            aliases=("建成年份", "建成年代", "竣工年份", "建造年份"),
        ),
    ),
    zooms=(13, 22),
    simplify=False,
    style=Style(
        color="#b9a58c",
        by="use",
        colors={
            "residential": "#c8a97e",
            "commercial": "#d2694c",
            "office": "#6f8fb5",
            "industrial": "#8f8aa0",
            "warehouse": "#a39d92",
            "education": "#d8a531",
            "medical": "#cc4437",
            "culture": "#7a5aa6",
            "transport": "#3f6fb0",
            "utility": "#5d7f84",
            "agricultural": "#7fa35a",
            "mixed": "#bd8a5a",
            "other": "#a8a8a8",
        },
        opacity=0.8,
        width_px=0.5,
        label="name",
        label_zoom=17,
    ),
    standard="CJJ/T 315-2022 城市信息模型基础平台技术标准 (CIM levels)",
    survey=True,
    example={
        "type": "Feature",
        "geometry": {
            "type": "MultiPolygon",
            "coordinates": [
                [
                    [
                        [118.46500, 35.55000, 120.5],
                        [118.46530, 35.55000, 120.5],
                        [118.46530, 35.55012, 120.5],
                        [118.46500, 35.55012, 120.5],
                        [118.46500, 35.55000, 120.5],
                    ]
                ]
            ],
        },
        "properties": {
            "building_id": "b-000001",
            "name": "1号楼",
            "height_m": 18.6,
            "floors": 6,
            "floors_below": 1,
            "use": "residential",
            "cim_level": 2,
            "ground_m": 120.5,
            "built_year": 2012,
        },
    },
)
