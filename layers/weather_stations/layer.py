"""The layer of weather stations."""

from __future__ import annotations

from twin.layer import Layer, Style
from twin.schema import Code, Field
from twin.service_life import SERVICE_FIELDS, check_service_period

KINDS = (
    Code(
        value="automatic",
        title="Automatic",
        title_zh="自动站",
        aliases=("自动", "自动气象站", "区域自动站", "区域自动气象站", "自动监测站", "自动监测点", "AWS"),
    ),
    Code(value="manual", title="Manual", title_zh="人工站", aliases=("人工", "人工观测站", "人工气象站")),
)

WEATHER_STATIONS = Layer(
    id="weather_stations",
    title="Weather stations",
    title_zh="气象监测站",
    about="Meteorological observation stations, automatic and manual, with the time they have been in service.",
    group=("Weather", "气象"),
    geometry="Point",
    has_z=True,
    key="station_id",
    fields=(
        Field(
            name="station_id",
            title="Station number",
            title_zh="站号",
            required=True,
            max_length=32,
            aliases=("站号", "区站号", "台站号", "站点编号", "编号", "id"),
            note="As text: national stations have five digits, regional ones a letter and four.",
        ),
        Field(
            name="name",
            title="Name",
            title_zh="站名",
            required=True,
            max_length=100,
            aliases=("站名", "台站名称", "站点名称", "名称"),
        ),
        Field(
            name="kind",
            title="Kind",
            title_zh="观测方式",
            required=True,
            codes=KINDS,
            aliases=("观测方式", "站类", "站点类型", "类型", "类别"),
        ),
        Field(
            name="elements",
            title="Observed elements",
            title_zh="观测要素",
            max_length=300,
            aliases=("观测要素", "要素", "监测要素"),
            note="As the bureau lists them, e.g. 气温、降水、风向风速.",
        ),
        *SERVICE_FIELDS,
    ),
    zooms=(8, 22),
    style=Style(
        color="#2a7f9e",
        by="kind",
        colors={"automatic": "#2a7f9e", "manual": "#8a8f98"},
        opacity=0.95,
        radius_px=6,
        marker="diamond",
        label="name",
        label_zoom=10,
    ),
    standard="沂南县新型智慧城市建设实施方案 第6条",
    row_checks=(check_service_period,),
    example={
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [118.4712, 35.5561, 118.0]},
        "properties": {
            "station_id": "D5001",
            "name": "界湖",
            "kind": "automatic",
            "status": "in_service",
            "elements": "气温、降水、风向风速",
            "in_service_since": "2015-05-01",
        },
    },
)
