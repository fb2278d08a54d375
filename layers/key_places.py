"""Key public places (城市重点公共区域) and the further places whose coverage the county plan asks for."""

from __future__ import annotations

from twin.layer import Layer, Style
from twin.schema import Code, Field

#: The seven classes of the pilot standard (station and airport, park and square are one class each there), then the
#: places the county plan adds. A joint class name of the standard is the alias of its common member.
CATEGORIES = (
    Code(
        value="station",
        title="Station",
        title_zh="车站",
        aliases=(
            "机场车站",
            "汽车站",
            "客运站",
            "汽车客运站",
            "长途汽车站",
            "火车站",
            "高铁站",
            "公交枢纽",
            "交通枢纽",
        ),
    ),
    Code(value="airport", title="Airport", title_zh="机场", aliases=("通用机场", "航站楼")),
    Code(
        value="sight",
        title="Sight",
        title_zh="旅游景点",
        aliases=("景区", "景点", "旅游景区", "风景区", "风景名胜", "风景名胜区", "文旅景区"),
    ),
    Code(value="park", title="Park", title_zh="公园", aliases=("公园广场", "公园绿地", "城市公园", "湿地公园")),
    Code(value="square", title="Square", title_zh="广场", aliases=("城市广场", "文化广场", "plaza")),
    Code(value="library", title="Library", title_zh="图书馆", aliases=("公共图书馆", "书房", "城市书房")),
    Code(
        value="hospital",
        title="Hospital",
        title_zh="医院",
        aliases=("综合医院", "中医院", "卫生院", "医疗机构", "妇幼保健院", "妇保院"),
    ),
    Code(
        value="school",
        title="School",
        title_zh="学校",
        aliases=("中小学", "小学", "中学", "初中", "高中", "职业院校", "职业学校", "高等学校", "大学"),
    ),
    Code(
        value="service_center",
        title="Government service centre",
        title_zh="政务服务中心",
        aliases=("政务中心", "行政服务中心", "便民服务中心", "为民服务中心", "政务大厅", "政务服务大厅"),
    ),
    Code(
        value="township_seat",
        title="Township seat",
        title_zh="乡镇驻地",
        aliases=("镇驻地", "重点乡镇驻地", "乡镇政府驻地", "街道驻地"),
    ),
    Code(
        value="industrial_park",
        title="Industrial park",
        title_zh="园区",
        aliases=("重点园区", "产业园", "产业园区", "工业园", "工业园区", "开发区", "重点项目", "重点项目(园区)"),
    ),
    Code(
        value="service_area",
        title="Expressway service area",
        title_zh="高速公路服务区",
        aliases=("服务区", "高速服务区", "停车区"),
    ),
    Code(value="other", title="Other public place", title_zh="其他公共场所", aliases=("其他", "其它", "公共场所")),
)

KEY_PLACES = Layer(
    id="key_places",
    title="Key public places",
    title_zh="重点公共区域",
    about=(
        "Stations, sights, parks, libraries, hospitals, schools, government service centres and the other places whose "
        "coverage policy counts place by place. A place is an area; where only its position is known it is a point."
    ),
    group=("Buildings and places", "建筑与场所"),
    geometry="MultiPolygon",
    also=("Point",),
    key="place_id",
    makes_keys=True,
    fields=(
        Field(
            name="place_id",
            title="Place identifier",
            title_zh="场所标识",
            required=True,
            max_length=64,
            aliases=("场所编号", "区域编号", "点位编号", "编号", "编码", "代码", "标识", "序号", "code", "id"),
        ),
        Field(
            name="name",
            title="Name",
            title_zh="名称",
            required=True,
            max_length=200,
            aliases=("名称", "场所名称", "区域名称", "单位名称", "点位名称", "mc"),
        ),
        Field(
            name="category",
            title="Category",
            title_zh="类别",
            required=True,
            codes=CATEGORIES,
            aliases=("类别", "类型", "场所类型", "场所类别", "区域类型", "分类", "type", "kind"),
            note="Classes of the pilot standard's 5G 网络覆盖率, then those of item 16 of the county plan.",
        ),
        Field(
            name="address",
            title="Address",
            title_zh="地址",
            max_length=300,
            aliases=("地址", "详细地址", "位置", "所在地"),
        ),
        Field(
            name="grade",
            title="Grade",
            title_zh="等级",
            max_length=40,
            aliases=("等级", "级别", "景区等级", "医院等级", "level"),
            note="The grade its own line of business gives it, e.g. 4A or 三级甲等.",
        ),
    ),
    zooms=(9, 22),
    style=Style(
        color="#b5476b",
        by="category",
        colors={
            "station": "#3f6fb0",
            "airport": "#27508a",
            "sight": "#c9822b",
            "park": "#4f9a4a",
            "square": "#86b25a",
            "library": "#7a5aa6",
            "hospital": "#cc4437",
            "school": "#d8a531",
            "service_center": "#b5476b",
            "township_seat": "#8a6d3b",
            "industrial_park": "#6b7785",
            "service_area": "#2f8f9d",
            "other": "#9aa5b1",
        },
        opacity=0.45,
        width_px=1.5,
        radius_px=5,
        label="name",
        label_zoom=13,
    ),
    classification="public",
    standard="山东省县级新型智慧城市试点示范建设标准(试行), 11. 5G网络覆盖率 (remark: key public areas)",
    example={
        "type": "Feature",
        "geometry": {
            "type": "MultiPolygon",
            "coordinates": [
                [
                    [
                        [118.4640, 35.5490],
                        [118.4665, 35.5490],
                        [118.4665, 35.5505],
                        [118.4640, 35.5505],
                        [118.4640, 35.5490],
                    ]
                ]
            ],
        },
        "properties": {
            "place_id": "hospital-001",
            "name": "沂南县人民医院",
            "category": "hospital",
            "address": "illustration",
            "grade": "三级乙等",
        },
    },
)
