"""A twin in a database appears whole or not at all, and who is killed while making one leaves no litter for long."""

from __future__ import annotations

import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner

from tests_support import CRS, LAYER, make_rows, write
from twin.cli import main_group
from twin.stores import build_store, create_store, open_store, upgrade_store

pytestmark = pytest.mark.needs("postgis")

BUILDER = """
import sys
from tests_support import CRS, make_rows, write
from twin.stores import build_store
with build_store(sys.argv[1], crs=CRS) as store:
    write(store, insert=make_rows(a={}))
    print("building", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def drafts(cluster, schema):
    """The drafts of this twin that there are."""
    named = f"FROM pg_namespace WHERE nspname LIKE 'draft\\_%\\_{schema}%'"
    return lambda what="nspname": cluster.sql(f"SELECT {what} {named}").split("\n")[:-1]


@contextmanager
def building(address):
    """Another program that is making a twin, and goes on until its input ends."""
    tests = Path(__file__).parents[1]
    environment = {"PYTHONPATH": f"{tests / 'support'}:{tests.parent}", "PATH": "/usr/bin"}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", BUILDER, address], env=environment, **pipes) as builder:
        assert builder.stdout.readline() == "building\n"
        yield builder


@pytest.fixture
def left(address, drafts):
    """The draft of a program that was killed."""
    with building(address) as builder:
        builder.send_signal(signal.SIGKILL)
    assert len(drafts()) == 1
    return drafts()[0]


def doctor(address):
    said = CliRunner().invoke(main_group, ["doctor", "--store", address])
    return said.exit_code, " ".join(said.output.split())


def test_what_a_killed_program_left_the_next_one_removes(left, address, drafts):
    with build_store(address, crs=CRS) as store:
        write(store, insert=make_rows(b={}))
        assert left not in drafts()
    with open_store(address) as store:
        assert store.read(LAYER).data.index.tolist() == ["b"]
    assert drafts() == []


def test_doctor_tells_of_it_and_an_upgrade_removes_it(left, address, drafts, cluster, schema):
    create_store(address, crs=CRS).close()
    code, said = doctor(address)
    assert (code, f"schema {left} Draft of a county twin, begun by" in said) == (0, True)
    assert "who is gone; the next twin init, copy or upgrade removes it" in said
    upgrade_store(address)
    assert drafts() == []
    assert "Draft of" not in doctor(address)[1]


def test_a_draft_that_is_being_made_is_left_alone_and_becomes_the_twin(address, drafts, cluster):
    with building(address) as builder:
        with build_store(f"{address}_2", crs=CRS):
            assert len(drafts()) == 2
        code, said = doctor(f"{address}_2")
        assert (code, "Draft of" in said) == (0, False)
        upgrade_store(f"{address}_2")
        assert len(drafts("obj_description(oid, 'pg_namespace')")) == 1
        builder.stdin.close()
    with open_store(address) as store:
        assert store.count(LAYER) == 1
    assert drafts() == []


def test_a_published_twin_is_no_draft_any_more(address, cluster, schema):
    with build_store(address, crs=CRS):
        pass
    assert cluster.sql(f"SELECT obj_description('{schema}'::regnamespace, 'pg_namespace') IS NULL") == "t\n"


def test_a_schema_of_another_program_is_no_draft_whatever_its_name(address, cluster, schema):
    theirs = f"draft_0123456789ab_{schema}"
    cluster.sql(f"CREATE SCHEMA {theirs}; COMMENT ON SCHEMA {theirs} IS 'Our plans'")
    with build_store(address, crs=CRS):
        pass
    assert cluster.sql(f"SELECT nspname FROM pg_namespace WHERE nspname = '{theirs}'; DROP SCHEMA {theirs}") != ""


def test_a_draft_in_which_the_database_is_still_at_work_stays_for_now(left, address, cluster, drafts, monkeypatch):
    monkeypatch.setattr("twin.stores.postgis_drafts._PATIENCE", "100ms")
    with psycopg.connect(f"host={cluster.folder} user={cluster.user} dbname=postgres") as at_work:
        at_work.execute(f"SELECT * FROM {left}.plots")
        with build_store(address, crs=CRS):
            assert left in drafts()
    with build_store(f"{address}_2", crs=CRS):
        pass
    assert drafts() == []
