"""What entity tags name: a state of this history, not of one that had revisions of the same numbers."""

from __future__ import annotations

import shutil

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from twin.settings import Settings
from twin.store import Changes
from twin.stores import open_store

ITEM = "/collections/parcels/items/P2"


@pytest.mark.parametrize("path", ["/collections/parcels/items", "/tiles/parcels/12/3396/1619.mvt", ITEM])
def test_the_same_number_in_a_restored_store_is_another_tag(path, town, tmp_path, catalog, parcels) -> None:
    """Both stores begin as the same twin, and each has a fifth revision of its own, which moves P2 and nothing else."""
    tags = []
    for name, storeys in (("first", 12), ("restored", 13)):
        changed = parcels.loc[["P2"]].assign(floors=storeys).astype({"floors": "Int64"})
        with open_store(shutil.copy(town, tmp_path / f"{name}.gpkg"), write=True) as store:
            revision = store.write(catalog.layer("parcels"), Changes(update=changed), author="survey", reason=name)
            assert revision.number == 5
            with TestClient(create_app(Settings(), store, catalog)) as client:
                tags.append(client.get(path).headers["etag"])
    assert tags[0] != tags[1]


def test_a_feature_keeps_its_tag_when_another_one_changes(client, store, catalog, parcels) -> None:
    before = client.get(ITEM).headers["etag"], client.get("/collections/parcels/items/P1").headers["etag"]
    store.write(catalog.layer("parcels"), Changes(update=parcels.loc[["P1"]]), author="survey", reason="seen again")
    after = client.get(ITEM).headers["etag"], client.get("/collections/parcels/items/P1").headers["etag"]
    assert after[0] == before[0]
    assert after[1] != before[1]


def test_tags_of_features_are_strong_and_name_the_coding(client) -> None:
    tags = {client.get(ITEM, headers={"Accept-Encoding": coding}).headers["etag"] for coding in ("gzip", "identity")}
    assert len(tags) == 2
    assert not any(tag.startswith("W/") for tag in tags)
    assert len({tag.partition("-")[0] for tag in tags}) == 1  # the state is the same


def test_a_feature_that_a_client_has_is_not_sent_again(client) -> None:
    tag = client.get(ITEM).headers["etag"]
    assert client.get(ITEM, headers={"If-None-Match": tag}).status_code == 304
    assert client.get(ITEM, headers={"If-None-Match": f"W/{tag}"}).status_code == 304
