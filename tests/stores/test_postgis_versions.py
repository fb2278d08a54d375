"""A twin that an older version of the program made is upgraded when asked; one of a newer version is refused."""

from __future__ import annotations

import secrets
import shutil

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from tests_copy import stored_rows
from tests_support import CRS, LAYER, edit_outside, make_rows, write
from twin.cli import main_group
from twin.errors import StoreUnavailable
from twin.session import Session
from twin.settings import Settings
from twin.stores import create_store, open_store, postgis_versions, upgrade_store
from twin.stores.postgis import PostgisDialect
from twin.stores.postgis_url import PostgisPlace
from twin.stores.tables import META

pytestmark = pytest.mark.needs("postgis")

NOW = postgis_versions.NEWEST

#: What the next version of the program might bring: a table, and a column with a value in it.
NEXT = """
from alembic import op
from sqlalchemy import Column, Integer, Text

revision, down_revision = "9998", "{before}"

def upgrade():
    op.create_table("twin_notes", Column("number", Integer, primary_key=True))
    op.add_column("twin_revisions", Column("machine", Text, server_default="unknown"))
    {then}
"""


@pytest.fixture
def place(cluster):
    """A twin with one feature."""
    address = cluster.address(f"twin_{secrets.token_hex(4)}")
    with create_store(address, crs=CRS) as store:
        write(store, insert=make_rows(a={"floors": 1}))
    return address


@pytest.fixture
def next_version(monkeypatch, tmp_path):
    """Make this program its own successor, with one more migration."""

    def become(then="pass"):
        folder = tmp_path / "50% new" / "migrations"
        shutil.copytree(postgis_versions.MIGRATIONS, folder)
        (folder / "versions" / "v9998.py").write_text(NEXT.format(before=postgis_versions.NEWEST, then=then), "utf-8")
        monkeypatch.setattr(postgis_versions, "MIGRATIONS", folder)
        monkeypatch.setattr(postgis_versions, "NEWEST", "9998")
        monkeypatch.setattr("twin.stores.postgis_open.NEWEST", "9998")

    return become


def test_the_newest_version_is_that_of_the_last_migration():
    config = Config()
    config.set_main_option("script_location", str(postgis_versions.MIGRATIONS))
    script = ScriptDirectory.from_config(config)
    assert script.get_heads() == [postgis_versions.NEWEST]
    numbers = [migration.revision for migration in script.walk_revisions()]
    assert numbers == sorted(numbers, reverse=True)


def test_the_migrations_make_the_tables_that_the_program_works_on(cluster):
    address = cluster.address(f"twin_{secrets.token_hex(4)}")
    create_store(address, crs=CRS).close()
    dialect = PostgisDialect(PostgisPlace.parse(address))
    with dialect.engine.connect() as connection:
        options = {
            "version_table": postgis_versions.VERSION.name,
            # Those of PostGIS and QGIS in the schema public.
            "include_name": lambda name, kind, _: kind != "table" or name not in {"spatial_ref_sys", "layer_styles"},
            "compare_type": True,
        }
        found = compare_metadata(MigrationContext.configure(connection, opts=options), META.metadata)
    dialect.close()
    assert found == []


def test_a_twin_of_an_older_version_says_how_it_is_upgraded_and_then_has_all_it_had(place, next_version):
    before = stored_rows(place)
    next_version()
    with pytest.raises(StoreUnavailable, match=rf"of version {NOW}, this program needs 9998: .*twin upgrade"):
        open_store(place)
    assert upgrade_store(place) == (NOW, "9998")
    after = stored_rows(place)
    assert after.pop("twin_notes") == []
    assert [row[-1] for row in after["twin_revisions"]] == ["unknown"]
    assert after["plots"] == before["plots"]
    with open_store(place, write=True) as store:
        write(store, insert=make_rows(b={}))
        assert store.latest() == 2
    edit_outside(place, "DELETE FROM plots WHERE plot_id = ?", ["b"])
    with open_store(place) as store:
        assert store.latest() == 3
        assert store.read(LAYER).data.index.tolist() == ["a"]
    assert upgrade_store(place) == ("9998", "9998")


def test_a_new_twin_is_what_an_upgraded_one_is(cluster, place, next_version):
    next_version()
    upgrade_store(place)
    fresh = cluster.address(f"twin_{secrets.token_hex(4)}")
    with create_store(fresh, crs=CRS) as store:
        store.prepare(LAYER)

    def described(address):
        schema = PostgisPlace.parse(address).schema
        made = cluster.sql(
            "SELECT table_name, column_name, data_type, is_nullable, column_default FROM information_schema.columns"
            f" WHERE table_schema = '{schema}' ORDER BY 1, 2;"
            f"SELECT proname, prosrc FROM pg_proc WHERE pronamespace = '{schema}'::regnamespace ORDER BY 1;"
            "SELECT relname, tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid"
            f" WHERE relnamespace = '{schema}'::regnamespace AND NOT tgisinternal ORDER BY 1, 2"
        )
        return made.replace(schema, "…")

    assert described(place) == described(fresh)
    assert "twin_notes" in described(fresh)


def test_an_upgrade_that_fails_changes_nothing(place, next_version):
    before = stored_rows(place)
    next_version(then='op.execute("SELECT * FROM nowhere")')
    with pytest.raises(StoreUnavailable, match="nothing was changed"):
        upgrade_store(place)
    assert stored_rows(place) == before
    with pytest.raises(StoreUnavailable, match=f"has tables of version {NOW}"):
        open_store(place)


def test_a_newer_database_is_refused_in_one_line_and_not_upgraded(cluster, place):
    cluster.sql(f"UPDATE {PostgisPlace.parse(place).schema}.twin_version SET version_num = '9999'")
    for attempt in (open_store, upgrade_store):
        with pytest.raises(StoreUnavailable) as refused:
            attempt(place)
        assert refused.value.detail.endswith(
            f"has tables of version 9999, this program knows {NOW}: a newer one upgraded them; update this program"
        )
        assert "\n" not in refused.value.detail


def test_alembic_of_another_program_in_the_same_database_is_left_alone(cluster, place, next_version):
    cluster.sql("CREATE TABLE public.alembic_version (version_num text); INSERT INTO alembic_version VALUES ('theirs')")
    next_version()
    upgrade_store(place)
    assert (
        cluster.sql("SELECT version_num FROM public.alembic_version; DROP TABLE public.alembic_version") == "theirs\n"
    )


@pytest.mark.parametrize("kind", ["gpkg", "postgis"])
def test_the_command_prepares_every_layer_that_there_is_by_now(kind, place, tmp_path, capsys):
    address = place
    if kind == "gpkg":
        address = str(tmp_path / "twin.gpkg")
        create_store(address, crs=CRS).close()
    session = Session(settings=Settings(), store_url=address)
    main_group.get_command(None, "upgrade").main([], obj=session, standalone_mode=False)
    assert "is up to date" in capsys.readouterr().out
    assert "weather_stations_history" in stored_rows(address)
