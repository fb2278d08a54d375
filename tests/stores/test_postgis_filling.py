"""A layer's first rows, many at once: indexes are made after them, and still nobody waits who reads."""

from __future__ import annotations

import struct
from concurrent.futures import ThreadPoolExecutor
from math import pi

import numpy as np
import psycopg
import pytest
import shapely

from tests_support import CRS, LAYER, edit_outside, make_rows, write
from twin.errors import RevisionConflict
from twin.query import Query
from twin.stores import create_store, open_store, postgis
from twin.stores.postgis_binary import encode_ewkb, pack_rows

SQUARE = shapely.force_3d(shapely.box(0, 0, 1, 1))
ROWS = {key: {"floors": 1, "geometry": SQUARE} for key in "abc"}


@pytest.fixture
def few(monkeypatch):
    """Three rows are many."""
    monkeypatch.setattr(postgis, "_MANY", 3)


def made(cluster, schema):
    """The indexes and triggers of the layer, and whether they are in force."""
    found = cluster.sql(
        f"SELECT indexdef FROM pg_indexes WHERE schemaname = '{schema}' AND tablename LIKE 'plots%' ORDER BY 1;"
        f"SELECT tgname, tgenabled FROM pg_trigger WHERE tgrelid = '{schema}.plots'::regclass ORDER BY 1;"
        f"SELECT relname, indisvalid FROM pg_index JOIN pg_class ON oid = indexrelid"
        f" WHERE indrelid = '{schema}.plots'::regclass ORDER BY 1"
    )
    return found.replace(schema, "…")


@pytest.mark.needs("postgis")
def test_a_layer_that_was_filled_is_what_any_other_is(few, cluster, schema, address):
    with create_store(address, crs=CRS) as store, create_store(f"{address}_2", crs=CRS) as other:
        write(other, insert=make_rows(a=ROWS["a"]))
        write(store, insert=make_rows(**ROWS))
        assert made(cluster, schema) == made(cluster, f"{schema}_2")
        assert "USING gist (geom)" in made(cluster, schema)
        assert cluster.sql(f"SELECT reltuples FROM pg_class WHERE oid = '{schema}.plots'::regclass") == "3\n"
        edit_outside(address, "DELETE FROM plots WHERE plot_id = ?", ["b"])
        with pytest.raises(RevisionConflict, match="already has a"):
            write(store, insert=make_rows(a={}))
        assert store.read(LAYER).data.index.tolist() == ["a", "c"]
        assert store.read(LAYER, Query(as_of=1)).data.index.tolist() == ["a", "b", "c"]


@pytest.mark.needs("postgis")
def test_nobody_who_reads_the_twin_waits_for_the_first_rows(few, cluster, schema, address, monkeypatch):
    copy_rows, seen = postgis.copy_rows, []

    def copy_slowly(*arguments, **options):
        copy_rows(*arguments, **options)
        held = "SELECT 1 FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND relation = '{0}.plots'::regclass"
        seen.append(cluster.sql(held.format(schema)))
        with ThreadPoolExecutor(1) as threads:
            seen.extend(threads.submit(read, reader, LAYER).result(10) for read in reads)

    reads = [
        lambda store, layer: len(store.read(layer)),
        lambda store, layer: store.count(layer),
        lambda store, layer: store.extent(layer),
        lambda store, layer: store.latest(layer),
        lambda store, layer: len(store.departed(layer)[0]),
        lambda store, layer: len(store.changed(layer, 0, 9)),
    ]
    with create_store(address, crs=CRS) as store, open_store(address) as reader:
        store.prepare(LAYER)
        monkeypatch.setattr(postgis, "copy_rows", copy_slowly)
        write(store, insert=make_rows(**ROWS))
        assert seen == ["1\n", 0, 0, None, 0, 0, 0]
        assert (reader.count(LAYER), reader.latest(LAYER)) == (3, 1)


@pytest.mark.needs("postgis")
@pytest.mark.parametrize("use", ["SELECT * FROM {}.plots", "LOCK TABLE {}.plots IN ROW EXCLUSIVE MODE"])
def test_who_has_the_empty_table_open_does_not_keep_the_first_rows_waiting(few, cluster, schema, address, use):
    with create_store(address, crs=CRS) as store:
        store.prepare(LAYER)
        with psycopg.connect(f"host={cluster.folder} user={cluster.user} dbname=postgres") as other:
            other.execute(use.format(schema))
            write(store, insert=make_rows(**ROWS))
        assert store.count(LAYER) == 3
        assert "USING gist (geom)" in made(cluster, schema)


@pytest.mark.needs("postgis")
def test_a_layer_that_lost_all_its_rows_can_be_read_while_new_ones_come(few, cluster, schema, address, monkeypatch):
    with create_store(address, crs=CRS) as store, open_store(address) as reader:
        write(store, insert=make_rows(**ROWS))
        write(store, delete=ROWS)
        locks = []
        copy_rows = postgis.copy_rows

        def look(*arguments, **options):
            copy_rows(*arguments, **options)
            with ThreadPoolExecutor(1) as threads:
                locks.append(threads.submit(reader.count, LAYER).result(10))

        monkeypatch.setattr(postgis, "copy_rows", look)
        write(store, insert=make_rows(**ROWS))
        assert locks == [0]


def test_rows_are_packed_as_the_manual_says():
    packed = pack_rows(
        ("number", "text", "real", "boolean", "integer", "date", "datetime"),
        (
            [7, -1],
            ["地", None],
            [pi, None],
            [True, None],
            [2**53 + 1, None],
            ["2000-01-02", None],
            ["1999-12-31T23:59:59.500Z", None],
        ),
        0,
    )
    values = [struct.pack(">i", 7), "地".encode(), struct.pack(">d", pi), b"\1", struct.pack(">q", 2**53 + 1)]
    values += [struct.pack(">i", 1), struct.pack(">q", -500_000)]
    nothing = struct.pack(">i", -1)
    first = b"".join(struct.pack(">i", len(value)) + value for value in values)
    second = struct.pack(">ii", 4, -1) + nothing * 6
    assert bytes(packed) == b"".join(struct.pack(">h", 7) + row for row in (first, second))


@pytest.mark.parametrize(
    "wkt",
    [
        "POINT (1 2)",
        "POINT EMPTY",
        "LINESTRING Z (1 2 3, 4 5 6)",
        "MULTIPOLYGON (((0 0, 1 0, 1 1, 0 0)), ((5 5, 6 5, 6 6, 5 5)))",
        "GEOMETRYCOLLECTION Z (POINT Z (1 2 3), LINESTRING Z (1 2 3, 4 5 6))",
    ],
)
def test_geometry_is_written_as_another_program_writes_it(wkt):
    geometry = shapely.from_wkt(wkt)
    told = shapely.to_wkb(shapely.set_srid(geometry, 900_913), include_srid=True, flavor="extended", byte_order=1)
    assert encode_ewkb(np.array([geometry, None]), 900_913) == [told, None]
