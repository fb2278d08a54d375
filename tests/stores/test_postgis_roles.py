"""Who may do what: the reader serves, the writer takes in, and only the owner changes tables."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from click.testing import CliRunner

from layers import catalog
from tests_cli import twin
from tests_copy import stored_rows
from tests_postgis import Cluster
from tests_server import serving
from tests_stations import ITEMS, STATIONS, TILE, add_stations, create_county
from tests_support import LAYER, make_rows, write
from twin.cli import main_group
from twin.errors import InvalidParameter, StoreUnavailable
from twin.history import revert
from twin.schema import Field
from twin.stores import open_store
from twin.stores.copying import copy_store

pytestmark = pytest.mark.needs("postgis")


@contextmanager
def county_with_roles(cluster: Cluster, schema: str) -> Iterator[str]:
    """A twin with roles that `twin init` made, and two stations."""
    address = cluster.address(schema)
    twin("init", address, "--crs", "EPSG:4548", "--roles")
    with open_store(address, write=True) as store:
        add_stations(store, S1="North", S2="East")
    yield address
    roles = f"{schema}_reader, {schema}_editor, {schema}_writer"
    cluster.sql(f"DROP SCHEMA {schema} CASCADE; DROP OWNED BY {roles}; DROP ROLE {roles}")


@pytest.fixture
def county(cluster: Cluster, schema: str) -> Iterator[str]:
    with county_with_roles(cluster, schema) as address:
        yield address


@pytest.fixture(scope="module")
def guarded(cluster: Cluster) -> Iterator[str]:
    """The schema of a county that nobody changes: whatever is tried on it is refused."""
    schema = "twin_guarded"
    with county_with_roles(cluster, schema):
        yield schema


def test_the_api_serves_as_the_reader_and_sees_what_others_write(county, cluster, schema, tmp_path):
    with serving(cluster.address(schema, user=f"{schema}_reader"), log=tmp_path / "log") as (_, root):
        for path in (ITEMS, TILE, "/collections/weather_stations", "/indicators/key_place_5g", "/"):
            with urllib.request.urlopen(root + path) as answer:
                assert answer.status == 200
        with open_store(county, write=True) as store:
            add_stations(store, S3="South")
        with urllib.request.urlopen(root + ITEMS) as answer:
            assert json.load(answer)["numberMatched"] == 3
    with (
        open_store(cluster.address(schema, user=f"{schema}_reader"), write=True) as store,
        pytest.raises(StoreUnavailable, match="lacks the right to do it; twin doctor --roles says which rights"),
    ):
        add_stations(store, S4="x")


def test_the_writer_takes_in_and_undoes(county, cluster, schema, tmp_path):
    with open_store(cluster.address(schema, user=f"{schema}_writer"), write=True) as store:
        add_stations(store, S3="South")
        revert(store, STATIONS, 2, author="weather")
        assert sorted(store.read(STATIONS).data.index) == ["S1", "S2"]
    feature = {**STATIONS.example, "properties": {**STATIONS.example["properties"], "station_id": "D9"}}
    file = tmp_path / "stations.geojson"
    file.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}), "utf-8")
    twin("ingest", "weather_stations", file, "--store", cluster.address(schema, user=f"{schema}_writer"))


@pytest.mark.parametrize("role", ["reader", "editor", "writer"])
@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE {0}.own (a int)",
        "DROP TABLE {0}.weather_stations",
        "ALTER TABLE {0}.weather_stations ADD COLUMN own int",
        "ALTER TABLE {0}.weather_stations DISABLE TRIGGER ALL",
        "TRUNCATE {0}.weather_stations",
        "UPDATE {0}.weather_stations_history SET name = 'forged'",
        "DELETE FROM {0}.weather_stations_history",
        "UPDATE {0}.twin_revisions SET author = 'another'",
        "DELETE FROM {0}.twin_revisions",
        "UPDATE {0}.twin_meta SET value = 'forged'",
        "DROP SCHEMA {0} CASCADE",
        "CREATE FUNCTION {0}.own() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE TEMPORARY TABLE t (a int); CREATE TRIGGER t AFTER INSERT ON t EXECUTE FUNCTION {0}.twin_record()",
    ],
)
def test_no_role_changes_tables_or_what_the_history_says(guarded, cluster, role, statement):
    refused = cluster.psql(statement.format(guarded), user=f"{guarded}_{role}")
    assert refused.returncode
    assert "permission denied" in refused.stderr or "must be owner" in refused.stderr


def test_the_reader_changes_nothing_and_reads_everything(county, cluster, schema):
    for statement in ("DELETE FROM {0}", "UPDATE {0} SET name = 'x'", "INSERT INTO {0} (station_id) VALUES ('x')"):
        refused = cluster.psql(statement.format(f"{schema}.weather_stations"), user=f"{schema}_reader")
        assert "permission denied" in refused.stderr
    tables = cluster.sql(f"SELECT tablename FROM pg_tables WHERE schemaname = '{schema}'").split()
    assert len(tables) > 20
    cluster.sql("".join(f"SELECT 1 FROM {schema}.{table};" for table in tables), user=f"{schema}_reader")


def test_the_reader_may_copy_the_twin_out(county, cluster, schema, tmp_path):
    with open_store(county, write=True) as store:
        store.prepare(LAYER)  # later than the rights were given
        write(store, insert=make_rows(a={"floors": 1}, b={}))
        write(store, delete=("b",))
    copied = {}
    for who in (f"{schema}_reader", cluster.user):
        file = tmp_path / f"{who}.gpkg"
        copy_store(cluster.address(schema, user=who), str(file), catalog().layers | {"plots": LAYER}, tell=print)
        copied[who] = stored_rows(str(file))
        with open_store(file, write=True) as store:
            write(store, insert=make_rows(c={}))
            assert store.read(LAYER).fid.tolist() == [1, 3]
    assert copied[f"{schema}_reader"] == copied[cluster.user]


def test_a_layer_that_gained_a_field_waits_for_the_owner(county, cluster, schema):
    """The reader reads it without the field and the writer is told; the owner's next write adds the column."""
    gained = replace(
        STATIONS, fields=(*STATIONS.fields, Field(name="mast_m", type="real", title="Mast", title_zh="杆高"))
    )
    with open_store(cluster.address(schema, user=f"{schema}_reader")) as store:
        assert store.read(gained).data["mast_m"].isna().all()
    with (
        open_store(cluster.address(schema, user=f"{schema}_writer"), write=True) as writer,
        open_store(county, write=True) as owner,
    ):
        with pytest.raises(StoreUnavailable, match="weather_stations lacks mast_m in the database; let its owner"):
            write(writer, layer=gained, delete=("S1",))
        owner.prepare(gained)
        write(writer, layer=gained, delete=("S1",))
        assert writer.count(gained) == 1


def test_a_layer_that_came_later_is_open_to_both_roles(county, cluster, schema):
    with open_store(cluster.address(schema, user=f"{schema}_writer"), write=True) as writer:
        with pytest.raises(StoreUnavailable, match="plots is not in the database yet; let its owner"):
            write(writer, insert=make_rows(a={"floors": 1}))
        with open_store(county, write=True) as owner:
            owner.prepare(LAYER)
        write(writer, insert=make_rows(a={"floors": 1}))
        write(writer, update=make_rows(a={"floors": 2}))
    with open_store(cluster.address(schema, user=f"{schema}_reader")) as reader:
        assert reader.read(LAYER).data["floors"].tolist() == [2]


def test_what_doctor_prints_makes_the_same_roles(cluster, schema, address):
    create_county(address).close()
    printed = twin("doctor", "--roles", "--store", address)
    assert f"CREATE ROLE {schema}_reader LOGIN;" in printed
    cluster.sql(printed)
    cluster.sql(twin("doctor", "--roles", "--store", address))  # again: what is there is not made again
    with open_store(cluster.address(schema, user=f"{schema}_writer"), write=True) as store:
        add_stations(store, S3="South")
        assert store.revisions()[-1].number == 2
    with pytest.raises(InvalidParameter, match="a file has no roles"):
        twin("doctor", "--roles", "--store", "x.gpkg")


def test_a_user_who_may_not_make_roles_is_told_what_to_do(cluster, schema, address):
    cluster.sql(f"CREATE ROLE {schema}_owner LOGIN; GRANT CREATE ON DATABASE postgres TO {schema}_owner")
    as_owner = cluster.address(schema, user=f"{schema}_owner")
    refused = CliRunner().invoke(main_group, ["init", as_owner, "--crs", "EPSG:4548", "--roles"])
    assert "twin doctor --roles" in str(refused.exception)
    assert cluster.sql(f"SELECT count(*) FROM pg_tables WHERE schemaname = '{schema}'") != "0\n"
    cluster.sql(twin("doctor", "--roles", "--store", as_owner))
    with open_store(cluster.address(schema, user=f"{schema}_writer"), write=True) as store:
        add_stations(store, S1="North")
    with open_store(cluster.address(schema, user=f"{schema}_reader")) as store:
        assert store.count(STATIONS) == 1
