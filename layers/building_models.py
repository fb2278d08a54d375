"""Building models: one feature for each file that was imported, with what it was and where its content is kept."""

from __future__ import annotations

from twin.layer import Layer, Style
from twin.schema import Field
from twin.solids import KeptModels

BUILDING_MODELS = Layer(
    id="building_models",
    title="Building models",
    title_zh="建筑信息模型",
    about="Models of buildings (BIM) as delivered: which file, how it was placed, what is in it; outlined from above.",
    group=("Buildings and places", "建筑与场所"),
    geometry="MultiPolygon",
    geometry_optional=True,
    has_z=True,
    key="model_id",
    fields=(
        Field(name="model_id", title="Model identifier", title_zh="模型标识", required=True, max_length=200),
        Field(
            name="building_id",
            title="Building",
            title_zh="建筑标识",
            max_length=64,
            note="The building of the layer `buildings`; empty where the file has several, or none.",
        ),
        Field(name="name", title="Name", title_zh="名称", max_length=200),
        Field(name="file", title="File", title_zh="文件", max_length=255),
        Field(name="sha256", title="SHA-256 of the file", title_zh="文件摘要", max_length=64),
        Field(name="schema", title="Schema", title_zh="数据标准", max_length=64),
        Field(name="application", title="Written by", title_zh="建模软件", max_length=200),
        Field(
            name="georeference_level",
            type="integer",
            title="Level of georeferencing",
            title_zh="地理配准等级",
            minimum=10,
            maximum=50,
            note="20 site's latitude and longitude, 50 map conversion; empty where it was declared beside the file.",
        ),
        Field(name="ground_m", type="real", title="Ground height", title_zh="地面高程", unit="m"),
        Field(name="height_m", type="real", title="Height above ground", title_zh="高度", unit="m", minimum=0),
        Field(name="storeys", type="integer", title="Storeys", title_zh="楼层数", minimum=0),
        Field(name="elements", type="integer", title="Elements", title_zh="构件数", minimum=0),
        Field(name="shapes", type="integer", title="Elements with a shape", title_zh="有几何的构件数", minimum=0),
        Field(name="failed", type="integer", title="Shapes that failed", title_zh="几何失败数", minimum=0),
        Field(
            name="cim_level",
            type="integer",
            title="CIM level",
            title_zh="CIM 模型等级",
            minimum=1,
            maximum=7,
        ),
        Field(name="cim_reason", title="Why this CIM level", title_zh="等级依据", max_length=1000),
        Field(
            name="delivered",
            title="Digest of the kept file",
            title_zh="原文件存储摘要",
            max_length=64,
            note="SHA-256 of the delivered bytes, compressed by Zstandard, that the store keeps.",
        ),
        Field(
            name="placed",
            title="Digest of the kept shapes",
            title_zh="几何存储摘要",
            max_length=64,
            note="SHA-256 of the shapes, placed and packed, that the store keeps.",
        ),
    ),
    zooms=(15, 22),
    simplify=False,
    style=Style(color="#7a5aa6", opacity=0.25, width_px=1.5, label="name", label_zoom=18),
    standard="GB/T 51301-2018 建筑信息模型设计交付标准; CJJ/T 315-2022",
    survey=True,
    models=KeptModels(
        shapes="placed",
        instead_of=("buildings", "building_id"),
        elements="building_elements",
        drawn=("kind", ("element",)),
    ),
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
            "model_id": "教学楼",
            "building_id": "b-000001",
            "name": "教学楼",
            "file": "教学楼.ifc",
            "schema": "IFC4",
            "georeference_level": 50,
            "ground_m": 120.5,
            "height_m": 14.4,
            "storeys": 4,
            "elements": 812,
            "shapes": 790,
            "failed": 0,
            "cim_level": 6,
        },
    },
)
