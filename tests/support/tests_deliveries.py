"""Deliveries of pipelines written by hand, as surveyors hand them over."""

from __future__ import annotations

from pathlib import Path

import openpyxl

from layers.pipelines.delivery import Wishes, read_delivery
from layers.pipelines.delivery.tables import Target
from twin.crs import parse_crs

#: South-west corner of what tests draw, in EPSG:4548: a place in Yinan.
EAST, NORTH = 632_885.0, 3_936_656.0

POINT_COLUMNS = ("Exp_No", "X", "Y", "High", "Feature", "Subsid")
LINE_COLUMNS = ("S_Exp", "E_Exp", "S_Deep", "E_Deep", "Material", "PSize", "EmBed")


def point(number, north_m=0.0, east_m=0.0, high_m=120.0, feature="", subsid="检查井"):
    """A row of a table of points as surveyors write it: X is north."""
    return (number, NORTH + north_m, EAST + east_m, high_m, feature, subsid)


def line(start, stop, start_m=2.0, stop_m=2.1, material="PVC", size="300", embedding="ZM"):
    return (start, stop, start_m, stop_m, material, size, embedding)


#: Two sewers between three wells, 40 m each, falling to the north.
POINTS = (point("WS1"), point("WS2", 40.0), point("WS3", 80.0))
LINES = (line("WS1", "WS2"), line("WS2", "WS3", 2.1, 2.2))


def write_csv(path: Path, columns, rows, encoding="gbk"):
    text = "\n".join(",".join(str(value) for value in row) for row in (columns, *rows))
    path.write_text(text + "\n", encoding=encoding)
    return path


def write_workbook(path: Path, sheets):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append([value if value != "" else None for value in row])
    book.save(path)
    return path


def deliver(folder: Path, points=POINTS, lines=LINES, name="PS"):
    """A delivery of two CSV tables of a class."""
    return [
        write_csv(folder / f"{name}POINT.csv", POINT_COLUMNS, points),
        write_csv(folder / f"{name}LINE.csv", LINE_COLUMNS, lines),
    ]


def read(files, crs="EPSG:4548", target="EPSG:4548", area=None, **wishes):
    return read_delivery(files, Target(crs=parse_crs(target), area=area), Wishes(crs=crs, **wishes))
