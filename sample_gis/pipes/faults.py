"""The delivery of surveyors with faults of every kind put in on purpose and listed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sample_gis.county import County
from sample_gis.pipes.delivery import Row, Tables, tabulate, write_tables
from sample_gis.pipes.plots import NEXT, lay_plots
from twin.crs import CRS

_ENDS = ("S_Exp", "E_Exp")


@dataclass(frozen=True, kw_only=True, eq=False)
class Planted:
    """A delivery with faults.

    Parameters
    ----------
    tables
        Its tables.
    beside
        The delivery of the area beside it, without a fault, which is taken before.
    faults
        For each rule of acceptance the keys of the features that it has to name: points by their number, segments by
        those of their ends.
    """

    tables: Tables
    beside: Tables
    faults: Mapping[str, tuple[str, ...]]


def plant_faults(county: County) -> Planted:
    """Put faults of each kind into the tables of a county, each at a place of its own."""
    tables = tabulate(county)
    faults = _change_rows(tables)
    rows = Tables(points=[], lines=[])
    for plot, listed in lay_plots(county, tables):
        faults |= listed
        rows.points.extend(plot.tables.points)
        rows.lines.extend(plot.tables.lines)
    beside = Tables(
        points=[row for row in rows.points if row["Prj_No"] == NEXT],
        lines=[row for row in rows.lines if row["Prj_No"] == NEXT],
    )
    tables.points.extend(row for row in rows.points if row["Prj_No"] != NEXT)
    tables.lines.extend(row for row in rows.lines if row["Prj_No"] != NEXT)
    return Planted(tables=tables, beside=beside, faults=faults)


def write_planted(planted: Planted, crs: CRS, folder: Path) -> None:
    """Write a delivery with faults to a folder: its tables, those of the area beside, and ``faults.json``.

    A ``.prj`` beside each table says its CRS.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for tables, place in ((planted.tables, folder), (planted.beside, folder / "beside")):
        place.mkdir(exist_ok=True)
        for file in write_tables(tables, place):
            file.with_suffix(".prj").write_text(crs.to_wkt(), "utf-8")
    listed = {rule: list(keys) for rule, keys in sorted(planted.faults.items())}
    (folder / "faults.json").write_text(json.dumps(listed, indent=2) + "\n", "utf-8")


def _change_rows(tables: Tables) -> dict[str, tuple[str, ...]]:
    """Change rows of the county, and add some: slips of those who write tables."""
    points, lines = tables.points, tables.lines
    place = {row["Exp_No"]: row for row in points}
    faults: dict[str, tuple[str, ...]] = {}

    def change(line: Row, rule: str, **values: Any) -> None:
        line.update(values)
        faults[rule] = (_key(line),)

    def add(rule: str, like: Row, **values: Any) -> None:
        lines.append(like | values)
        faults[rule] = (_key(lines[-1]),)

    water = _apart([line for line in lines if line["Code"] == "51041000" and line["Material"] == "QM"], 4)
    change(water[0], "ATTR-DOMAIN", Material="塑钢")
    change(water[1], "ATTR-VALUE", WallThick="八毫米")
    change(water[2], "SIZE-FMT", PSize="0.15")
    change(water[3], "ELEV-ID", E_High=water[3]["E_High"] + 0.5)
    gas = next(line for line in lines if line["Code"] == "53031000")
    change(gas, "ATTR-MISSING", S_Deep=None, S_High=None)
    duct = next(line for line in lines if line["class"] == "TX")
    change(duct, "HOLES", UsedHole=duct["TotalHole"] + 3, CabNum=duct["TotalHole"] + 3)

    # Points of sewers have no feature that counts their segments, so one more breaks no other rule.
    wells = ("检查井", "检查井")
    sewage = [line for line in lines if line["Code"] == "52021000"]
    again, itself, nowhere, twice = _apart(
        [line for line in sewage if tuple(place[line[end]]["Subsid"] for end in _ENDS) == wells], 4
    )
    add("LN-DUP", again)
    add("LN-SELF", itself, **{f"E_{name}": itself[f"S_{name}"] for name in ("Exp", "Deep", "High")})
    # The layer itself, too, refuses a segment that ends where it starts.
    faults["ATTR-VALUE"] += faults["LN-SELF"]
    add("LN-REF", nowhere, E_Exp="WS999999")
    points.append(dict(place[twice["S_Exp"]]))
    faults["PT-DUP"] = (twice["S_Exp"],)
    lone = place[twice["S_Exp"]]
    points.append(lone | {"Exp_No": "WS900001", "X": lone["X"] + 7.0, "Y": lone["Y"] + 7.0})
    faults["PT-ORPHAN"] = ("WS900001",)

    busy = {line[end] for line in water for end in _ENDS}
    odd = next(row for row in points if _is_plain(row) and row["Exp_No"] not in busy)
    odd["Feature"] = "四通"
    faults["PT-DEGREE"] = (odd["Exp_No"],)
    return faults


def _key(line: Row) -> str:
    return f"{line['S_Exp']}-{line['E_Exp']}"


def _is_plain(point: Row) -> bool:
    return bool(
        point["Code"].startswith("5104") and point["Feature"] == "直线点" and not isinstance(point["Subsid"], str)
    )


def _apart(lines: list[Row], count: int) -> list[Row]:
    """The first of some lines, no two of which meet at a point."""
    chosen: list[Row] = []
    taken: set[str] = set()
    for line in lines:
        ends = {line[end] for end in _ENDS}
        if not ends & taken and len(chosen) < count:
            chosen.append(line)
            taken |= ends
    return chosen
