"""The command line as its users meet it: exit codes, and what it prints."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests_cli import Terminal
from tests_support import edit_file
from twin.cli import COMMANDS
from twin.errors import SettingsError
from twin.place import Place
from twin.session import Session
from twin.settings import Settings

STATIONS = """station_id,name,kind,status,经度,纬度
s1,示例一,automatic,in_service,118.45,35.55
s2,示例二,automatic,in_service,118.48,35.55
"""
URBAN = {
    "type": "FeatureCollection",
    "features": [
        {
            "type": "Feature",
            "properties": {"area_id": "u1", "name": "示例城区", "kind": "urban", "status": "in_force"},
            "geometry": {
                "type": "MultiPolygon",
                "coordinates": [
                    [[[118.44, 35.54], [118.49, 35.54], [118.49, 35.56], [118.44, 35.56], [118.44, 35.54]]]
                ],
            },
        }
    ],
}


class Shell(Terminal):
    """A terminal in a folder with a store to work on."""

    folder: Path

    def twin(self, *words: str, code: int = 0) -> str:
        """Run a command, demand its exit code, return what it printed."""
        found, said, told = self.run(*words)
        assert found == code, said + told
        return said if code == 0 else said + told

    def json(self, *words: str) -> object:
        """Run a command and read its answer as a program would."""
        return json.loads(self.twin(*words, "--json"))


@pytest.fixture
def terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Shell:
    (tmp_path / "stations.csv").write_text(STATIONS, encoding="utf-8")
    (tmp_path / "urban.geojson").write_text(json.dumps(URBAN), encoding="utf-8")
    (tmp_path / "nothing.json").write_text("[]")
    (tmp_path / "numbers.json").write_text("[1, 2]")
    monkeypatch.chdir(tmp_path)
    for name, value in (("TWIN_STORE", "county.gpkg"), ("TWIN_AUTHOR", "王工")):
        monkeypatch.setenv(name, value)
    shell = Shell(monkeypatch, capfd)
    shell.folder = tmp_path
    return shell


def run_process(*words: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command in a process of its own."""
    command = [sys.executable, "-m", "twin.cli", *words]
    env = os.environ | environment
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("words", "code", "said", "told"),
    [
        (["--version"], 0, "twin, version", ""),
        (["layers"], 1, "", "twin: there is no store county.gpkg"),
        (["init", "new.gpkg", "--crs", "EPSG:4548"], 0, "created new.gpkg", ""),
        (["nonsense"], 2, "", "No such command"),
    ],
)
def test_a_process_ends_with_the_exit_code_and_answers_on_one_stream(tmp_path, words, code, said, told):
    done = run_process(*words, folder=tmp_path, TWIN_STORE="county.gpkg")
    assert done.returncode == code
    for given, wanted in ((done.stdout, said), (done.stderr, told)):
        assert wanted in given
        assert bool(given) == bool(wanted), given


@pytest.fixture
def county(terminal: Shell) -> Shell:
    terminal.twin("init", "county.gpkg", "--crs", "EPSG:4548", "--title", "示例县")
    terminal.twin("ingest", "planning_areas", "urban.geojson")
    terminal.twin("ingest", "weather_stations", "stations.csv", "--crs", "EPSG:4490", "--effective", "2021-06-30")
    return terminal


def test_a_county_from_nothing_to_a_verified_indicator(county):
    assert {layer["id"]: layer["features"] for layer in county.json("layers") if layer["features"]} == {
        "planning_areas": 1,
        "weather_stations": 2,
    }
    results = county.json("assess", "weather_station_spacing")
    (county.folder / "results.json").write_text(json.dumps(results))
    assert results[0]["evidence"][0]["rows"] == 2
    assert results[0]["verdict"] == "met"
    assert "holds" in county.twin("verify", "results.json")
    doctored = [results[0] | {"value": results[0]["value"] + 1e-9}, *results]
    (county.folder / "doctored.json").write_text(json.dumps(doctored))
    said = county.twin("verify", "doctored.json", code=1).splitlines()
    assert ["recorded" in line for line in said[:2]] == [True, False]
    assert "not the record of a result" in county.twin("verify", "numbers.json", code=1)


def test_the_table_of_indicators_shows_value_target_and_verdict(county):
    lines = county.twin("assess").splitlines()
    spacing = next(line for line in lines if line.startswith("weather_station_spacing"))
    assert "< 5" in spacing
    assert spacing.endswith("met")
    age = next(line for line in lines if line.startswith("pipe_age"))
    assert age.endswith("no target")
    assert county.json("assess", "pipe_age")[0]["verdict"] == "unknown"
    assert any(line.startswith("topographic_coverage") for line in lines)


def test_the_state_as_of_a_day_is_asked_by_date_or_by_revision(county):
    county.twin("ingest", "weather_stations", "stations.csv", "--crs", "EPSG:4490", "--mode", "sync")
    before = county.json("assess", "weather_station_spacing", "--as-of", "2021-06-29")[0]
    after = county.json("assess", "weather_station_spacing", "--as-of", "2021-06-30", "--param", "on_date=2021-06-30")[
        0
    ]
    assert before["value"] is None
    assert after["as_of"].startswith("2021-06-30T23:59:59")
    assert county.json("assess", "weather_station_spacing", "--as-of", "2")[0]["value"] is not None


def test_history_diff_revert_and_export_tell_one_story(county):
    changed = STATIONS.replace("示例二", "改名站") + "s3,示例三,manual,in_service,118.46,35.545\n"
    (county.folder / "second.csv").write_text(changed, encoding="utf-8")
    county.twin("ingest", "weather_stations", "second.csv", "--crs", "EPSG:4490", "--mode", "sync", "--reason", "复核")
    history = county.json("history", "weather_stations")
    assert [(r["inserted"], r["updated"], r["deleted"]) for r in history] == [(2, 0, 0), (1, 1, 0)]
    assert history[0]["effective"].startswith("2021-06-29T16:00")  # the 30th begins at 16:00 UTC in China
    assert (history[1]["author"], history[1]["reason"]) == ("王工", "复核")
    assert len(history[1]["sha256"]) == 64
    assert county.json("diff", "weather_stations", "2", "3") == {
        "layer": "weather_stations",
        "added": ["s3"],
        "removed": [],
        "changed": {"s2": ["name"]},
        "values": {"s2": {"name": ["示例二", "改名站"]}},
    }
    counts, *listed = county.twin("diff", "weather_stations", "2", "3").splitlines()
    assert counts == "1 added, 0 removed, 1 changed"
    assert listed == ["+ s3", "~ s2: name 示例二 → 改名站"]
    listed = county.twin("diff", "weather_stations", "2", "3", "--limit", "1").splitlines()
    assert listed[1:] == ["+ s3", "… and 1 more; --limit 2 lists all"]
    assert "revision 4 undoes 3: +0 ~1 -1" in county.twin("revert", "weather_stations", "3")
    county.twin("export", "weather_stations", "now.geojson")
    county.twin("export", "weather_stations", "then.geojson", "--as-of", "3")
    names = [
        {f["properties"]["name"] for f in json.loads((county.folder / name).read_text())["features"]}
        for name in ("now.geojson", "then.geojson")
    ]
    assert names == [{"示例一", "示例二"}, {"示例一", "改名站", "示例三"}]


def test_a_faulty_delivery_exits_with_1_names_row_and_field_and_writes_nothing(county):
    faulty = STATIONS.replace("automatic,in_service,118.48", "solar,in_service,218.48")
    (county.folder / "faulty.csv").write_text(faulty, encoding="utf-8")
    said = county.twin("ingest", "weather_stations", "faulty.csv", "--crs", "EPSG:4490", "--mode", "sync", code=1)
    assert "faulty.csv" in said
    assert "row 2" in said
    assert "kind" in said
    assert len(county.json("history", "weather_stations")) == 1
    said = county.twin("ingest", "weather_stations", "faulty.csv", "--crs", "EPSG:4490", "--json", code=1)
    (fault,) = [fault for fault in json.loads(said.splitlines()[0])["errors"] if fault["field"] == "kind"]
    assert (fault["file"], fault["row"], fault["value"]) == ("faulty.csv", 2, "solar")


def test_a_dry_run_reports_and_writes_nothing(county):
    more = STATIONS + "s3,示例三,manual,in_service,118.46,35.545\n"
    (county.folder / "more.csv").write_text(more, encoding="utf-8")
    report = county.json("ingest", "weather_stations", "more.csv", "--crs", "EPSG:4490", "--mode", "sync", "--dry-run")
    assert (report["read"], report["inserted"], report["unchanged"], report["revision"]) == (3, 1, 2, None)
    assert len(county.json("history", "weather_stations")) == 1


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["layers"], 1, "there is no store county.gpkg; create one with: twin init"),
        (["describe", "topo_sheet"], 1, "did you mean topo_sheets"),
        (["describe", "topo"], 1, "did you mean topo_sheets?"),
        (["ingst", "roads"], 2, "No such command 'ingst'; did you mean ingest?"),
        (["assess", "coverage"], 1, "there is no indicator coverage"),
        (["assess", "--param", "colour=red"], 1, "no indicator asked for has a parameter colour"),
        (["assess", "--param", "area"], 1, "a parameter is given as name=value"),
        (["assess", "--param", "area=urban", "--param", "area=planning"], 1, "area is given 2 values"),
        (["assess", "--as-of", "yesterday"], 2, "neither a revision number nor a date"),
        (["init", "county.sqlite", "--crs", "EPSG:4548"], 1, "a path ending in .gpkg"),
        (["init", "county.gpkg", "--crs", "EPSG:999999"], 1, "999999"),
        (["verify", "nothing.json"], 1, "holds no result"),
        (["assess", "--as-of", "²"], 2, "neither a revision number nor a date"),
        (["nonsense"], 2, "No such command"),
        (["doctor"], 1, "FAULT"),
    ],
)
def test_a_mistake_is_answered_with_what_to_do_and_an_exit_code(terminal, words, code, says):
    assert says in terminal.twin(*words, code=code)


def test_the_common_options_may_stand_before_the_command_and_behind_it(county):
    county.twin("init", "other.gpkg", "--crs", "EPSG:4490")
    for words in (["--store", "other.gpkg", "--json", "layers"], ["layers", "--json", "--store", "other.gpkg"]):
        assert [layer["features"] for layer in json.loads(county.twin(*words)) if layer["features"]] == []
    assert len(json.loads(county.twin("--store", "other.gpkg", "layers", "--store", "county.gpkg", "--json"))) > 1


def test_the_doctor_says_what_is_kept_of_layers_and_where(county, monkeypatch):
    folder = county.folder / "shelf"
    monkeypatch.setenv("TWIN_CACHE", str(folder))
    monkeypatch.setenv("TWIN_CACHE_MB", "2000")
    line = next(line for line in county.twin("doctor").splitlines() if "cache" in line)
    assert str(folder) in line
    assert "0 kept, 0.0 of 2,000 MB" in line
    folder.mkdir()
    (folder / "some.columns").write_bytes(bytes(1_500_000))
    assert "1 kept, 1.5 of 2,000 MB" in county.twin("doctor")
    monkeypatch.setenv("TWIN_CACHE_MB", "0")
    assert "nothing is kept" in county.twin("doctor")
    monkeypatch.setenv("TWIN_CACHE_MB", "9")
    monkeypatch.setenv("TWIN_CACHE", str(county.folder / "shelf" / "some.columns"))
    assert "nothing can be written there" in county.twin("doctor", code=1)


def test_the_doctor_says_which_rows_that_other_programs_edited_break_the_schema(county):
    path = str(county.folder / "county.gpkg")
    county.twin("doctor")
    edit_file(path, "UPDATE weather_stations SET name = '改名' WHERE station_id = 's1'")
    assert "weather_stations" in county.twin("doctor")
    assert "keeps the schema" in county.twin("doctor")
    edit_file(path, "UPDATE weather_stations SET kind = 'manuel', geom = NULL WHERE station_id = 's2'")
    said = county.twin("doctor", code=1).splitlines()[-2:]
    assert [line.split()[:2] for line in said] == [["weather_stations", "s2"]] * 2
    assert "field kind: the value is not of the code list (found manuel); allowed: automatic" in said[0]
    assert "field geometry: there is no geometry" in said[1]
    county.twin("revert", "weather_stations", "4")
    county.twin("doctor")
    edit_file(path, "UPDATE weather_stations SET accuracy_m = 'good' WHERE station_id = 's2'")
    assert "weather_stations s2 has 'good' as accuracy_m, which is no real" in county.twin("doctor", code=1)


def test_what_the_terminal_cannot_show_is_escaped(tmp_path):
    name = os.fsdecode(b"\xc4\xcf.gpkg")  # a Chinese name as an old archive holds it
    assert "created \\udcc4\\udccf.gpkg" in run_process("init", name, "--crs", "EPSG:4548", folder=tmp_path).stdout
    assert (tmp_path / name).is_file()


def test_a_reader_that_has_seen_enough_is_no_error_worth_a_traceback():
    command = f"{sys.executable} -m twin.cli describe cell_sites | true"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert done.stderr == ""


def test_a_login_without_a_name_is_asked_who_writes(monkeypatch):
    def nobody() -> str:
        raise KeyError("getpwuid(): uid not found: 54321")

    monkeypatch.setattr("getpass.getuser", nobody)
    with pytest.raises(SettingsError, match="TWIN_AUTHOR"):
        _ = Session(settings=Settings(), store_url=Place("x.gpkg")).author
    assert Session(settings=Settings(author="王工"), store_url=Place("x.gpkg")).author == "王工"


def test_a_value_of_several_lines_stays_on_its_row(county):
    county.twin("revert", "weather_stations", "2", "--reason", "复核\n退回")
    assert county.twin("history", "weather_stations").splitlines()[-1].endswith("复核 退回")


def test_equal_faults_are_one_line_with_their_count_and_a_program_gets_all(terminal):
    terminal.twin("init", "county.gpkg", "--crs", "EPSG:4548")
    rows = "".join(f"s{i},示例,solar{i},in_service,118.4{i:03},35.55\n" for i in range(25))
    rows += "".join(f"t{i},示例,automatic,asleep{i},118.4{i:03},35.55\n" for i in range(2))
    (terminal.folder / "faulty.csv").write_text(STATIONS.splitlines()[0] + "\n" + rows, encoding="utf-8")
    said = terminal.twin("ingest", "weather_stations", "faulty.csv", "--crs", "EPSG:4490", code=1)
    kinds, states = said.splitlines()[-2:]
    assert kinds.startswith("  faulty.csv, field kind: the value is not of the code list; allowed: automatic")
    assert kinds.endswith("; 25 rows: 1 found solar0, 2 found solar1, 3 found solar2, …")
    assert states.endswith("; 2 rows: 26 found asleep0, 27 found asleep1")
    command = ("ingest", "weather_stations", "faulty.csv", "--crs", "EPSG:4490", "--json")
    said = json.loads(terminal.twin(*command, code=1).splitlines()[0])
    assert [len(said["errors"]), len(said["report"]["faults"])] == [27, 27]


def test_a_setting_misspelt_in_the_environment_is_named(terminal, monkeypatch):
    monkeypatch.setenv("TWIN_STOER", "x.gpkg")
    assert "TWIN_STOER is not a setting; did you mean store" in terminal.twin("layers", code=1)


def test_a_layer_may_be_called_by_its_chinese_title(county):
    assert county.json("describe", "气象监测站")["id"] == "weather_stations"
    assert "weather_stations: 2 read, 0 inserted" in county.twin(
        "ingest", "气象监测站", "stations.csv", "--crs", "EPSG:4490", "--mode", "sync"
    )


def test_a_store_that_the_result_did_not_come_from_is_suspected(county):
    (county.folder / "results.json").write_text(county.twin("assess", "weather_station_spacing", "--json"))
    county.twin("init", "other.gpkg", "--crs", "EPSG:4548")
    said = county.twin("verify", "results.json", "--store", "other.gpkg", code=1)
    assert "knows revision 2, and other.gpkg ends with 0: it is the result of another store" in said
    (county.folder / "moved.csv").write_text(STATIONS.replace("118.45", "118.46"), encoding="utf-8")
    county.twin("ingest", "planning_areas", "urban.geojson", "--store", "other.gpkg")
    county.twin("ingest", "weather_stations", "moved.csv", "--crs", "EPSG:4490", "--store", "other.gpkg")
    said = county.twin("verify", "results.json", "--store", "other.gpkg", code=1)
    assert "weather_stations: the rows read are not those recorded (digest differs)" in said
    assert "twin: is other.gpkg the store that results.json came from?" in said


def test_an_empty_store_says_where_the_areas_go(terminal):
    terminal.twin("init", "county.gpkg", "--crs", "EPSG:4548")
    said = terminal.twin("assess")
    assert "no urban area (城区) in force: it goes into planning_areas with kind=urban, status=in_force." in said
    assert "no planning area (城市规划区) in force: it goes into planning_areas with kind=planning" in said


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(terminal, command):
    said = terminal.twin(command, "--help")
    assert f"twin {command}" in said
    assert "Example" in said
    assert "--json" in said


@pytest.mark.parametrize("words", ["--help", "indicators"])
def test_what_needs_no_rows_starts_without_the_libraries_that_read_them(words):
    """Half of the time to the first line went into importing them."""
    program = (
        "import sys; from twin.cli import main_group; main_group.main(sys.argv[1:], standalone_mode=False); "
        "sys.exit(str({'pandas', 'geopandas', 'scipy', 'sqlalchemy', 'fastapi'} & sys.modules.keys() or '') or None)"
    )
    done = subprocess.run([sys.executable, "-c", program, words], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
