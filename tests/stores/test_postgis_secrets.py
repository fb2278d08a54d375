"""A password in the address of a store is for the database alone: nothing that anybody can read repeats it."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import traceback
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests_postgis import Cluster
from tests_server import serving
from tests_stations import ITEMS, create_county
from twin.errors import TwinError
from twin.place import Place, hide_passwords
from twin.session import Session
from twin.settings import Settings, load_settings
from twin.stores import open_store
from twin.stores.postgis_url import PostgisPlace

SECRET = "Xw7.qLz-91"
#: Put together here: the texts of the project hold nothing that looks like a password in an address.
BEHIND_USER = "postgresql://zhang:{}@{}/postgres"


@pytest.mark.parametrize(
    "written",
    [
        BEHIND_USER.format(SECRET, "db") + "?schema=x",
        BEHIND_USER.format(SECRET + "@/:?#%40", "db:5432"),
        BEHIND_USER.format(SECRET, "db:port"),
        BEHIND_USER.format(SECRET, "[::1]:5432"),
        "postgresql+psycopg:" + BEHIND_USER.format(SECRET, "db").partition(":")[2],
        "PostgreSQL:" + BEHIND_USER.format(SECRET, "db").partition(":")[2],
        f"postgresql://db/postgres?user=zhang&password={SECRET}",
        f"host=db user=zhang password={SECRET}",
        f"host=db user=zhang password='{SECRET} {SECRET}'",
    ],
)
def test_no_way_to_write_an_address_is_repeated_with_its_password(written):
    place = Place(written)
    session = Session(settings=Settings(store=place), store_url=place)
    said = [str(place), repr(place), f"{place}", repr(session), hide_passwords(f"Error: unexpected ({written})")]
    for fails in (PostgisPlace.parse, lambda text: open_store(Place(text)), open_store):
        try:
            said.append(repr(fails(written)) + str(PostgisPlace.parse(written)))
        except TwinError as error:
            said += [error.detail, "".join(traceback.format_exception(error))]
    assert [text for text in said if SECRET[:4] in text] == []


@pytest.fixture(scope="module")
def guarded(own_cluster: Cluster) -> str:
    """The address of a county on a server that asks its user for a password."""
    own_cluster.sql(f"CREATE ROLE zhang LOGIN PASSWORD '{SECRET}'; GRANT CREATE ON DATABASE postgres TO zhang")
    rules = own_cluster.data / "pg_hba.conf"
    rules.write_text("local all zhang scram-sha-256\n" + rules.read_text("utf-8"), "utf-8")
    own_cluster.sql("SELECT pg_reload_conf()")
    address = own_cluster.address("guarded", user="zhang", secret=SECRET)
    create_county(address).close()
    return address


def run(*arguments: str, cwd: Path, store: str | None = None) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])} | ({"TWIN_STORE": store} if store else {})
    command = [sys.executable, "-m", "twin.cli", *arguments]
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.needs("postgis")
def test_no_command_says_the_password_whatever_way_it_came(guarded, own_cluster, tmp_path):
    (tmp_path / "twin.toml").write_text(f'store = "{guarded}"\n', "utf-8")
    gone = guarded.replace("schema=guarded", "schema=gone")
    refused = guarded.replace(SECRET, SECRET + "!")
    done = [
        run("doctor", cwd=tmp_path),
        run("history", "weather_stations", "--json", cwd=tmp_path),
        run("doctor", "--json", cwd=tmp_path.parent, store=guarded),
        run("doctor", "--roles", "--store", guarded, cwd=tmp_path.parent),
        run("doctor", "--store", refused, cwd=tmp_path),
        run("history", "weather_stations", "--store", refused, "--json", cwd=tmp_path),
        run("history", "weather_stations", "--store", gone, cwd=tmp_path),
        run("init", guarded, "--crs", "EPSG:4548", cwd=tmp_path),
        run("init", guarded.replace("guarded", "Not small"), "--crs", "EPSG:4548", cwd=tmp_path),
        run("doctor", guarded, cwd=tmp_path),
        run(guarded, cwd=tmp_path),
        run("describe", guarded, cwd=tmp_path),
        run("serve", "--store", refused, cwd=tmp_path),
        run("init", guarded, "--crs", guarded, cwd=tmp_path),
        run("ingest", guarded, guarded, cwd=tmp_path),
    ]
    assert [each.returncode for each in done] == [0, 0, 0, 0, 1, 1, 1, 1, 1, 2, 2, 1, 1, 1, 1]
    for each in done:
        assert SECRET not in each.stdout + each.stderr, each.args
        assert "Traceback" not in each.stderr
    assert "refuses this user or password; check both" in done[4].stdout
    assert json.loads(done[5].stdout)["error"] == "store-unavailable"
    assert len(done[12].stderr.splitlines()) == 1


@pytest.mark.needs("postgis")
def test_neither_answers_nor_logs_of_a_service_say_the_password(guarded, own_cluster, tmp_path):
    said = []
    with serving(guarded, log=tmp_path / "log") as (_, root):
        for stopped in (False, True):
            if stopped:
                own_cluster.stop()
            for path in ("/", ITEMS, "/readyz", "/collections/nothing", f"{ITEMS}?limit=many"):
                try:
                    with urllib.request.urlopen(root + path) as answer:
                        said.append(answer.read().decode() + str(answer.headers))
                except urllib.error.HTTPError as error:
                    with error:
                        said.append(error.read().decode() + str(error.headers))
        own_cluster.start()
    said.append((tmp_path / "log").read_text("utf-8"))
    assert "cannot be reached" in said[-1]
    assert [text for text in said if SECRET in text] == []


@pytest.mark.needs("postgis")
def test_neither_the_logs_of_the_libraries_nor_the_objects_in_a_debugger_say_it(guarded, caplog):
    with caplog.at_level(logging.DEBUG), open_store(guarded) as store:
        store.latest()
        dialect = store._dialect
        seen = [
            repr(thing) for thing in (store, store.url, dialect, dialect.engine, dialect.place, dialect.engine.pool)
        ]
    assert [text for text in [*seen, caplog.text] if SECRET in text] == []


def test_settings_take_a_password_and_show_none(tmp_path):
    written = BEHIND_USER.format(SECRET, "db")
    settings = load_settings(None, {"TWIN_STORE": written})
    assert settings.store.text == written
    assert SECRET not in repr(settings)
