"""The layer of topographic sheets: the index of every 1:500 to 1:1 000 000 map of the county."""

from __future__ import annotations

from layers.topo_sheets.checks import check_footprints
from twin.layer import Layer, Style
from twin.schema import Code, Field

SCALES = tuple(
    Code(
        value=scale,
        title=f"1:{scale}",
        title_zh=title_zh,
        aliases=(f"1:{scale}", f"1∶{scale}", f"1：{scale}", f"1/{scale}", *more),
    )
    for scale, title_zh, more in (
        (500, "1:500", ()),
        (1000, "1:1000", ("1千", "1:1千")),
        (2000, "1:2000", ("2千", "1:2千")),
        (5000, "1:5000", ("5千", "1:5千")),
        (10_000, "1:1万", ("1万",)),
        (25_000, "1:2.5万", ("2.5万",)),
        (50_000, "1:5万", ("5万",)),
        (100_000, "1:10万", ("10万",)),
        (250_000, "1:25万", ("25万",)),
        (500_000, "1:50万", ("50万",)),
        (1_000_000, "1:100万", ("100万",)),
    )
)

SCHEMES = (
    Code(
        value="rectangular_50x50",
        title="Coordinates of the south-west corner, square sheet 50 cm × 50 cm",
        title_zh="坐标编号(50×50 cm 正方形分幅)",
        aliases=("50×50", "50x50", "50*50", "正方形分幅", "正方形", "square"),
    ),
    Code(
        value="rectangular_50x40",
        title="Coordinates of the south-west corner, sheet 50 cm × 40 cm",
        title_zh="坐标编号(50×40 cm 矩形分幅)",
        aliases=("50×40", "50x40", "50*40", "矩形分幅", "矩形"),
    ),
    Code(
        value="graticule",
        title="Graticule sheet of GB/T 13989-2012",
        title_zh="国家基本比例尺经纬度分幅",
        aliases=("经纬度分幅", "国际分幅", "梯形分幅", "国标分幅", "GB/T 13989", "GB/T 13989-2012"),
    ),
    Code(
        value="basic_sheet",
        title="1:5000 sheet with Roman numerals",
        title_zh="基本图号法",
        aliases=("基本图幅", "基本图号"),
    ),
    Code(
        value="row_column",
        title="Row letter and column number of the survey area",
        title_zh="行列编号",
        aliases=("行列编号法",),
    ),
    Code(
        value="running_number",
        title="Running number of the survey area",
        title_zh="流水编号",
        aliases=("流水编号法", "顺序编号"),
    ),
)

TOPO_SHEETS = Layer(
    id="topo_sheets",
    title="Topographic sheets",
    title_zh="地形图图幅",
    about=(
        "The index of topographic maps: one footprint a sheet with its number, scale, survey date and acceptance. "
        "What is mapped, how old it is, and what is missing."
    ),
    group=("Surveying", "测绘"),
    geometry="Polygon",
    key="sheet_id",
    fields=(
        Field(
            name="sheet_id",
            title="Sheet identifier",
            title_zh="图幅标识",
            required=True,
            max_length=64,
            aliases=("标识", "图幅标识", "唯一标识", "成果编号", "id"),
            note="Unique over scales and editions; the sheet number alone is not (3936.0-632.0 is 1:1000 and 1:2000).",
        ),
        Field(
            name="sheet_no",
            title="Sheet number",
            title_zh="图幅号",
            required=True,
            max_length=64,
            aliases=("图号", "图幅号", "图幅编号", "新图号", "TFH", "TH", "sheetno"),
            note="Rectangular numbers give the south-west corner in km, north (X) first, then east (Y).",
        ),
        Field(
            name="name",
            title="Sheet name",
            title_zh="图名",
            max_length=100,
            aliases=("图名", "图幅名", "图幅名称", "TM"),
        ),
        Field(
            name="scale",
            type="integer",
            title="Scale denominator",
            title_zh="比例尺",
            required=True,
            codes=SCALES,
            aliases=("比例尺", "比例尺分母", "成图比例尺", "BLC"),
            note="2000 for 1:2000. Never inferred from the sheet number.",
        ),
        Field(
            name="scheme",
            title="Numbering scheme",
            title_zh="分幅编号方式",
            codes=SCHEMES,
            aliases=("分幅方式", "编号方式", "分幅编号方式", "图幅规格", "图幅大小"),
            note="Where it is given, a coordinate, graticule or basic-sheet number is checked against the footprint.",
        ),
        Field(
            name="sheet_crs",
            title="CRS of the number",
            title_zh="编号坐标系",
            max_length=2000,
            aliases=("坐标系", "坐标系统", "平面坐标系", "编号坐标系"),
            note=(
                "CRS in which the number counts (EPSG code, WKT2 or PROJ string). Empty: the storage CRS or a national "
                "zone, whichever the footprints fit."
            ),
        ),
        Field(
            name="offset_north_km",
            type="integer",
            title="Northing left out of the number",
            title_zh="图号省略的纵坐标",
            unit="km",
            aliases=("纵坐标加常数", "X加常数"),
            note="Added to the X of a number with truncated local coordinates; never guessed.",
        ),
        Field(
            name="offset_east_km",
            type="integer",
            title="Easting left out of the number",
            title_zh="图号省略的横坐标",
            unit="km",
            aliases=("横坐标加常数", "Y加常数"),
            note="Added to the Y of a number with truncated local coordinates; never guessed.",
        ),
        Field(
            name="whole",
            type="boolean",
            title="Mapped in whole",
            title_zh="整幅",
            aliases=("整幅", "是否整幅", "满幅"),
            note=(
                "True: the geometry must be the whole sheet. False for one mapped in part only (破幅): its geometry "
                "is the mapped part. Empty: the geometry lies anywhere inside the sheet."
            ),
        ),
        Field(
            name="survey_date",
            type="date",
            title="Surveyed on",
            title_zh="测绘日期",
            aliases=("测绘日期", "成图日期", "航摄日期", "测图时间", "成图时间", "更新日期", "现势性"),
            note="Date the content stands for, not the date of delivery.",
        ),
        Field(
            name="status",
            title="Acceptance",
            title_zh="验收状态",
            codes=(
                Code(
                    value="accepted",
                    title="Accepted",
                    title_zh="已验收",
                    aliases=("验收合格", "合格", "验收通过", "通过", "已通过", "优", "良"),
                ),
                Code(
                    value="in_progress",
                    title="In progress",
                    title_zh="作业中",
                    aliases=("在测", "测绘中", "生产中", "未验收", "待验收", "质检中"),
                ),
                Code(
                    value="rejected",
                    title="Rejected",
                    title_zh="不合格",
                    aliases=("验收不合格", "未通过", "退回", "返工"),
                ),
            ),
            aliases=("验收状态", "验收情况", "状态", "质量等级", "检查结果"),
            note="GB/T 24356: only an accepted sheet counts as mapped; an empty status is none.",
        ),
        Field(
            name="producer",
            title="Producer",
            title_zh="测绘单位",
            max_length=200,
            aliases=("测绘单位", "作业单位", "生产单位", "施测单位"),
        ),
        Field(
            name="height_datum",
            title="Height datum",
            title_zh="高程基准",
            codes=(
                Code(
                    value="cnhd1985",
                    title="1985 national height datum",
                    title_zh="1985国家高程基准",
                    aliases=("1985国家高程系统", "85高程", "国家85高程基准", "1985高程基准"),
                ),
                Code(
                    value="huanghai1956",
                    title="Yellow Sea 1956 height system",
                    title_zh="1956年黄海高程系",
                    aliases=("1956黄海高程系", "56黄海", "黄海高程"),
                ),
                Code(
                    value="local",
                    title="Local height system",
                    title_zh="地方高程系",
                    aliases=("独立高程系", "假定高程"),
                ),
            ),
            aliases=("高程基准", "高程系统", "高程系"),
        ),
        Field(
            name="contour_interval_m",
            type="real",
            title="Contour interval",
            title_zh="基本等高距",
            unit="m",
            minimum=0,
            maximum=100,
            aliases=("等高距", "基本等高距"),
        ),
        Field(
            name="planimetric_error_m",
            type="real",
            title="Planimetric mean error of well-defined points",
            title_zh="地物点平面中误差",
            unit="m",
            minimum=0,
            maximum=1000,
            aliases=("平面中误差", "点位中误差", "平面精度"),
            note="As checked at acceptance; in flat country about 0.5 mm to 0.6 mm at map scale.",
        ),
    ),
    zooms=(8, 20),
    style=Style(
        color="#3a6ea5",
        by="status",
        colors={"accepted": "#2a9d5c", "in_progress": "#d9a13b", "rejected": "#c2453d"},
        opacity=0.03,
        width_px=0.6,
        label="sheet_no",
        label_zoom=15,
    ),
    standard="GB/T 13989-2012 (graticule sheets), GB/T 20257.1 (rectangular sheets), GB/T 24356 (acceptance)",
    checks=(check_footprints,),
    survey=True,
    example={
        "type": "Feature",
        "geometry": {
            "type": "Polygon",
            "coordinates": [
                [
                    [118.45833333333333, 35.548611111111114],
                    [118.46875, 35.548611111111114],
                    [118.46875, 35.555555555555557],
                    [118.45833333333333, 35.555555555555557],
                    [118.45833333333333, 35.548611111111114],
                ],
            ],
        },
        "properties": {
            "sheet_id": "I50I065429-2021",
            "sheet_no": "I50I065429",
            "name": "县城",
            "scale": 2000,
            "scheme": "graticule",
            "whole": True,
            "survey_date": "2021-10-31",
            "status": "accepted",
            "producer": "illustration",
            "height_datum": "cnhd1985",
            "contour_interval_m": 1.0,
            "planimetric_error_m": 0.9,
        },
    },
)
