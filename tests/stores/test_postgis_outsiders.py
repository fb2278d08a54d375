"""Other programs edit the tables: each statement is a revision by whoever ran it, or is refused."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
import shapely
from click.testing import CliRunner

from tests_postgis import Cluster
from tests_stations import CRS as COUNTY_CRS
from tests_stations import add_stations, create_county
from tests_support import CRS, LAYER, make_rows, write
from twin.cli import main_group
from twin.crs import BBox
from twin.query import Query
from twin.stores import create_store, open_store

pytestmark = pytest.mark.needs("postgis")

SQUARE = shapely.force_3d(shapely.box(0, 0, 1, 1))


@pytest.fixture
def plots(cluster: Cluster, schema: str, address: str):
    """Three plots, and a user zhang who may edit the table of the layer and no other."""
    cluster.sql("DO $$ BEGIN CREATE ROLE zhang LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$")
    with create_store(address, crs=CRS) as store:
        write(store, insert=make_rows(**{key: {"floors": 1, "geometry": SQUARE} for key in "abc"}))
        cluster.sql(
            f"GRANT USAGE ON SCHEMA {schema} TO zhang; GRANT ALL ON {schema}.plots TO zhang;"
            f"GRANT USAGE ON SEQUENCE {schema}.plots_fid_seq TO zhang"
        )
        yield store


@pytest.fixture
def edit(cluster: Cluster, schema: str):
    """Run SQL as zhang, in the schema."""
    return lambda sql: cluster.psql(f"SET search_path TO {schema}, public; {sql}", user="zhang")


def floors(store, **query):
    return store.read(LAYER, Query(**query)).data["floors"].dropna().astype(int).to_dict()


def told(store):
    return [(r.author, r.inserted, r.updated, r.deleted) for r in store.revisions(LAYER)[1:]]


def test_each_statement_is_one_revision_by_its_user(plots, edit):
    for sql in (
        "UPDATE plots SET floors = floors + 1",
        "INSERT INTO plots (plot_id, floors) VALUES ('d', 4), ('e', 5)",
        "COPY plots (plot_id, floors) FROM STDIN;\nf\t6\ng\t7\n\\.\n",
        "DELETE FROM plots WHERE plot_id IN ('a', 'd', 'f')",
        "UPDATE plots SET floors = 0 WHERE plot_id = 'nobody'",
    ):
        assert not edit(sql).returncode
    assert told(plots) == [("zhang", 0, 3, 0), ("zhang", 2, 0, 0), ("zhang", 2, 0, 0), ("zhang", 0, 0, 3)]
    states = [
        {"a": 1, "b": 1, "c": 1},
        {"a": 2, "b": 2, "c": 2},
        {"a": 2, "b": 2, "c": 2, "d": 4, "e": 5},
        {"a": 2, "b": 2, "c": 2, "d": 4, "e": 5, "f": 6, "g": 7},
        {"b": 2, "c": 2, "e": 5, "g": 7},
    ]
    assert [floors(plots, as_of=number) for number in range(1, 6)] == states
    assert floors(plots) == states[-1]
    for revision in plots.revisions(LAYER):
        assert floors(plots, as_of=revision.effective) == states[revision.number - 1]


def test_a_transaction_that_is_rolled_back_leaves_nothing(plots, edit):
    assert not edit("BEGIN; UPDATE plots SET floors = 9; DELETE FROM plots; ROLLBACK").returncode
    assert (plots.latest(), floors(plots)) == (1, {"a": 1, "b": 1, "c": 1})


def test_an_upsert_and_a_move_between_rows_keep_the_history_true(plots, edit):
    upsert = "INSERT INTO plots (plot_id, floors) VALUES ('a', 7), ('z', 8)"
    assert not edit(f"{upsert} ON CONFLICT (plot_id) DO UPDATE SET floors = excluded.floors").returncode
    assert floors(plots) == {"a": 7, "b": 1, "c": 1, "z": 8}
    assert sorted(told(plots)) == [("zhang", 0, 1, 0), ("zhang", 1, 0, 0)]
    moved = "WITH gone AS (DELETE FROM plots WHERE plot_id = 'z' RETURNING floors)"
    assert not edit(f"{moved} INSERT INTO plots (plot_id, floors) SELECT 'y', floors FROM gone").returncode
    assert floors(plots) == {"a": 7, "b": 1, "c": 1, "y": 8}
    assert floors(plots, as_of=3) == {"a": 7, "b": 1, "c": 1, "z": 8}


def test_a_key_or_a_number_that_changes_is_followed(plots, edit):
    assert not edit("UPDATE plots SET plot_id = 'renamed' WHERE plot_id = 'a'").returncode
    assert floors(plots) == {"b": 1, "c": 1, "renamed": 1}
    assert floors(plots, as_of=1) == {"a": 1, "b": 1, "c": 1}
    assert plots.changed(LAYER, 2, 2) == {"a", "renamed"}
    assert not edit("UPDATE plots SET fid = 1000 WHERE plot_id = 'b'").returncode
    assert not edit("INSERT INTO plots (fid, plot_id, floors) VALUES (2000, 'far', 1)").returncode
    write(plots, insert=make_rows(new={"floors": 1}))
    frame = plots.read(LAYER)
    numbers = dict(zip(frame.data.index, frame.fid.tolist(), strict=True))
    assert (numbers["b"], numbers["far"], numbers["new"] > 2000) == (1000, 2000, True)
    assert floors(plots, as_of=1) == {"a": 1, "b": 1, "c": 1}


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ("TRUNCATE plots", "TRUNCATE would leave no history of plots; use DELETE"),
        ("UPDATE plots SET geom = ST_SetSRID(geom, 4326)", "SRID"),
        ("UPDATE plots SET geom = 'SRID=4326;POINT Z (0 0 0)'", "SRID"),
        ("INSERT INTO plots (plot_id) VALUES (NULL)", "null value in column"),
        ("INSERT INTO plots (plot_id) VALUES ('a')", "duplicate key"),
        ("INSERT INTO plots (plot_id, fid) VALUES ('x', 1)", "duplicate key"),
        ("UPDATE plots SET plot_id = 'same'", "duplicate key"),
        ("UPDATE plots SET height_m = 'NaN'", "violates check constraint"),
        ("UPDATE plots SET height_m = '-Infinity'", "violates check constraint"),
        ("UPDATE plots SET geom = ST_Force3D(ST_LineToCurve(ST_Buffer(geom, 1)))", "does not match column type"),
        ("UPDATE plots SET geom = ST_Force2D(geom)", "Column has Z dimension"),
        ("UPDATE plots SET built = 'infinity'", "violates check constraint"),
        ("UPDATE plots SET built = '0044-03-15 BC'", "violates check constraint"),
        ("UPDATE plots SET seen_at = '-infinity'", "violates check constraint"),
        ("UPDATE plots SET name = E'\\x00'", "invalid byte sequence"),
        ("INSERT INTO twin_revisions VALUES (9)", "permission denied"),
        ("DELETE FROM plots_history", "permission denied"),
    ],
)
def test_what_would_break_the_store_is_refused_and_changes_nothing(plots, edit, sql, says):
    refused = edit(sql)
    assert refused.returncode
    assert says in refused.stderr
    assert (plots.latest(), floors(plots)) == (1, {"a": 1, "b": 1, "c": 1})


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE plots SET name = $$'; DROP TABLE plots; --$$",
        "UPDATE plots SET floors = 9223372036854775807",
        "UPDATE plots SET opened = 77",
        "UPDATE plots SET name = repeat('x', 1000000)",
        "UPDATE plots SET geom = NULL",
        "UPDATE plots SET geom = ST_Force3D(ST_SetSRID('POLYGON EMPTY'::geometry, ST_SRID(geom)))",
        "UPDATE plots SET built = '9999-12-31', seen_at = '0001-01-01 00:00:00Z'",
    ],
)
def test_what_is_only_strange_can_be_read_and_the_past_stays(plots, edit, sql):
    done = edit(sql)
    assert not done.returncode, done.stderr
    rows = plots.read(LAYER).data
    assert list(rows.index) == ["a", "b", "c"]
    assert plots.read(LAYER).opened.tolist() == [2, 2, 2]
    assert floors(plots, as_of=1) == {"a": 1, "b": 1, "c": 1}
    assert plots.extent(LAYER) in (None, BBox(0, 0, 1, 1))


def test_an_edit_that_waited_while_its_rows_were_written_is_told_so(plots, address, schema, cluster):
    """PostgreSQL would say that it changed no row, and no program looks at that."""
    waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'advisory' AND usename = 'zhang'"

    def edit() -> int:
        with psycopg.connect(f"host={cluster.folder} user=zhang dbname=postgres", autocommit=True) as zhang:
            return zhang.execute(f"UPDATE {schema}.plots SET floors = 5 WHERE plot_id = 'a'").rowcount

    def write_while_somebody_waits(*, changes: bool):
        with open_store(address, write=True) as writer, writer._writing() as connection:
            editing = threads.submit(edit)
            while cluster.sql(waits) == "0\n":
                assert not editing.done()
            if changes:
                apart = "INSERT INTO twin_revisions SELECT 2, layer, author, reason, recorded_at, effective, 0, 1, 0"
                connection.exec_driver_sql(f"{apart} FROM twin_revisions")
                connection.exec_driver_sql("UPDATE plots SET floors = 3, opened = 2 WHERE plot_id = 'a'")
        return editing

    with ThreadPoolExecutor(1) as threads:
        with pytest.raises(psycopg.errors.SerializationFailure, match="changed by another program meanwhile; do it"):
            write_while_somebody_waits(changes=True).result()
        assert floors(plots) == {"a": 3, "b": 1, "c": 1}
        assert write_while_somebody_waits(changes=False).result() == 1
        assert floors(plots) == {"a": 5, "b": 1, "c": 1}


def test_doctor_names_what_edits_in_sql_broke_and_what_server_there_is(cluster, schema, address):
    create_county(address).close()

    def doctor():
        done = CliRunner().invoke(main_group, ["doctor", "--store", address])
        return done.exit_code, " ".join(done.output.split())

    assert doctor()[0] == 0
    cluster.sql(f"UPDATE {schema}.weather_stations SET name = 'Renamed' WHERE station_id = 'S2'")
    code, said = doctor()
    assert code == 0
    for words in ("PostgreSQL 15", "PostGIS 3.", f"schema {schema}", "MB, owner", "notifications arrive"):
        assert words in said
    assert "layer weather_stations edited by other programs, keeps the schema" in said
    cluster.sql(f"UPDATE {schema}.weather_stations SET kind = 'steam' WHERE station_id = 'S2'")
    code, said = doctor()
    assert code == 1
    assert "weather_stations S2 field kind" in said
    assert "FAULT" in said
    with open_store(address, write=True) as store:
        assert store.crs == COUNTY_CRS
        add_stations(store, S3="South")


def test_doctor_says_when_notifications_do_not_arrive(cluster, schema, address, monkeypatch):
    create_county(address).close()
    monkeypatch.setattr("twin.stores.postgis_listen._CHECK_S", 0.5)
    with open_store(address) as store:
        store.stamp()
        store._dialect._listener._channel = "another_channel"
        assert ("notifications", "arrive", True) not in store.findings()
