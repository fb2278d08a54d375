"""Bytes that rows name: kept once, with the write that names them or not at all, and wherever the twin goes."""

from __future__ import annotations

import hashlib
import secrets
import sqlite3

import pytest
import shapely

from tests_support import CRS, LAYER, make_rows
from twin.errors import RevisionConflict, StoreUnavailable
from twin.store import Changes, Write
from twin.stores import create_store, open_store
from twin.stores.copying import copy_store

MODEL, SHAPES = b"ISO-10303-21;\x00" * 1000, bytes(range(256)) * 5000
DIGEST = hashlib.sha256(MODEL).hexdigest()


@pytest.fixture(params=["gpkg", pytest.param("postgis", marks=pytest.mark.needs("postgis"))])
def place(request, tmp_path):
    if request.param == "gpkg":
        return str(tmp_path / "twin.gpkg")
    return request.getfixturevalue("cluster").address(f"twin_{secrets.token_hex(4)}")


def write(store, keep, **keys):
    rows = make_rows(**{key: {"geometry": shapely.force_3d(shapely.box(0, 0, 1, 1), 7)} for key in keys})
    changes = Write(layer=LAYER, changes=Changes(insert=rows))
    return store.write_together([changes], author="survey", reason="models", keep=keep)


def test_what_is_kept_is_found_by_its_digest_and_stands_once(place):
    with create_store(place, crs=CRS) as store:
        write(store, [MODEL, SHAPES], a=1)
        write(store, [MODEL], b=1)

        assert store.kept(DIGEST) == MODEL
        assert store.kept(hashlib.sha256(SHAPES).hexdigest()) == SHAPES


def test_a_write_that_fails_keeps_nothing(place):
    with create_store(place, crs=CRS) as store:
        write(store, [], a=1)
        with pytest.raises(RevisionConflict):
            write(store, [MODEL], a=1)

        with pytest.raises(StoreUnavailable, match=f"{DIGEST[:12]}.* restore a backup"):
            store.kept(DIGEST)


def test_a_store_that_keeps_nothing_has_no_table_for_it_and_a_geopackage_lists_it_when_it_does(tmp_path):
    place = tmp_path / "twin.gpkg"
    with create_store(place, crs=CRS) as store:
        write(store, [], a=1)
        before = (
            sqlite3.connect(place).execute("SELECT count(*) FROM sqlite_master WHERE name = 'twin_kept'").fetchone()
        )
        write(store, [MODEL], b=1)
        listed = sqlite3.connect(place).execute("SELECT data_type FROM gpkg_contents WHERE table_name = 'twin_kept'")

        assert (before, listed.fetchall()) == ((0,), [("attributes",)])


@pytest.mark.needs("postgis")
@pytest.mark.parametrize("back", [False, True])
def test_a_copy_keeps_what_the_twin_keeps(tmp_path, cluster, back):
    places = [str(tmp_path / "twin.gpkg"), cluster.address(f"twin_{secrets.token_hex(4)}")]
    source, target = reversed(places) if back else places
    with create_store(source, crs=CRS) as store:
        write(store, [MODEL, SHAPES], a=1)

    copy_store(source, target, {LAYER.id: LAYER}, tell=lambda _: None)

    with open_store(target) as copied:
        assert copied.kept(DIGEST) == MODEL
