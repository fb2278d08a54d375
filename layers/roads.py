"""Road centre lines, by urban road class or highway grade."""

from __future__ import annotations

from twin.layer import Layer, Style
from twin.schema import Code, Field

#: Urban road classes of CJJ 37 first, then the administrative highway grades outside the town.
CLASSES = (
    Code(value="expressway", title="Urban expressway", title_zh="快速路", aliases=("城市快速路",)),
    Code(value="arterial", title="Arterial road", title_zh="主干路", aliases=("主干道", "主路", "城市主干路", "主干")),
    Code(value="secondary", title="Secondary road", title_zh="次干路", aliases=("次干道", "城市次干路", "次干")),
    Code(
        value="local", title="Local road", title_zh="支路", aliases=("城市支路", "街巷", "巷道", "小区道路", "内部道路")
    ),
    Code(value="motorway", title="Motorway", title_zh="高速公路", aliases=("高速", "国家高速", "省级高速")),
    Code(value="national_road", title="National highway", title_zh="国道", aliases=("普通国道", "G")),
    Code(value="provincial_road", title="Provincial highway", title_zh="省道", aliases=("普通省道", "S")),
    Code(value="county_road", title="County highway", title_zh="县道", aliases=("X",)),
    Code(value="township_road", title="Township highway", title_zh="乡道", aliases=("Y", "乡镇道路")),
    Code(value="village_road", title="Village highway", title_zh="村道", aliases=("C", "村路", "农村道路")),
)

SURFACES = (
    Code(value="asphalt", title="Asphalt", title_zh="沥青", aliases=("沥青路面", "沥青混凝土", "柏油")),
    Code(value="concrete", title="Cement concrete", title_zh="水泥", aliases=("水泥路面", "水泥混凝土", "混凝土")),
    Code(value="paved", title="Stone or block paving", title_zh="铺砌", aliases=("砖", "石", "块石", "铺砖", "石板")),
    Code(value="gravel", title="Gravel", title_zh="砂石", aliases=("碎石", "砂砾", "碎石路面")),
    Code(value="unpaved", title="Unpaved", title_zh="土路", aliases=("土", "土质", "未铺装")),
)

ROADS = Layer(
    id="roads",
    title="Roads",
    title_zh="道路中心线",
    about="Road centre lines between intersections, with class, width and lanes.",
    group=("Transport", "交通"),
    geometry="MultiLineString",
    key="road_id",
    makes_keys=True,
    fields=(
        Field(
            name="road_id",
            title="Road identifier",
            title_zh="道路标识",
            required=True,
            max_length=64,
            aliases=("道路编号", "道路编码", "路段编号", "路段编码", "编号", "编码", "id"),
        ),
        Field(
            name="name",
            title="Name",
            title_zh="道路名称",
            max_length=100,
            aliases=("名称", "道路名称", "路名", "mc"),
        ),
        Field(
            name="class",
            title="Class",
            title_zh="道路等级",
            required=True,
            codes=CLASSES,
            aliases=("道路等级", "等级", "道路类别", "道路类型", "类型", "级别"),
            note="Urban classes of CJJ 37; main roads are all but 支路.",
        ),
        Field(
            name="width_m",
            type="real",
            title="Carriageway width",
            title_zh="路宽",
            unit="m",
            minimum=0,
            maximum=200,
            aliases=("路宽", "道路宽度", "宽度", "路面宽度", "width"),
        ),
        Field(
            name="lanes",
            type="integer",
            title="Lanes",
            title_zh="车道数",
            minimum=1,
            maximum=20,
            aliases=("车道数", "车道", "机动车道数"),
            note="Both directions together.",
        ),
        Field(
            name="surface",
            title="Surface",
            title_zh="路面材质",
            codes=SURFACES,
            aliases=("路面材质", "路面类型", "铺设材料", "材质"),
        ),
        Field(
            name="from_node",
            title="Node it starts at",
            title_zh="起点结点",
            max_length=64,
            aliases=("起点", "起点编号", "起始结点", "起点结点", "fnode"),
        ),
        Field(
            name="to_node",
            title="Node it ends at",
            title_zh="终点结点",
            max_length=64,
            aliases=("终点", "终点编号", "终止结点", "终点结点", "tnode"),
        ),
    ),
    zooms=(7, 22),
    style=Style(
        color="#8c8c8c",
        by="class",
        colors={
            "expressway": "#d4553f",
            "arterial": "#e08a3c",
            "secondary": "#e7b84e",
            "local": "#c4c2ba",
            "motorway": "#b23a6b",
            "national_road": "#c9413a",
            "provincial_road": "#d97f34",
            "county_road": "#c8a23c",
            "township_road": "#9c9578",
            "village_road": "#b8b5a8",
        },
        weights={
            "expressway": 4,
            "arterial": 2.8,
            "secondary": 1.7,
            "local": 0.8,
            "motorway": 5,
            "national_road": 4,
            "provincial_road": 3.2,
            "county_road": 2,
            "township_road": 1.2,
            "village_road": 0.6,
        },
        opacity=1,
        width_px=1.5,
        label="name",
        label_zoom=14,
    ),
    joined_over=("from_node", "to_node"),
    standard="CJJ 37-2012 (2016) 城市道路工程设计规范; JTG B01 (highway grades)",
    survey=True,
    example={
        "type": "Feature",
        "geometry": {
            "type": "MultiLineString",
            "coordinates": [[[118.4600, 35.5500], [118.4655, 35.5505], [118.4700, 35.5507]]],
        },
        "properties": {
            "road_id": "r-001",
            "name": "历山路",
            "class": "arterial",
            "width_m": 24.0,
            "lanes": 6,
            "surface": "asphalt",
            "from_node": "n-001",
            "to_node": "n-002",
        },
    },
)
