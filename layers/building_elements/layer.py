"""Building elements: everything that a building model consists of, from storeys and spaces to doors and pipes."""

from __future__ import annotations

from twin.layer import Layer, Style
from twin.schema import Code, Field

KINDS = (
    Code(value="site", title="Site", title_zh="场地"),
    Code(value="building", title="Building", title_zh="建筑"),
    Code(value="storey", title="Storey", title_zh="楼层"),
    Code(value="space", title="Space", title_zh="空间"),
    Code(value="element", title="Element", title_zh="构件"),
    Code(value="opening", title="Opening", title_zh="洞口"),
    Code(value="other", title="Annotation, grid or port", title_zh="标注、轴网、端口"),
)

BUILDING_ELEMENTS = Layer(
    id="building_elements",
    title="Building elements",
    title_zh="建筑构件",
    about="Storeys, spaces and elements of building models with their properties; from above, at their lowest height.",
    group=("Buildings and places", "建筑与场所"),
    geometry="MultiPolygon",
    geometry_optional=True,
    has_z=True,
    key="element_id",
    fields=(
        Field(
            name="element_id",
            title="Element identifier",
            title_zh="构件标识",
            required=True,
            max_length=260,
            note="The model and the GlobalId with a full stop between them.",
        ),
        Field(name="model_id", title="Model", title_zh="模型标识", required=True, max_length=200),
        Field(name="building_id", title="Building", title_zh="建筑标识", max_length=64),
        Field(name="global_id", title="GlobalId", title_zh="全局标识", max_length=40),
        Field(
            name="parent_id", title="Part of", title_zh="所属构件", max_length=260, note="Another element's identifier."
        ),
        Field(name="storey_id", title="Storey identifier", title_zh="楼层标识", max_length=260),
        Field(name="storey", title="Name of the storey", title_zh="楼层名称", max_length=200),
        Field(name="kind", title="Kind", title_zh="类别", codes=KINDS, required=True),
        Field(name="class", title="Class", title_zh="IFC 类", required=True, max_length=64, note="As IFC names it."),
        Field(name="predefined_type", title="Predefined type", title_zh="预定义类型", max_length=64),
        Field(name="name", title="Name", title_zh="名称", max_length=500),
        Field(name="type_name", title="Name of the type", title_zh="类型名称", max_length=500),
        Field(name="tag", title="Tag", title_zh="标记", max_length=200),
        Field(name="material", title="Materials", title_zh="材料", max_length=1000),
        Field(
            name="classification",
            title="Classification",
            title_zh="分类编码",
            max_length=1000,
            note="Codes with their system, such as `GB/T 51269-2017 14-10.20.03`.",
        ),
        Field(
            name="elevation_m",
            type="real",
            title="Elevation",
            title_zh="楼层标高",
            unit="m",
            note="Of storeys, as declared: above the zero of the project.",
        ),
        Field(name="bottom_m", type="real", title="Lowest height", title_zh="底高程", unit="m"),
        Field(name="top_m", type="real", title="Greatest height", title_zh="顶高程", unit="m"),
        Field(
            name="area_m2", type="real", title="Area", title_zh="面积", unit="m²", minimum=0, note="As the file says."
        ),
        Field(
            name="volume_m3",
            type="real",
            title="Volume",
            title_zh="体积",
            unit="m³",
            minimum=0,
            note="As the file says.",
        ),
        Field(
            name="length_m", type="real", title="Length", title_zh="长度", unit="m", minimum=0, note="As the file says."
        ),
        Field(
            name="properties",
            title="Properties and quantities",
            title_zh="属性与工程量",
            max_length=1_000_000,
            note="JSON: property sets, in each its properties; numbers in SI.",
        ),
        Field(name="outcome", title="Shape", title_zh="几何状态", max_length=20, note="What came of its shape."),
        Field(
            name="shape_digest",
            title="Digest of the shape",
            title_zh="几何摘要",
            max_length=32,
            note="Another one when the shape or its place is another one, to a tenth of a millimetre.",
        ),
    ),
    zooms=(17, 22),
    simplify=False,
    style=Style(
        color="#9a9184",
        by="kind",
        colors={
            "site": "#cfe0c3",
            "building": "#c8b8a0",
            "storey": "#d9d2c5",
            "space": "#a9c4d6",
            "element": "#8d857a",
            "opening": "#c9b7a1",
            "other": "#bbbbbb",
        },
        opacity=0.35,
        width_px=0.5,
    ),
    standard="ISO 16739-1:2024 (IFC)",
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
                        [118.46530, 35.55001, 120.5],
                        [118.46500, 35.55001, 120.5],
                        [118.46500, 35.55000, 120.5],
                    ]
                ]
            ],
        },
        "properties": {
            "element_id": "教学楼.2O2Fr$t4X7Zf8NOew3FNr2",
            "model_id": "教学楼",
            "building_id": "b-000001",
            "global_id": "2O2Fr$t4X7Zf8NOew3FNr2",
            "storey": "1F",
            "kind": "element",
            "class": "IfcWall",
            "name": "外墙-200",
            "material": "加气混凝土砌块",
            "bottom_m": 120.5,
            "top_m": 124.1,
            "volume_m3": 6.48,
            "properties": '{"Pset_WallCommon":{"IsExternal":true}}',
            "outcome": "shape",
        },
    },
)
