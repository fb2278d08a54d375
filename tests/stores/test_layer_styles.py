"""The table of styles is QGIS's: the twin keeps its own rows in it, and nothing else."""

from __future__ import annotations

import json
import secrets
import sqlite3
from contextlib import closing
from dataclasses import replace

import pytest
from click.testing import CliRunner

from layers import catalog
from tests_support import CRS, LAYER, edit_outside, make_rows, write
from twin.cli import main_group
from twin.layer import Style
from twin.stores import build_store, create_store, is_database, open_store, roles_of
from twin.stores.copying import copy_store

#: As QGIS of before 3.22 created it.
OLD_TABLE = """
CREATE TABLE layer_styles (id SERIAL PRIMARY KEY, f_table_catalog varchar, f_table_schema varchar,
  f_table_name varchar, f_geometry_column varchar, stylename text, styleqml xml, stylesld xml, useasdefault boolean,
  description text, owner varchar(63) DEFAULT CURRENT_USER, ui xml, update_time timestamp DEFAULT CURRENT_TIMESTAMP)
"""
RED = replace(LAYER, style=Style(color="#ff0000"))


@pytest.fixture(params=["gpkg", pytest.param("postgis", marks=pytest.mark.needs("postgis"))])
def place(request, tmp_path):
    """Where a twin may be made."""
    if request.param == "gpkg":
        return str(tmp_path / "twin.gpkg")
    return request.getfixturevalue("cluster").address(f"twin_{secrets.token_hex(4)}")


@pytest.fixture
def styles(request):
    """Ask for the styles of a place: name, owner, whether it is the default, and whether its outline is red."""

    def ask(place):
        columns = "stylename, owner, CAST(useasdefault AS integer), CAST(styleqml AS text)"
        if is_database(place):
            schema = place.rpartition("schema=")[2]
            select = f"SELECT json_build_array({columns}) FROM layer_styles"
            said = request.getfixturevalue("cluster").sql(f"{select} WHERE f_table_schema = '{schema}' ORDER BY id")
            found = [json.loads(line) for line in said.splitlines()]
            return [(name, owner, default, "255,0,0,204" in qml) for name, owner, default, qml in found]
        with closing(sqlite3.connect(place)) as connection:
            rows = connection.execute(f"SELECT {columns} FROM layer_styles ORDER BY id").fetchall()
        return [(name, owner, default, "255,0,0,204" in qml) for name, owner, default, qml in rows]

    return ask


def save_another(place, **values):
    """Save a style as a planner does in QGIS."""
    schema = place.rpartition("schema=")[2] if is_database(place) else ""
    names = {"f_table_schema": schema, "f_table_name": "plots", "f_geometry_column": "geom", **values}
    catalog = "current_database()" if is_database(place) else "''"
    columns, marks = ", ".join(names), ", ".join("?" * len(names))
    sql = f"INSERT INTO layer_styles (f_table_catalog, {columns}) VALUES ({catalog}, {marks})"
    edit_outside(place, sql, list(names.values()))


def test_a_layer_gets_its_style_when_its_table_is_made(place, styles):
    with create_store(place, crs=CRS) as store:
        write(store, insert=make_rows(a={"floors": 1}))
    assert styles(place) == [("Standard 标准", "county-twin", 1, False)]


def test_a_style_follows_its_layer_with_an_upgrade(place, styles):
    with create_store(place, crs=CRS) as store:
        store.prepare(LAYER)
        store.prepare(RED)
        write(store, layer=LAYER, insert=make_rows(a={"floors": 1}))  # a write leaves it alone
    assert styles(place) == [("Standard 标准", "county-twin", 1, True)]


def test_styles_of_planners_and_their_choice_of_a_default_stay(place, styles):
    with create_store(place, crs=CRS) as store:
        store.prepare(LAYER)
        edit_outside(place, "UPDATE layer_styles SET useasdefault = false WHERE f_table_name = 'plots'")
        save_another(place, stylename="Mine", owner="planner", styleqml="<qgis/>", useasdefault=True)
        store.prepare(RED)
        assert styles(place) == [("Standard 标准", "county-twin", 0, True), ("Mine", "planner", 1, False)]
        edit_outside(place, "DELETE FROM layer_styles WHERE owner = 'county-twin' AND f_table_name = 'plots'")
        store.prepare(RED)
    assert styles(place) == [("Mine", "planner", 1, False), ("Standard 标准", "county-twin", 0, True)]


def test_a_style_that_a_planner_saved_over_the_twins_stays(place, styles):
    with create_store(place, crs=CRS) as store:
        store.prepare(LAYER)
        edit_outside(place, "UPDATE layer_styles SET styleqml = '<qgis/>', owner = 'planner'")
        store.prepare(RED)
    assert styles(place) == [("Standard 标准", "planner", 1, False)]


def test_a_copy_has_the_styles(place, styles, tmp_path):
    source = str(tmp_path / "source.gpkg")
    with create_store(source, crs=CRS) as store:
        write(store, insert=make_rows(a={"floors": 1}))
    copy_store(source, place, {"plots": LAYER}, tell=lambda _: None)
    assert styles(place) == [("Standard 标准", "county-twin", 1, False)]


@pytest.mark.needs("postgis")
def test_a_draft_leaves_no_styles(cluster):
    address = cluster.address(f"twin_{secrets.token_hex(4)}")
    drafts = "SELECT count(*) FROM layer_styles WHERE f_table_schema LIKE 'draft%'"

    def fail():
        with build_store(address, crs=CRS) as store:
            store.prepare(LAYER)
            assert cluster.sql(drafts) == "1\n"
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert cluster.sql(drafts) == "0\n"


@pytest.mark.needs("postgis")
def test_a_twin_of_the_same_name_takes_over(cluster, styles):
    schema = f"twin_{secrets.token_hex(4)}"
    for layer in (LAYER, RED):
        with build_store(cluster.address(schema), crs=CRS) as store:
            store.prepare(layer)
        assert styles(cluster.address(schema)) == [("Standard 标准", "county-twin", 1, layer is RED)]
        cluster.sql(f"DROP SCHEMA {schema} CASCADE")


@pytest.mark.needs("postgis")
def test_a_table_of_an_older_qgis_is_brought_up_to_date(own_cluster):
    own_cluster.sql(f"DROP TABLE IF EXISTS layer_styles; {OLD_TABLE}")
    with create_store(own_cluster.address("older"), crs=CRS) as store:
        store.prepare(LAYER)
    assert own_cluster.sql("SELECT stylename, type FROM layer_styles") == "Standard 标准|\n"
    own_cluster.sql("DROP SCHEMA older CASCADE; DROP TABLE layer_styles")


@pytest.mark.needs("postgis")
def test_an_owner_who_may_not_write_there_has_a_twin_without_styles_and_is_told(own_cluster):
    own_cluster.sql("CREATE ROLE other LOGIN; GRANT CREATE ON DATABASE postgres TO other")
    own_cluster.sql("DROP TABLE IF EXISTS layer_styles; REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    address = own_cluster.address("without", user="other")
    assert CliRunner().invoke(main_group, ["init", address, "--crs", "EPSG:4548"]).exit_code == 0
    said = CliRunner().invoke(main_group, ["doctor", "--store", address])
    assert said.exit_code == 0
    assert "none in public.layer_styles, which without's owner may not write; then: twin upgrade" in said.output
    own_cluster.sql(OLD_TABLE)  # of another owner, and of an older QGIS
    assert CliRunner().invoke(main_group, ["upgrade", "--store", address]).exit_code == 0
    assert own_cluster.sql("SELECT count(*) FROM layer_styles; DROP TABLE layer_styles") == "0\n"
    own_cluster.sql("GRANT CREATE ON SCHEMA public TO other")
    assert CliRunner().invoke(main_group, ["upgrade", "--store", address]).exit_code == 0
    said = CliRunner().invoke(main_group, ["doctor", "--store", address])
    assert f"of {len(catalog().layers)} layers in public.layer_styles" in said.output
    assert own_cluster.sql("SELECT tableowner FROM pg_tables WHERE tablename = 'layer_styles'") == "other\n"
    own_cluster.sql("DROP SCHEMA without CASCADE; DROP TABLE layer_styles; DROP OWNED BY other; DROP ROLE other")


@pytest.mark.needs("postgis")
def test_triggers_of_a_table_that_anybody_made_do_not_run_with_the_rights_of_the_twins_owner(own_cluster):
    own_cluster.sql(
        "DROP TABLE IF EXISTS layer_styles; CREATE ROLE mallory LOGIN; GRANT CREATE ON SCHEMA public TO mallory"
    )
    trap = """
    CREATE FUNCTION trap() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN ALTER ROLE mallory SUPERUSER; RETURN NEW; END $$;
    ALTER TABLE layer_styles ADD COLUMN type varchar;
    CREATE TRIGGER trap BEFORE INSERT ON layer_styles FOR EACH ROW EXECUTE FUNCTION trap();
    GRANT ALL ON layer_styles, layer_styles_id_seq TO PUBLIC"""
    own_cluster.sql(OLD_TABLE + ";" + trap, user="mallory")
    with create_store(own_cluster.address("careful"), crs=CRS) as store:
        store.prepare(LAYER)
    assert own_cluster.sql("SELECT rolsuper FROM pg_roles WHERE rolname = 'mallory'") == "f\n"
    own_cluster.sql("DROP SCHEMA careful CASCADE; DROP OWNED BY mallory; DROP ROLE mallory")


@pytest.mark.needs("postgis")
def test_an_upgrade_gives_rights_to_a_table_that_came_later(own_cluster):
    with create_store(own_cluster.address("later"), crs=CRS) as store:
        store.prepare(LAYER)
    roles_of(own_cluster.address("later"), create=True)
    own_cluster.sql("DROP TABLE layer_styles")
    assert CliRunner().invoke(main_group, ["upgrade", "--store", own_cluster.address("later")]).exit_code == 0
    assert own_cluster.sql("SELECT count(*) FROM layer_styles", user="later_reader") == f"{len(catalog().layers) + 1}\n"
    own_cluster.sql("DROP SCHEMA later CASCADE; DROP TABLE layer_styles")


@pytest.mark.needs("postgis")
def test_the_reader_reads_styles_and_the_others_save_their_own(own_cluster):
    with create_store(own_cluster.address("shared"), crs=CRS) as store:
        store.prepare(LAYER)
    roles_of(own_cluster.address("shared"), create=True)
    count = "SELECT count(*) FROM layer_styles"
    assert own_cluster.sql(count, user="shared_reader") == "1\n"
    insert = "INSERT INTO layer_styles (stylename, styleqml) VALUES ('Mine', '<qgis/>')"
    assert "permission denied" in own_cluster.psql(insert, user="shared_reader").stderr
    for user in ("shared_editor", "shared_writer"):
        own_cluster.sql(insert, user=user)
        assert own_cluster.sql(f"SELECT stylename FROM layer_styles WHERE owner = '{user}'") == "Mine\n"
    with open_store(own_cluster.address("shared")) as store:
        assert ("styles for QGIS", "of 1 layers in public.layer_styles", True) in store.findings()


@pytest.mark.needs("postgis")
def test_an_upgrade_brings_the_styles_to_a_schema_of_another_name(cluster, styles):
    before, after = (f"twin_{secrets.token_hex(4)}" for _ in range(2))
    assert CliRunner().invoke(main_group, ["init", cluster.address(before), "--crs", "EPSG:4548"]).exit_code == 0
    cluster.sql(f"ALTER SCHEMA {before} RENAME TO {after}")
    assert styles(cluster.address(after)) == []
    assert CliRunner().invoke(main_group, ["upgrade", "--store", cluster.address(after)]).exit_code == 0
    assert {name for name, *_ in styles(cluster.address(after))} == {"Standard 标准", "Standard, points 标准（点）"}
    cluster.sql(f"DROP SCHEMA {after} CASCADE")
