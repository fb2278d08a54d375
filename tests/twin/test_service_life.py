from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from twin.service_life import check_service_period, find_in_service


def rows(**columns):
    frame = pd.DataFrame({"status": ["in_service"], "in_service_since": [None], "in_service_until": [None], **columns})
    for name in ("in_service_since", "in_service_until"):
        frame[name] = pd.to_datetime(frame[name]).astype("datetime64[s]")
    return frame


@pytest.mark.parametrize(
    ("on_date", "serving"),
    [
        (date(2020, 12, 31), False),
        (date(2021, 1, 1), True),
        (date(2022, 6, 30), True),
        (date(2022, 7, 1), False),
        (None, True),
    ],
)
def test_equipment_serves_from_its_first_to_its_last_day(on_date, serving):
    period = rows(in_service_since=["2021-01-01"], in_service_until=["2022-06-30"])
    assert find_in_service(period, on_date).tolist() == [serving]


@pytest.mark.parametrize("status", ["planned", "out_of_service"])
def test_equipment_that_is_not_in_service_does_not_serve_whatever_its_dates(status):
    period = rows(status=[status], in_service_since=["2021-01-01"])
    assert find_in_service(period, date(2022, 1, 1)).tolist() == [False]


def test_equipment_without_dates_serves_by_its_status():
    assert find_in_service(rows(), date(2022, 1, 1)).tolist() == [True]


def test_a_last_day_before_the_first_is_a_fault_and_the_same_day_is_not():
    period = pd.concat(
        [
            rows(in_service_since=["2021-01-01"], in_service_until=["2021-01-01"]),
            rows(in_service_since=["2021-01-02"], in_service_until=["2021-01-01"]),
            rows(),
        ]
    )
    (fault,) = check_service_period(period)
    assert (fault.row, fault.field, fault.value) == (1, "in_service_until", "2021-01-01")
    assert fault.limit == "2021-01-02 or later"
