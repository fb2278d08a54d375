"""What one process writes, another one serves: at once where the database tells it, soon where it cannot."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from tests_postgis import Cluster
from tests_server import serving
from tests_stations import ITEMS, STATIONS, TILE, add_stations, create_county
from twin.errors import StoreUnavailable
from twin.stores import open_store
from twin.stores.postgis_listen import _CHECK_S

pytestmark = pytest.mark.needs("postgis")

WRITE = """
import sys
from tests_stations import add_stations
from twin.stores import open_store
with open_store(sys.argv[1], write=True) as store:
    add_stations(store, S9="New")
"""


def get(address: str) -> bytes:
    with urllib.request.urlopen(address) as answer:
        body: bytes = answer.read()
        return body


def ask(address: str) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(address) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as refusal:
        return refusal.code, refusal.read()


def wait_for(see: Callable[[], bool], most_s: float) -> float:
    """Wait until something is seen, and give the seconds it took."""
    begun = time.monotonic()
    while not see():
        assert time.monotonic() - begun < most_s, f"not seen within {most_s} s"
        time.sleep(0.01)
    return time.monotonic() - begun


@pytest.fixture
def server(address: str, tmp_path: Path):
    create_county(address).close()
    with serving(address, log=tmp_path / "log") as (_, root):
        for _ in range(2):  # the second answer comes from memory, and so do all until something is written
            assert b"North" in get(root + TILE)
        yield root


def test_a_write_of_another_process_is_served_within_a_second(server, address):
    support = str(Path(__file__).parents[1] / "support")
    environment = {"PYTHONPATH": support + ":" + str(Path(__file__).parents[2]), "PATH": "/usr/bin"}
    subprocess.run([sys.executable, "-c", WRITE, address], check=True, env=environment)
    wait_for(lambda: b"New" in get(server + TILE), 1)
    assert b"New" in get(server + ITEMS)


def test_an_edit_in_sql_is_served_within_a_second(server, cluster: Cluster, schema):
    cluster.sql(f"UPDATE {schema}.weather_stations SET name = 'Edited' WHERE station_id = 'S1'")
    wait_for(lambda: b"Edited" in get(server + TILE), 1)
    cluster.sql(f"DELETE FROM {schema}.weather_stations WHERE station_id = 'S1'")
    wait_for(lambda: b"Edited" not in get(server + TILE), 1)


def test_a_write_whose_notification_is_lost_is_served_within_the_time_of_the_safety_net(
    server, cluster: Cluster, schema
):
    listening = "FROM pg_stat_activity WHERE query ~ '^(LISTEN|SELECT number|SELECT FROM twin_rev)'"
    told = "ALTER TABLE {0}.twin_revisions {1} TRIGGER twin_tell"
    cluster.sql(told.format(schema, "DISABLE"))
    cluster.sql(f"UPDATE {schema}.weather_stations SET name = 'Silent' WHERE station_id = 'S1'")
    wait_for(lambda: b"Silent" in get(server + TILE), _CHECK_S + 1)
    cluster.sql(told.format(schema, "ENABLE"))
    ended = cluster.sql(
        f"SELECT count(pg_terminate_backend(pid)) {listening};"
        f"UPDATE {schema}.weather_stations SET name = 'Unheard' WHERE station_id = 'S1'"
    )
    assert int(ended) >= 1
    wait_for(lambda: b"Unheard" in get(server + TILE), _CHECK_S)


def test_an_older_state_that_is_restored_in_its_place_is_served_without_a_restart(
    server, address, cluster: Cluster, schema
):
    def evidence():
        return json.loads(get(server + "/indicators/weather_station_spacing"))["evidence"]

    before = evidence()
    dump = cluster.own_folder(f"dump_{schema}") / "older.dump"
    reach = ["-h", str(cluster.folder), "-U", cluster.user]
    cluster.run("pg_dump", *reach, "--format=custom", f"--schema={schema}", f"--file={dump}", "postgres")
    with open_store(address, write=True) as store:
        add_stations(store, S3="Later")
    wait_for(lambda: b"Later" in get(server + TILE), 1)
    lost = evidence()
    assert lost != before
    cluster.sql(f"DROP SCHEMA {schema} CASCADE")
    cluster.run("pg_restore", *reach, "--dbname=postgres", str(dump))

    def is_back():
        status, tile = ask(server + TILE)
        return status == 200 and b"Later" not in tile

    wait_for(is_back, _CHECK_S + 3)
    assert json.loads(get(server + ITEMS))["numberMatched"] == 2
    assert evidence() == before
    with open_store(address, write=True) as store:
        add_stations(store, S4="Other")
        assert store.latest() == 2  # as what is gone was
    wait_for(lambda: b"Other" in get(server + TILE), 1)
    assert b"Later" not in get(server + TILE)
    assert evidence() not in (before, lost)


def test_a_replica_serves_what_is_written_to_the_primary_and_refuses_writes(
    address, cluster: Cluster, schema, tmp_path
):
    create_county(address).close()
    with cluster.replica() as replica:
        with serving(replica.address(schema), log=tmp_path / "log") as (_, root):
            for _ in range(2):
                assert b"North" in get(root + TILE)
            cluster.sql(f"UPDATE {schema}.weather_stations SET name = 'Primary' WHERE station_id = 'S1'")
            wait_for(lambda: b"Primary" in get(root + TILE), 3)
        with open_store(replica.address(schema), write=True) as store:
            with pytest.raises(StoreUnavailable, match=r"read-only, perhaps a replica; write to the primary"):
                add_stations(store, S3="x")
            assert store.count(STATIONS) == 2
