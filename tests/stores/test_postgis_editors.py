"""Who may edit the tables of layers and no more: whatever he tries, what he does is recorded or refused."""

from __future__ import annotations

import pytest

from tests_copy import stored_rows
from tests_postgis import Cluster
from tests_support import CRS, LAYER, make_rows, write
from twin.query import Query
from twin.stores import create_store, roles_of, upgrade_store

pytestmark = pytest.mark.needs("postgis")

BEFORE = {"a": {"name": "North", "floors": 1, "height_m": 3.5}, "b": {"name": "East", "floors": 2}}
SET = "SET county_twin.writing = 'on';"

TEMPORARY = "CREATE TEMPORARY TABLE"
OWN_CATALOG = f"{TEMPORARY} pg_attribute (attrelid oid, attname name, attnum int, attisdropped bool)"
ONE_COLUMN = "INSERT INTO pg_temp.pg_attribute SELECT '{0}.plots_history'::regclass, 'plot_id', 1, false"
OWN_TRIGGER = f"""
{TEMPORARY} t (a int);
CREATE FUNCTION pg_temp.f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {SET} {{edit}}; RETURN NULL; END $$;
CREATE TRIGGER f AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION pg_temp.f();
INSERT INTO t VALUES (1)
"""
ATTEMPTS = [
    f"{SET} {{edit}}",
    "SELECT set_config('county_twin.writing', 'on', false); {edit}",
    "BEGIN; SET LOCAL county_twin.writing = 'on'; {edit}; COMMIT",
    f"BEGIN; SAVEPOINT one; {SET} {{edit}}; RELEASE SAVEPOINT one; COMMIT",
    f"{TEMPORARY} twin_revisions (number int); SET search_path TO pg_temp, {{0}}, public; {SET} {{edit}}",
    f"{OWN_CATALOG}; {ONE_COLUMN}; {{edit}}",
    f"{TEMPORARY} come (fid int); {TEMPORARY} gone (fid int); {{edit}}",
    OWN_TRIGGER,
    f"DO $$ BEGIN {SET} {{edit}}; END $$",
]


@pytest.fixture
def plots(cluster: Cluster, schema: str, address: str):
    """Two plots, and the roles of the twin."""
    with create_store(address, crs=CRS) as store:
        write(store, insert=make_rows(**BEFORE))
        roles_of(address, create=True)
        yield store
    roles = f"{schema}_reader, {schema}_editor, {schema}_writer"
    cluster.sql(f"DROP SCHEMA {schema} CASCADE; DROP OWNED BY {roles}; DROP ROLE {roles}")


@pytest.fixture
def edit(cluster: Cluster, schema: str):
    """Run SQL as the editor, in the schema."""
    return lambda sql: cluster.psql(
        f"SET search_path TO {schema}, public; {sql.replace('{0}', schema)}", user=f"{schema}_editor"
    )


def require_recorded(store, schema, *, left: set[str]) -> None:
    """Hold what the history says to what there was before, and to what is there now."""
    past = store.read(LAYER, Query(as_of=1)).data
    assert past.drop(columns="geometry").equals(make_rows(**BEFORE).drop(columns="geometry"))
    assert set(store.read(LAYER).data.index) == left
    revisions = store.revisions(LAYER)[1:]
    assert revisions
    assert all((r.outside, r.author) == (True, f"{schema}_editor") for r in revisions)
    written = sum(r.inserted + r.updated for r in revisions)
    assert written == len(store.read(LAYER).opened[store.read(LAYER).opened > 1])


@pytest.mark.parametrize("attempt", ATTEMPTS)
@pytest.mark.parametrize(
    ("sql", "left"),
    [
        ("UPDATE plots SET floors = 9, name = 'forged' WHERE plot_id = 'a'", {"a", "b"}),
        ("DELETE FROM plots WHERE plot_id = 'b'", {"a"}),
        ("INSERT INTO plots (plot_id, floors) VALUES ('c', 3)", {"a", "b", "c"}),
    ],
)
def test_the_record_of_an_edit_cannot_be_switched_off(plots, edit, schema, attempt, sql, left):
    done = edit(attempt.replace("{edit}", sql))
    assert not done.returncode, done.stderr
    require_recorded(plots, schema, left=left)


@pytest.mark.parametrize(
    "attempt",
    [
        "SET session_replication_role = 'replica'; DELETE FROM plots",
        "ALTER TABLE plots DISABLE TRIGGER ALL; DELETE FROM plots",
        "DROP TRIGGER twin_record_delete ON plots; DELETE FROM plots",
        "TRUNCATE plots",
        "SET ROLE {0}_writer; DELETE FROM plots",
        "CREATE TRIGGER own AFTER UPDATE ON plots EXECUTE FUNCTION twin_record()",
        "CREATE RULE own AS ON DELETE TO plots DO INSTEAD NOTHING",
        "INSERT INTO twin_revisions SELECT 9, layer, author, reason, effective, effective, 0, 0, 0 FROM twin_revisions",
        "INSERT INTO plots_history SELECT *, 1 FROM plots",
        "SELECT twin_record()",
    ],
)
def test_what_would_go_past_the_history_is_refused(plots, edit, address, attempt):
    before = stored_rows(address)
    refused = edit(attempt)
    assert refused.returncode
    for reason in ("permission denied", "must be owner", "TRUNCATE would leave", "trigger functions can only"):
        if reason in refused.stderr:
            break
    else:
        pytest.fail(refused.stderr)
    assert stored_rows(address) == before


def test_the_marker_counts_with_the_writer_of_the_twin_and_without_it_he_is_recorded(plots, cluster, schema):
    writer = f"{schema}_writer"
    cluster.sql(f"UPDATE {schema}.plots SET floors = 5 WHERE plot_id = 'a'", user=writer)
    assert [(r.author, r.updated) for r in plots.revisions()[1:]] == [(writer, 1)]
    cluster.sql(f"{SET} UPDATE {schema}.plots SET floors = 6 WHERE plot_id = 'a'", user=writer)
    assert plots.latest() == 2


def test_an_editor_whom_an_older_version_did_not_know_gets_his_rights_by_an_upgrade(
    plots, cluster, schema, address, edit
):
    editor = f"{schema}_editor"
    cluster.sql(f"REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM {editor}")
    assert edit("DELETE FROM plots").returncode
    upgrade_store(address)
    assert not edit("DELETE FROM plots").returncode
    require_recorded(plots, schema, left=set())
