"""Edits of an offline edition come back into either kind of store: all of them, or none and the reason."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import replace

import pytest
import shapely

from tests_support import CRS, LAYER, edit_file, gpkg_blob, make_rows, write
from twin.catalog import Catalog
from twin.edition import make_edition
from twin.errors import InvalidParameter, RevisionConflict, SchemaViolation, StoreExists
from twin.merge import merge_edition
from twin.query import Query
from twin.store import OUTSIDER
from twin.stores import create_store, open_store

LOTS = replace(LAYER, id="lots", title="Lots", title_zh="宗地")
CATALOG = Catalog.of([LAYER, LOTS], [])
PLOT = {"name": "a", "floors": 1, "geometry": shapely.force_3d(shapely.box(500_000, 3_936_000, 500_010, 3_936_010))}


@pytest.fixture
def file(store, tmp_path):
    """An edition of three plots and a lot, taken from a store that wrote to each layer before."""
    write(store, insert=make_rows(**dict.fromkeys(("p", "q", "r"), PLOT)))
    write(store, layer=LOTS, insert=make_rows(l=PLOT))
    make(store, tmp_path / "field.gpkg")
    return tmp_path / "field.gpkg"


def make(store, path, layers=(LAYER, LOTS)):
    return make_edition(store, layers, CATALOG, path, tell=lambda _: None)


def merge(store, file, **options):
    return merge_edition(store, CATALOG, file, author="wang", tell=lambda _: None, **options).layers


def names(store, layer=LAYER):
    return store.read(layer).data["name"].to_dict()


def edit(file, sql, *values):
    edit_file(str(file), sql, values)


def add(file, key, **values):
    shape = gpkg_blob(PLOT["geometry"])
    columns, given = ["plot_id", "geom", *values], [key, shape, *values.values()]
    edit(file, f"INSERT INTO plots ({', '.join(columns)}) VALUES ({', '.join('?' * len(given))})", *given)


def test_an_edition_is_a_twin_of_the_state_that_was_taken_along(store, file):
    with open_store(file) as edition:
        assert edition.title == store.title
        assert edition.read(LAYER).data.equals(store.read(LAYER).data)
        assert edition.created_at != store.created_at


def test_edits_become_one_revision_for_each_layer(store, file):
    edit(file, "UPDATE plots SET name = 'b', floors = 2 WHERE plot_id = 'p'")
    edit(file, "DELETE FROM plots WHERE plot_id = 'q'")
    add(file, "new", name="n")
    edit(file, "UPDATE lots SET name = 'c'")
    before = store.latest()
    plots, lots = merge(store, file, reason="field work")
    assert (plots.added, plots.changed, plots.removed, plots.revision) == (1, 1, 1, before + 1)
    assert (lots.changed, lots.revision) == (1, before + 2)
    assert names(store) == {"new": "n", "p": "b", "r": "a"}
    made = store.revisions(LAYER)[-1]
    assert (made.author, made.reason, made.source, len(made.sha256)) == ("wang", "field work", "field.gpkg", 64)
    assert (made.inserted, made.updated, made.deleted) == (1, 1, 1)
    assert not any(revision.author == OUTSIDER for revision in store.revisions())


def test_to_merge_again_changes_nothing(store, file):
    edit(file, "UPDATE plots SET name = 'b' WHERE plot_id = 'p'")
    merge(store, file)
    (again,) = merge(store, file)
    assert (again.agreed, again.changed, again.revision) == (1, 0, None)
    assert len(store.revisions(LAYER)) == 2


def test_a_file_without_edits_has_nothing_to_say(store, file):
    assert merge(store, file) == ()


def test_a_dry_run_tells_the_same_and_writes_nothing(store, file):
    edit(file, "UPDATE plots SET name = 'b' WHERE plot_id = 'p'")
    before = store.latest()
    (plots,) = merge(store, file, dry_run=True)
    assert (plots.changed, plots.revision, store.latest()) == (1, None, before)


def test_others_edits_of_other_fields_stay(store, file):
    write(store, update=make_rows(p=PLOT | {"floors": 7}))
    edit(file, "UPDATE plots SET name = 'b' WHERE plot_id = 'p'")
    (plots,) = merge(store, file)
    assert not plots.conflicts
    assert store.read(LAYER).data.loc["p", ["name", "floors"]].tolist() == ["b", 7]


def test_a_conflict_in_one_layer_leaves_every_layer_as_it_was(store, file):
    write(store, update=make_rows(p=PLOT | {"name": "theirs"}))
    edit(file, "UPDATE plots SET name = 'mine' WHERE plot_id = 'p'")
    edit(file, "UPDATE lots SET name = 'c'")
    before = store.latest()
    (conflict,) = merge(store, file)[0].conflicts
    told = (conflict.layer, conflict.key, conflict.field, conflict.base, conflict.mine, conflict.theirs)
    assert told == ("plots", "p", "name", "a", "mine", "theirs")
    assert store.latest() == before


@pytest.mark.parametrize(("keep", "name"), [("mine", "mine"), ("theirs", "theirs")])
def test_who_decides_gets_everything_written(store, file, keep, name):
    write(store, update=make_rows(p=PLOT | {"name": "theirs"}))
    edit(file, "UPDATE plots SET name = 'mine' WHERE plot_id = 'p'")
    edit(file, "UPDATE lots SET name = 'c'")
    plots, lots = merge(store, file, keep=keep)
    assert len(plots.conflicts) == 1
    assert names(store)["p"] == name
    assert (plots.revision is None) == (keep == "theirs")
    assert lots.revision == store.latest()


@pytest.mark.parametrize(
    ("sql", "what"),
    [
        ("UPDATE plots SET \"use\" = 'castle' WHERE plot_id = 'p'", "not of the code list"),
        ("UPDATE plots SET height_m = 501 WHERE plot_id = 'p'", "out of range"),
        ("UPDATE plots SET geom = NULL WHERE plot_id = 'p'", "no geometry"),
    ],
)
def test_what_an_ingest_would_refuse_is_refused(store, file, sql, what):
    edit(file, sql)
    edit(file, "UPDATE lots SET name = 'c'")
    before = store.latest()
    with pytest.raises(SchemaViolation) as refused:
        merge(store, file)
    assert refused.value.faults[0].what.startswith("p: ")
    assert what in str(refused.value.faults[0])
    assert what in refused.value.detail
    assert store.latest() == before


def test_edits_that_the_file_kept_no_record_of_are_seen_too(store, file):
    with closing(sqlite3.connect(file)) as connection, connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f'DROP TRIGGER "{name}"')
        connection.execute("UPDATE plots SET name = 'b' WHERE plot_id = 'p'")
    (plots,) = merge(store, file)
    assert (plots.changed, names(store)["p"]) == (1, "b")


def test_what_somebody_added_to_the_file_is_told_and_left_behind(store, file):
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("ALTER TABLE plots ADD COLUMN note TEXT")
        connection.execute("CREATE TABLE sketch (fid INTEGER PRIMARY KEY)")
        connection.execute("INSERT INTO gpkg_contents (table_name, data_type) VALUES ('sketch', 'attributes')")
    merged = merge_edition(store, CATALOG, file, author="wang", tell=lambda _: None)
    assert (merged.layers, merged.left_behind) == ((), ("plots.note", "sketch"))


def test_an_edition_of_another_twin_is_refused(store, file, new_store):
    with new_store() as other, pytest.raises(RevisionConflict, match="another twin"):
        merge(other, file)


def test_a_state_that_is_not_what_was_taken_along_is_refused(store, file):
    with closing(sqlite3.connect(file)) as connection, connection:
        (noted,) = connection.execute("SELECT value FROM twin_meta WHERE key = 'origin'").fetchone()
        origin = json.loads(noted)
        origin["layers"]["plots"]["digest"] = "0" * 64
        connection.execute("UPDATE twin_meta SET value = ? WHERE key = 'origin'", (json.dumps(origin),))
    with pytest.raises(RevisionConflict, match="older state restored"):
        merge(store, file)


def test_a_file_that_is_no_edition_is_refused(store, tmp_path):
    create_store(tmp_path / "own.gpkg", crs=CRS).close()
    with pytest.raises(InvalidParameter, match="no offline edition"):
        merge(store, tmp_path / "own.gpkg")


def test_an_edition_is_never_made_over_another_file_or_its_log(store, file):
    edit(file, "UPDATE plots SET name = 'b' WHERE plot_id = 'p'")
    with pytest.raises(StoreExists):
        make(store, file)
    file.with_name("other.gpkg-wal").touch()
    with pytest.raises(StoreExists):
        make(store, file.with_name("other.gpkg"))
    with open_store(file) as edition:
        assert names(edition)["p"] == "b"


def test_a_layer_without_features_can_be_begun_offline(new_store, tmp_path):
    with new_store() as store:
        make(store, tmp_path / "field.gpkg", layers=[LAYER])
        add(tmp_path / "field.gpkg", "new", name="n")
        (plots,) = merge(store, tmp_path / "field.gpkg")
        assert (plots.base, plots.added, names(store)) == (0, 1, {"new": "n"})
        assert store.count(LAYER, Query(as_of=plots.revision)) == 1


def test_who_writes_between_the_layers_stops_the_merge_which_is_then_finished(store, file):
    edit(file, "UPDATE plots SET name = 'b' WHERE plot_id = 'p'")
    edit(file, "UPDATE lots SET name = 'c'")
    comes = iter([lambda: write(store, layer=LOTS, insert=make_rows(m=PLOT))])

    def interrupt(step):
        if step == "writing lots":
            next(comes, lambda: None)()

    with pytest.raises(RevisionConflict, match="written is plots: merge again"):
        merge_edition(store, CATALOG, file, author="wang", tell=interrupt)
    assert names(store)["p"] == "b"
    merge(store, file)
    assert names(store, LOTS) == {"l": "c", "m": "a"}
    assert len(store.revisions(LAYER)) == 2
