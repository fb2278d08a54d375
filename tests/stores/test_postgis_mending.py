"""Tables of layers that an older version made, or that their owner changed, are brought up by an upgrade."""

from __future__ import annotations

from dataclasses import replace

import pytest
from click.testing import CliRunner

from tests_support import CRS, LAYER, edit_outside, make_rows, write
from twin.cli import main_group
from twin.errors import StoreUnavailable
from twin.query import Query
from twin.schema import Field
from twin.stores import create_store, open_store, upgrade_store

pytestmark = pytest.mark.needs("postgis")

CHECKS = ("height_m", "built", "seen_at")
MAST = Field(name="mast_m", type="real", title="Mast", title_zh="杆高", unit="m")
GAINED = replace(LAYER, fields=(*LAYER.fields, MAST))


@pytest.fixture
def plots(address):
    """A twin with two plots."""
    with create_store(address, crs=CRS) as store:
        write(store, insert=make_rows(a={"floors": 1}, b={"floors": 2}))
    return address


@pytest.fixture
def stripped(plots, cluster, schema):
    """The same without limits and triggers."""
    before = rules(cluster, schema)
    cluster.sql(
        "".join(f"ALTER TABLE {schema}.plots DROP CONSTRAINT plots_{name}_check;" for name in CHECKS)
        + f"DROP TRIGGER twin_record_update ON {schema}.plots; ALTER TABLE {schema}.plots DISABLE TRIGGER twin_enter"
    )
    assert rules(cluster, schema) != before
    return before


def rules(cluster, schema):
    """Limits and triggers of the table, as PostgreSQL says them."""
    found = cluster.sql(
        "SELECT conname, pg_get_constraintdef(oid), convalidated FROM pg_constraint"
        f" WHERE conrelid = '{schema}.plots'::regclass ORDER BY 1;"
        "SELECT tgenabled, pg_get_triggerdef(oid) FROM pg_trigger"
        f" WHERE tgrelid = '{schema}.plots'::regclass ORDER BY tgname"
    )
    return found.replace(schema, "…")


def doctor(address):
    said = CliRunner().invoke(main_group, ["doctor", "--store", address])
    return said.exit_code, " ".join(said.output.split())


def test_an_upgrade_gives_back_what_was_taken_from_a_table(stripped, plots, cluster, schema):
    code, said = doctor(plots)
    assert (code, "edits by others not recorded in plots: triggers are off or missing" in said) == (1, True)
    upgrade_store(plots, [LAYER])
    assert rules(cluster, schema) == stripped
    assert "edits by others are recorded" in doctor(plots)[1]
    edit_outside(plots, "UPDATE plots SET floors = 3 WHERE plot_id = ?", ["a"])
    with open_store(plots) as store:
        assert store.latest() == 2
    upgrade_store(plots, [LAYER])
    assert rules(cluster, schema) == stripped


def test_rows_that_break_a_limit_are_named_and_nothing_is_half_done(stripped, plots, cluster, schema):
    cluster.sql(f"UPDATE {schema}.plots SET built = 'infinity'; UPDATE {schema}.plots SET height_m = 1 WHERE fid = 1")
    everything = f"SELECT * FROM {schema}.plots; SELECT * FROM {schema}.plots_history; SELECT * FROM {schema}.twin_meta"
    before, rows = rules(cluster, schema), cluster.sql(everything)
    with pytest.raises(StoreUnavailable) as refused:
        upgrade_store(plots, [LAYER])
    assert "plots a (infinity), b (infinity): what stands as built is no date to other programs" in str(refused.value)
    assert (rules(cluster, schema), cluster.sql(everything)) == (before, rows)
    cluster.sql(f"UPDATE {schema}.plots SET built = NULL; UPDATE {schema}.plots SET height_m = 'NaN' WHERE fid = 2")
    with pytest.raises(StoreUnavailable, match=r"plots b \(NaN\): what stands as height_m is no real"):
        upgrade_store(plots, [LAYER])
    cluster.sql(f"UPDATE {schema}.plots SET height_m = NULL")
    upgrade_store(plots, [LAYER])
    assert rules(cluster, schema) == stripped


@pytest.mark.parametrize("how", ["by a write", "by hand, without its limit"])
def test_a_field_that_a_layer_gained_has_its_limit_and_is_recorded(plots, cluster, schema, how):
    if how == "by a write":
        with open_store(plots, write=True) as store:
            store.prepare(GAINED)
    else:
        tables = ("plots", "plots_history")
        cluster.sql("".join(f"ALTER TABLE {schema}.{table} ADD COLUMN mast_m double precision;" for table in tables))
    upgrade_store(plots, [GAINED])
    refused = cluster.psql(f"UPDATE {schema}.plots SET mast_m = 'NaN'")
    assert "violates check constraint" in refused.stderr
    cluster.sql(f"UPDATE {schema}.plots SET mast_m = 2.5; DELETE FROM {schema}.plots WHERE plot_id = 'a'")
    with open_store(plots) as store:
        assert store.read(GAINED).data["mast_m"].to_dict() == {"b": 2.5}
        assert cluster.sql(f"SELECT plot_id, mast_m FROM {schema}.plots_history ORDER BY closed, 1") == (
            "a|\nb|\na|2.5\n"
        )


def test_columns_of_other_programs_are_left_alone(plots, cluster, schema):
    cluster.sql(f"ALTER TABLE {schema}.plots ADD COLUMN theirs date; UPDATE {schema}.plots SET theirs = 'infinity'")
    before = rules(cluster, schema)
    upgrade_store(plots, [LAYER])
    assert rules(cluster, schema) == before
    with open_store(plots) as store:
        assert store.read(LAYER, Query(as_of=1)).data["floors"].to_dict() == {"a": 1, "b": 2}
        assert store.latest() == 2
