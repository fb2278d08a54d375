"""Which key places there are and what they are called; all invented."""

from __future__ import annotations

#: Places of the seat: category, habit of building there, blocks each takes, names.
SEAT_PLACES = (
    ("township_seat", "civic", 1, ("沂城街道办事处",)),
    ("service_center", "civic", 1, ("县政务服务中心", "县民生服务中心")),
    ("square", "park", 1, ("人民广场", "文化广场", "沂河广场")),
    ("library", "civic", 1, ("县图书馆", "少年儿童图书馆")),
    ("hospital", "hospital", 2, ("县人民医院",)),
    ("hospital", "hospital", 1, ("县中医医院", "县妇幼保健院", "城区社区卫生中心")),
    ("school", "school", 2, ("第一中学",)),
    (
        "school",
        "school",
        1,
        (
            *("第二中学", "实验中学", "城南中学", "职业学校", "特殊教育学校"),
            *("实验小学", "第一小学", "第二小学", "城北小学"),
        ),
    ),
    ("park", "park", 1, ("东湖公园", "西山公园", "滨河公园", "植物公园", "儿童公园", "体育公园")),
    ("station", "station", 1, ("汽车总站", "城乡公交枢纽")),
    ("sight", "park", 1, ("古城遗址", "红色文化纪念馆")),
    ("other", "civic", 1, ("体育中心", "大剧院")),
)  # fmt: skip

#: Places of every other town.
TOWN_PLACES = (
    ("township_seat", "civic", "政府驻地"),
    ("hospital", "hospital", "中心卫生院"),
    ("school", "school", "中学"),
    ("service_center", "civic", "便民服务中心"),
    ("school", "school", "中心小学"),
    ("square", "park", "文化广场"),
)

HILLS = ("云台山", "石门峡", "青龙崖", "竹泉谷", "望海楼", "卧牛寨", "红石岭", "天马岛", "黄崖顶", "九龙湾")
SERVICE_AREAS = ("沂河服务区", "云台服务区", "城东服务区")
