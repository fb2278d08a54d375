"""Archives over HTTP: the tiles that the service sends, in a file that is read by ranges."""

from __future__ import annotations

import gzip
import json

import pytest
from fastapi.testclient import TestClient
from pmtiles.reader import MmapSource, Reader, all_tiles

from api.app import create_app
from tiles.archive import write_archive
from tiles.grid import grids_for
from tiles.source import VectorSource
from twin.frames import Frames
from twin.settings import Settings


@pytest.fixture
def folder(store, catalog, tmp_path):
    """A folder with one archive of the town, and what is not for clients."""
    folder = tmp_path / "archives"
    (folder / "deeper").mkdir(parents=True)
    layers = (catalog.layer("parcels"), catalog.layer("wells"))
    source = VectorSource(layers=layers, frames=Frames(store), grid=grids_for(store.crs)["WebMercatorQuad"])
    write_archive(source, folder / "town.pmtiles", zooms=(0, 14))
    (folder / "town 镇.mbtiles").write_bytes(b"0123456789" * 300)
    for name in ("notes.txt", ".town.pmtiles.draft", ".hidden.pmtiles", "deeper/inner.pmtiles"):
        (folder / name).write_text("not for you")
    (tmp_path / "outside.pmtiles").write_text("not for you")
    return folder


@pytest.fixture
def service(store, catalog, folder):
    with TestClient(create_app(Settings(archives=str(folder)), store, catalog)) as service:
        yield service


def test_an_archive_holds_the_tiles_that_the_service_sends(service, folder):
    with (folder / "town.pmtiles").open("rb") as file:
        archived = {place: gzip.decompress(data) for place, data in all_tiles(MmapSource(file))}
    around = {(z, x + dx, y + dy) for z, x, y in archived for dx in (-1, 0, 1) for dy in (-1, 0, 1)}
    real = {(z, x, y) for z, x, y in around if 0 <= x < 2**z and 0 <= y < 2**z}
    sent = {place: service.get("/tiles/parcels,wells/{}/{}/{}.mvt".format(*place)) for place in real}
    assert {place: answer.content for place, answer in sent.items() if answer.status_code == 200} == archived
    assert {z for z, _, _ in archived} == set(range(15))


def test_a_reader_of_pmtiles_works_by_ranges_alone(service, folder):
    asked = []

    def read(offset, length):
        answer = service.get("/archives/town.pmtiles", headers={"Range": f"bytes={offset}-{offset + length - 1}"})
        assert (answer.status_code, len(answer.content)) == (206, length)
        asked.append(answer.headers["etag"])
        return answer.content

    reader = Reader(read)
    header = reader.header()
    assert [layer["id"] for layer in reader.metadata()["vector_layers"]] == ["parcels", "wells"]
    z, x, y = 14, 13585, 6479
    tile = service.get(f"/tiles/parcels,wells/{z}/{x}/{y}.mvt").content
    assert gzip.decompress(reader.get(z, x, y)) == tile
    assert header["tile_data_offset"] == 16_384
    assert len(set(asked)) == 1


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=10-19", 10, 19),
        ("bytes=2990-", 2990, 2999),
        ("bytes=2990-99999", 2990, 2999),
        ("bytes=-5", 2995, 2999),
        ("bytes=-99999", 0, 2999),
        ("Bytes = 1 - 2", 1, 2),
    ],
)
def test_a_range_is_answered_with_those_bytes(service, asked, first, last):
    answer = service.get("/archives/town 镇.mbtiles", headers={"Range": asked, "Accept-Encoding": "gzip"})
    assert answer.status_code == 206
    assert answer.content == (b"0123456789" * 300)[first : last + 1]
    assert answer.headers["content-range"] == f"bytes {first}-{last}/3000"
    assert answer.headers["content-type"] == "application/vnd.sqlite3"
    assert "content-encoding" not in answer.headers


@pytest.mark.parametrize(
    "asked", ["bytes=5-2", "bytes=a-b", "bytes=", "bytes=-", "bytes=0-1,5-6", "lines=0-1", "bytes=²-"]
)
def test_what_is_no_single_range_is_answered_with_everything(service, asked):
    answer = service.get("/archives/town 镇.mbtiles", headers={"Range": asked.encode()})
    assert (answer.status_code, len(answer.content)) == (200, 3000)
    assert answer.headers["accept-ranges"] == "bytes"


@pytest.mark.parametrize("asked", ["bytes=3000-", "bytes=3000-3001", "bytes=-0", "bytes=9999999999999999999-"])
def test_a_range_beyond_the_end_is_a_problem_that_tells_the_size(service, asked):
    answer = service.get("/archives/town 镇.mbtiles", headers={"Range": asked})
    assert answer.status_code == 416
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["content-range"] == "bytes */3000"
    assert answer.json()["detail"] == "the archive has 3,000 bytes, and none of those that were asked for"


def test_the_tag_changes_with_the_file_and_decides_what_is_sent(service, folder):
    path = "/archives/town.pmtiles"
    etag = service.get(path, headers={"Range": "bytes=0-9"}).headers["etag"]
    assert not etag.startswith("W/")
    again = service.get(path, headers={"Range": "bytes=0-9", "If-None-Match": etag})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
    same = service.get(path, headers={"Range": "bytes=0-9", "If-Range": etag})
    assert (same.status_code, same.content[:7]) == (206, b"PMTiles")
    (folder / "next").write_bytes((folder / "town.pmtiles").read_bytes())
    (folder / "next").replace(folder / "town.pmtiles")
    other = service.get(path, headers={"Range": "bytes=0-9", "If-Range": etag})
    assert other.status_code == 200
    assert other.headers["etag"] != etag
    assert other.content == (folder / "town.pmtiles").read_bytes()
    assert service.get(path, headers={"If-None-Match": etag}).status_code == 200


def test_head_tells_the_size_without_reading(service, folder):
    answer = service.head("/archives/town.pmtiles")
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-length"] == str((folder / "town.pmtiles").stat().st_size)
    assert answer.headers["content-type"] == "application/vnd.pmtiles"


@pytest.mark.parametrize(
    "name",
    [
        "notes.txt",
        ".hidden.pmtiles",
        ".town.pmtiles.draft",
        "deeper/inner.pmtiles",
        "deeper%2Finner.pmtiles",
        "..%2Foutside.pmtiles",
        "%2e%2e/outside.pmtiles",
        "..%5Coutside.pmtiles",
        "town.pmtiles%00",
        "nothing.pmtiles",
    ],
)
def test_nothing_else_of_the_disk_can_be_reached(service, name):
    answer = service.get(f"/archives/{name}")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert "not for you" not in answer.text


def test_the_list_leads_to_the_archives(service, folder):
    listed = service.get("/archives").json()["archives"]
    assert [archive["name"] for archive in listed] == ["town 镇.mbtiles", "town.pmtiles"]
    for archive in listed:
        (enclosure,) = archive["links"]
        answer = service.get(enclosure["href"])
        assert len(answer.content) == archive["bytes"]
        assert answer.headers["content-type"] == enclosure["type"]
    assert "town 镇.mbtiles" in service.get("/archives?f=html").text


def test_without_the_setting_there_is_none(client):
    assert client.get("/archives").json()["archives"] == []
    assert "There are none" in client.get("/archives?f=html").text
    assert client.get("/archives/town.pmtiles").status_code == 404


def test_a_folder_that_is_gone_is_told_without_its_place(store, catalog, tmp_path):
    service = TestClient(create_app(Settings(archives=str(tmp_path / "gone")), store, catalog))
    answer = service.get("/archives")
    assert answer.status_code == 500
    assert answer.json()["detail"] == "the folder of archives cannot be read; see the setting archives"
    assert str(tmp_path) not in json.dumps(answer.json())


def test_a_map_on_another_site_may_read_ranges(service):
    other = {"Origin": "https://maps.example"}
    asked = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "range,if-none-match,if-range"}
    leave = service.options("/archives/town.pmtiles", headers=other | asked)
    assert leave.status_code == 200
    assert {"range", "if-none-match", "if-range"} <= set(
        leave.headers["access-control-allow-headers"].lower().split(", ")
    )
    answer = service.get("/archives/town.pmtiles", headers=other | {"Range": "bytes=0-9"})
    exposed = set(answer.headers["access-control-expose-headers"].lower().split(", "))
    assert {"etag", "content-range", "accept-ranges"} <= exposed
    assert answer.headers["access-control-allow-origin"] == "*"
