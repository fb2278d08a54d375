"""How tiles are sent: codings, entity tags that change where something changed, work shared, queues that end."""

from __future__ import annotations

import asyncio
import gzip
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import zstandard
from fastapi.testclient import TestClient

from api.app import create_app
from api.errors import ServiceBusy
from api.http.sent import choose_coding
from api.ops.desk import ClientGone, Desk, unless_gone
from tiles.cache import SizedCache
from twin.settings import Settings
from twin.store import Changes

TILE = "/tiles/parcels/12/3396/1619.mvt"


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("", "identity"),
        ("gzip", "gzip"),
        ("gzip, deflate, br", "gzip"),
        ("gzip, deflate, br, zstd", "zstd"),
        ("zstd;q=0.5, gzip", "gzip"),
        ("gzip;q=0", "identity"),
        ("*", "zstd"),
        ("*, zstd;q=0", "gzip"),
        ("identity, gzip;q=0.5", "identity"),
        ("gzip;q=oops", "identity"),
    ],
)
def test_the_coding_is_the_one_that_the_client_weighs_highest(accepted: str, coding: str) -> None:
    assert choose_coding(accepted) == coding


def test_every_coding_holds_the_same_tile(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.http.sent._WORTH_COMPRESSING", 100)
    plain = client.get(TILE, headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    for coding, unpack in (("gzip", gzip.decompress), ("zstd", zstandard.ZstdDecompressor().decompress)):
        with client.stream("GET", TILE, headers={"Accept-Encoding": coding}) as answer:
            packed = b"".join(answer.iter_raw())
        assert answer.headers["content-encoding"] == coding
        assert answer.headers["etag"] == plain.headers["etag"]
        assert "Accept-Encoding" in answer.headers["vary"]
        assert len(packed) < len(plain.content)
        assert unpack(packed) == plain.content


def test_a_write_makes_only_the_tiles_new_in_which_something_changed(
    client: TestClient, store: Any, catalog: Any, parcels: Any
) -> None:
    # The parcels lie 1 km apart; at zoom 16 a tile is 500 m wide there, its buffer 8 m.
    grid = client.app.state.context.grids["WebMercatorQuad"]  # type: ignore[attr-defined]
    columns = [grid.tile_at(118.5 + offset, 35.2295, 16) for offset in (0.0005, 0.0115, 0.0225)]
    addresses = [f"/tiles/parcels/16/{x}/{y}.mvt" for x, y in columns]
    before = [client.get(address).headers["etag"] for address in addresses]
    changed = parcels.loc[["P2"]].assign(name="Renamed")
    store.write(catalog.layer("parcels"), Changes(update=changed), author="survey", reason="renamed")
    after = [client.get(address).headers["etag"] for address in addresses]
    assert [old == new for old, new in zip(before, after, strict=True)] == [True, False, True]
    assert b"Renamed" in client.get(addresses[1]).content
    store.write(catalog.layer("parcels"), Changes(delete=("P2",)), author="survey", reason="gone")
    gone = [client.get(address) for address in addresses]
    assert [answer.status_code for answer in gone] == [200, 204, 200]
    assert [answer.headers["etag"] == tag for answer, tag in zip(gone, after, strict=True)] == [True, False, True]


def test_a_tile_that_the_client_has_is_not_made(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    etag = client.get(TILE).headers["etag"]
    with TestClient(create_app(Settings(), client.app.state.context.store, client.app.state.context.catalog)) as fresh:  # type: ignore[attr-defined]
        monkeypatch.setattr("tiles.square.Square.tile", lambda *_: pytest.fail("it was made"))
        assert fresh.get(TILE, headers={"If-None-Match": etag}).status_code == 304


class Waiting:
    """A request whose client stays until it is told to leave."""

    def __init__(self) -> None:
        self.leave = asyncio.Event()

    async def receive(self) -> dict[str, str]:
        await self.leave.wait()
        return {"type": "http.disconnect"}


def run(scenario: Any) -> Any:
    return asyncio.run(scenario())


def test_a_burst_for_one_thing_makes_it_once() -> None:
    calls: list[int] = []
    release = threading.Event()

    def work() -> str:
        calls.append(1)
        release.wait(5)
        return "made"

    async def scenario() -> list[str]:
        desk = Desk(1)
        answers = [asyncio.ensure_future(desk.obtain("key", work)) for _ in range(20)]
        await asyncio.sleep(0.05)
        release.set()
        return await asyncio.gather(*answers)

    assert run(scenario) == ["made"] * 20
    assert calls == [1]


def test_a_queue_that_is_full_refuses_with_503() -> None:
    release = threading.Event()

    async def scenario() -> None:
        desk = Desk(2)
        waiting = [asyncio.ensure_future(desk.obtain(n, lambda: release.wait(5))) for n in range(2)]
        await asyncio.sleep(0.05)
        with pytest.raises(ServiceBusy) as refusal:
            await desk.obtain(3, lambda: True)
        assert refusal.value.status == 503
        release.set()
        assert await asyncio.gather(*waiting) == [True, True]
        assert await desk.obtain(3, lambda: "again") == "again"

    run(scenario)


def test_work_that_nobody_waits_for_any_more_is_not_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    release, made = threading.Event(), []

    async def scenario() -> None:
        desk = Desk(10)
        first = asyncio.ensure_future(desk.obtain("long", lambda: release.wait(5)))
        leaving = Waiting()
        wanted = desk.obtain("other", lambda: made.append(1))
        second = asyncio.ensure_future(unless_gone(leaving, wanted))  # type: ignore[arg-type]
        await asyncio.sleep(0.05)
        leaving.leave.set()
        with pytest.raises(ClientGone):
            await second
        release.set()
        await first
        await asyncio.sleep(0.05)

    run(scenario)
    assert made == []


def test_a_cache_forgets_what_was_asked_for_least_lately() -> None:
    cache: SizedCache[str] = SizedCache(3 * 1500)
    for name in "abc":
        cache.put(name, name.upper(), 1000)
    cache.get("a")
    cache.put("d", "D", 1000)
    assert [cache.get(name) for name in "abcd"] == ["A", None, "C", "D"]
    cache.put("huge", "H", 10_000)
    assert cache.get("huge") is None
    assert cache.size_bytes == 4500


def test_many_clients_at_once_get_what_one_gets(client: TestClient) -> None:
    wanted = client.get(TILE).content
    with ThreadPoolExecutor(8) as clients:
        assert {answer.content for answer in clients.map(client.get, [TILE] * 40)} == {wanted}
