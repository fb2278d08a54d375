from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyogrio
import pytest
import shapely
from click.testing import CliRunner, Result

from layers.planning_areas import PLANNING_AREAS
from twin.cli import main_group
from twin.crs import parse_crs
from twin.errors import CrsError, InvalidParameter, StoreUnavailable
from twin.store import Changes
from twin.stores import create_store

#: The county's own grid, CGCS2000 transverse Mercator at 118.5° E.
LOCAL = parse_crs("+proj=tmerc +lat_0=0 +lon_0=118.5 +k=1 +x_0=500000 +y_0=0 +ellps=GRS80 +units=m +type=crs")


def sheets(*arguments: object) -> Result:
    return CliRunner().invoke(main_group, ["sheets", *map(str, arguments)])


def answer(*arguments: object) -> Any:
    result = sheets(*arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory, frame: Any) -> Path:
    """A twin with a planning area of 3 × 3 km, an urban area of 1 × 1 km, and an old one."""
    plain = {"version": "2018-2035", "status": "in_force"}
    rows = [
        {"area_id": "P", "kind": "planning", "geometry": shapely.box(496_000, 3_935_000, 499_000, 3_938_000)},
        {"area_id": "U", "kind": "urban", "geometry": shapely.box(496_500, 3_935_500, 497_500, 3_936_500)},
        {"area_id": "O", "kind": "urban", "geometry": shapely.box(0, 0, 9_000, 9_000), "status": "superseded"},
    ]
    path = tmp_path_factory.mktemp("store") / "county.gpkg"
    with create_store(path, crs=LOCAL) as opened:
        written = frame(PLANNING_AREAS, [{"name": row["area_id"], **plain, **row} for row in rows], LOCAL)
        multi = written.data.set_geometry(shapely.multipolygons(written.geometry[:, None]), crs=LOCAL)
        opened.write(PLANNING_AREAS, Changes(insert=multi), author="test", reason="test")
    return path


def test_the_grid_of_the_planning_area_is_written_in_the_storage_crs(store: Path, tmp_path: Path) -> None:
    out = tmp_path / "plan.gpkg"
    found = answer(out, "--scale", 2000, "--store", store)
    assert (found["sheets"], found["file"]) == (9, str(out))
    rows = pyogrio.read_dataframe(out)
    assert rows["sheet_no"].tolist()[:4] == ["3937.0-496.0", "3937.0-497.0", "3937.0-498.0", "3936.0-496.0"]
    assert set(rows["scale"]) == {2000}
    assert set(rows["scheme"]) == {"rectangular_50x50"}
    assert shapely.union_all(rows.geometry).equals(shapely.box(496_000, 3_935_000, 499_000, 3_938_000))
    assert rows.crs.equals(LOCAL)


def test_the_urban_area_in_force_takes_the_sheets_that_touch_it(store: Path, tmp_path: Path) -> None:
    assert answer(tmp_path / "u.gpkg", "--scale", 1000, "--area", "urban", "--store", store)["sheets"] == 4
    assert answer(tmp_path / "w.gpkg", "--scale", 2000, "--area", "urban", "--store", store)["sheets"] == 4


def test_geojson_is_longitude_and_latitude(store: Path, tmp_path: Path) -> None:
    out = tmp_path / "plan.geojson"
    assert answer(out, "--scale", 2000, "--scheme", "graticule", "--store", store)["sheets"] > 9
    rows = pyogrio.read_dataframe(out)
    (home,) = rows.geometry[rows["sheet_no"] == "I50I065429"]
    assert home.bounds == pytest.approx((118.4583333, 35.5486111, 118.46875, 35.5555556))


def test_an_area_may_come_from_a_file_and_then_needs_no_store(tmp_path: Path) -> None:
    ring = [[118.4601, 35.5501], [118.4602, 35.5501], [118.4602, 35.5502], [118.4601, 35.5501]]
    area = tmp_path / "area.geojson"
    area.write_text(json.dumps({"type": "Polygon", "coordinates": [ring]}), encoding="utf-8")
    out = tmp_path / "plan.gpkg"
    options = ("--scale", 2000, "--scheme", "graticule", "--area", area, "--crs", "EPSG:4490")
    assert answer(out, *options)["sheets"] == 1
    assert pyogrio.read_dataframe(out)["sheet_no"].tolist() == ["I50I065429"]


def test_one_point_and_one_number_are_answered() -> None:
    at = ("--crs", "EPSG:4548", "--point", "632885.385,3936656.695")
    assert answer("--scale", 1000, *at) == {
        "scale": 1000,
        "scheme": "rectangular_50x50",
        "crs": "EPSG:4548",
        "sheet_no": "3936.5-632.5",
        "footprint": [632_500, 3_936_500, 633_000, 3_937_000],
        "footprint_crs": "EPSG:4548",
    }
    assert answer("--scale", 2000, "--scheme", "graticule", *at)["sheet_no"] == "I50I065429"
    assert answer("--scale", 1000, "--offset", "3900,600", *at)["sheet_no"] == "36.5-32.5"
    known = answer("--scale", 2000, "--scheme", "graticule", "--number", "I50I065429", "--crs", "EPSG:4490")
    assert known["footprint"] == pytest.approx([118.4583333333, 35.5486111111, 118.46875, 35.5555555556])
    assert "3936.5-632.5  1:1000" in sheets("--scale", 1000, *at).output


def test_the_help_shows_an_example() -> None:
    assert "Example" in sheets("--help").output


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["--number", "3936.5-632.5", "--scale", 2000, "--crs", "EPSG:4548"], InvalidParameter),
        (["--number", "3936.0-632.0", "--scale", 2000, "--crs", "EPSG:4490"], InvalidParameter),
        (["--number", "3936.0-632.0", "--scale", 2000, "--crs", "EPSG:1"], CrsError),
        (["--point", "118.4,35.5", "--scale", 2000, "--crs", "EPSG:4548"], CrsError),
        (["--point", "632885,3936656", "--scale", 2000, "--scheme", "graticule", "--crs", "EPSG:4490"], CrsError),
        (["--point", "1,2", "--scale", 2000, "--store", "/nowhere/twin.gpkg"], StoreUnavailable),
    ],
)
def test_what_cannot_be_answered_is_an_error(arguments: list[object], error: type[Exception]) -> None:
    assert isinstance(sheets(*arguments).exception, error)


@pytest.mark.parametrize("point", ["35.5,118.4", "3936656,632885"])
def test_a_point_with_north_first_is_told_so(point: str) -> None:
    crs = "EPSG:4490" if "." in point else "EPSG:4548"
    error = sheets("--scale", 2000, "--scheme", "graticule", "--crs", crs, "--point", point).exception
    assert isinstance(error, CrsError)
    assert "x and y are swapped" in error.detail


@pytest.mark.parametrize(
    "arguments",
    [[], ["a.gpkg", "--number", "1"], ["--point", "1"], ["--point", "a,b"], ["--number", "1", "--offset", "1.5,2"]],
)
def test_a_wrong_call_is_explained(arguments: list[object]) -> None:
    result = sheets(*arguments, "--scale", 2000, "--crs", "EPSG:4548")
    assert result.exit_code == 2
    assert "Error" in result.output


def test_an_existing_file_is_kept_unless_told_otherwise(store: Path, tmp_path: Path) -> None:
    out = tmp_path / "plan.gpkg"
    out.write_bytes(b"mine")
    assert isinstance(sheets(out, "--scale", 2000, "--store", store).exception, InvalidParameter)
    assert out.read_bytes() == b"mine"
    assert answer(out, "--scale", 2000, "--overwrite", "--store", store)["sheets"] == 9
    assert len(pyogrio.read_dataframe(out)) == 9
    assert [path.name for path in tmp_path.iterdir()] == ["plan.gpkg"]
    assert isinstance(
        sheets(tmp_path / "no" / "plan.gpkg", "--scale", 2000, "--store", store).exception, InvalidParameter
    )
    assert isinstance(sheets(tmp_path / "plan.shp", "--scale", 2000, "--store", store).exception, InvalidParameter)
