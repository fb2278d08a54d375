"""What equipment has in common: a status, a first and a last day in service."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from twin.errors import Fault
from twin.schema import Code, Field

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

SERVICE_FIELDS = (
    Field(
        name="status",
        title="Status",
        title_zh="状态",
        required=True,
        default="in_service",
        codes=(
            Code(
                value="in_service",
                title="In service",
                title_zh="在用",
                aliases=(
                    *("在网", "运行", "正常", "启用", "开通", "已开通", "入网", "在网运行", "现网", "业务运行"),
                    *("active", "in use", "operating", "operational", "running", "online", "normal"),
                ),
            ),
            Code(
                value="planned",
                title="Planned",
                title_zh="规划",
                aliases=("在建", "待建", "拟建", "建设中", "规划中", "未开通", "under construction"),
            ),
            Code(
                value="out_of_service",
                title="Out of service",
                title_zh="停用",
                aliases=(
                    *("停运", "退网", "退服", "拆除", "已拆除", "撤站", "撤销", "关停", "报废", "故障", "下线"),
                    *("inactive", "out of use", "retired", "decommissioned", "closed", "offline", "fault"),
                ),
            ),
        ),
        aliases=("状态", "运行状态", "工作状态", "使用状态", "入网状态", "开通状态", "站点状态", "设备状态"),
    ),
    Field(
        name="in_service_since",
        type="date",
        title="First day in service",
        title_zh="启用日期",
        aliases=("启用日期", "启用时间", "开通日期", "开通时间", "入网日期", "入网时间", "建站日期", "建站时间"),
    ),
    Field(
        name="in_service_until",
        type="date",
        title="Last day in service",
        title_zh="停用日期",
        aliases=("停用日期", "停用时间", "退网日期", "退网时间", "拆除日期", "撤站日期", "撤站时间"),
        note="Included; empty while it serves.",
    ),
)


def check_service_period(rows: GeoDataFrame) -> list[Fault]:
    """Find rows whose last day in service is before the first."""
    wrong = (rows["in_service_until"] < rows["in_service_since"]).to_numpy(bool)
    return [
        Fault(
            what="the last day in service is before the first",
            row=row,
            field="in_service_until",
            value=f"{rows['in_service_until'].iloc[row]:%Y-%m-%d}",
            limit=f"{rows['in_service_since'].iloc[row]:%Y-%m-%d} or later",
        )
        for row in np.flatnonzero(wrong).tolist()
    ]


def find_in_service(rows: GeoDataFrame, on_date: date | None) -> npt.NDArray[np.bool_]:
    """Which of n rows serve on a day: their status says so, and neither of their dates denies it.

    Parameters
    ----------
    rows
        n rows with the fields `SERVICE_FIELDS`.
    on_date
        The day asked about; None looks at the status alone.
    """
    serving: npt.NDArray[np.bool_] = (rows["status"] == "in_service").to_numpy(bool)
    if on_date is None:
        return serving
    day = np.datetime64(on_date)
    early: npt.NDArray[np.bool_] = (rows["in_service_since"] > day).to_numpy(bool)
    late: npt.NDArray[np.bool_] = (rows["in_service_until"] < day).to_numpy(bool)
    return serving & ~early & ~late
