"""The restore drill of docs/postgis.md: a dump of the database, restored beside it, is the same twin and goes on."""

from __future__ import annotations

import json
import secrets

import pytest
import shapely
from click.testing import CliRunner

from tests_postgis import Cluster
from tests_stations import STATIONS, station_rows
from tests_support import LAYER, make_rows, write
from twin.cli import main_group
from twin.crs import transverse_mercator
from twin.query import Query
from twin.store import Changes
from twin.stores import create_store, open_store

pytestmark = pytest.mark.needs("postgis")

LOCAL = transverse_mercator(118.5, name="A grid of its own")


def digests(address: str) -> list[str]:
    """What `twin doctor --digests` says of the layers."""
    said = CliRunner().invoke(main_group, ["--json", "doctor", "--store", address, "--digests"])
    found = [f"{one['part']} {one['finding']}" for one in json.loads(said.output)]
    return [line for line in found if line.startswith("digest")]


def test_a_restored_dump_is_the_same_twin_and_goes_on(own_cluster: Cluster) -> None:
    one, other = (f"county_{secrets.token_hex(3)}" for _ in range(2))
    for database in (one, other):
        own_cluster.sql(f"CREATE DATABASE {database}")
    own_cluster.sql("CREATE EXTENSION postgis", database=one)
    square = shapely.force_3d(shapely.box(500_000, 3_900_000, 500_010, 3_900_010), z=12.5)
    with create_store(own_cluster.address("yinan", database=one), crs=LOCAL, title="Yinan") as store:
        stations = station_rows(S1="North", S2="East").set_crs(LOCAL, allow_override=True)
        rows = make_rows(a={"floors": 1, "geometry": square}, b={"name": "沂南"}).set_crs(LOCAL, allow_override=True)
        write(store, insert=rows)
        write(store, delete=["b"])
        store.write(STATIONS, Changes(insert=stations), author="weather", reason="register")
    before = digests(own_cluster.address("yinan", database=one))
    assert [said.split()[:4] for said in before] == [["digest", "weather_stations", "revision", "3,"]]
    dump = own_cluster.own_folder(f"dump_{other}") / "county.dump"
    reach = ["-h", str(own_cluster.folder), "-U", own_cluster.user]
    own_cluster.run("pg_dump", *reach, "--format=custom", f"--file={dump}", one)
    own_cluster.run("pg_restore", *reach, f"--dbname={other}", str(dump))
    assert digests(own_cluster.address("yinan", database=other)) == before
    with open_store(own_cluster.address("yinan", database=other), write=True) as store:
        assert (store.title, store.crs, store.latest()) == ("Yinan", LOCAL, 3)
        assert store.read(LAYER).data["floors"].to_dict() == {"a": 1}
        assert shapely.equals_identical(store.read(LAYER).data.geometry["a"], square)
        assert store.read(LAYER, Query(as_of=1)).data.index.tolist() == ["a", "b"]
        write(store, insert=make_rows(c={"geometry": square}).set_crs(LOCAL, allow_override=True))
        assert store.read(LAYER).fid.tolist() == [1, 3]
    shown = own_cluster.sql("SELECT srid FROM geometry_columns WHERE f_table_name = 'plots'", database=other)
    assert (
        own_cluster.sql(f"SELECT count(*) FROM spatial_ref_sys WHERE srid = {shown.strip()}", database=other) == "1\n"
    )
