"""Who may edit over HTTP, and what those are told who may not."""

from __future__ import annotations

import base64
import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from fastapi.testclient import TestClient

from api.app import create_app
from twin.cli import main_group
from twin.errors import SettingsError
from twin.keys import add_key, remove_keys
from twin.settings import Settings

ITEM = "/collections/parcels/items/P1"
PATCH = {"Content-Type": "application/merge-patch+json"}
Connect = Callable[..., TestClient]


@pytest.fixture
def connect(store: Any, catalog: Any) -> Iterator[Connect]:
    """Makes a client of a service of certain settings."""
    with ExitStack() as stack:

        def connect(base_url: str = "http://127.0.0.1:8000", **settings: Any) -> TestClient:
            app = create_app(Settings(author="zhang", **settings), store, catalog)
            return stack.enter_context(TestClient(app, base_url=base_url))

        yield connect


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    return tmp_path / "twin.keys"


def rename(client: TestClient, name: str = "改", **headers: str) -> Any:
    sent = PATCH | {each.replace("_", "-"): value for each, value in headers.items()}
    return client.patch(ITEM, json={"properties": {"name": name}}, headers=sent)


def basic(name: str, key: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{key}".encode()).decode()


def author_of_the_last(store: Any) -> str:
    author: str = store.revisions()[-1].author
    return author


@pytest.mark.parametrize("base", ["http://127.0.0.1:8000", "http://localhost:8000", "http://[::1]:8000"])
def test_without_keys_a_program_on_this_machine_edits_as_whoever_runs_the_service(connect, store, base) -> None:
    client = connect(base)
    assert rename(client).status_code == 204
    assert author_of_the_last(store) == "zhang"
    assert rename(client, "同源", Origin=base).status_code == 204  # a page of the service itself


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        ({"Origin": "https://elsewhere.example"}, "pages of other origins"),
        ({"Origin": "null"}, "pages of other origins"),
        ({"Sec_Fetch_Site": "cross-site"}, "pages of other origins"),
        ({"Origin": "http://127.0.0.1:9000"}, "pages of other origins"),
        ({"Host": "rebound.example:8000", "Origin": "http://rebound.example:8000"}, "on the machine of the service"),
        ({"X_Forwarded_For": "203.0.113.9"}, "came by way of another"),
        ({"Forwarded": "for=203.0.113.9"}, "came by way of another"),
        ({"Via": "1.1 proxy"}, "came by way of another"),
    ],
)
def test_without_keys_nobody_else_does(connect, store, headers, words) -> None:
    client, before = connect(), store.latest()
    answer = rename(client, **headers)
    assert answer.status_code == 403
    assert words in answer.json()["detail"]
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    assert client.options(ITEM, headers=sent).headers["allow"] == "GET, HEAD, OPTIONS"
    assert store.latest() == before


def test_a_service_for_others_tells_how_to_permit_edits(connect, store) -> None:
    answer = rename(connect("http://twin.example", host="0.0.0.0"))
    assert answer.status_code == 403
    assert 'set keys = "twin.keys" in twin.toml, run twin key NAME' in answer.json()["detail"]
    assert "editing is false" in rename(connect(editing=False)).json()["detail"]


def test_a_key_names_the_author_by_bearer_and_by_basic(connect, store, keys) -> None:
    key = add_key(keys, "张 伟")
    client = connect("http://twin.example", host="0.0.0.0", keys=str(keys))
    assert rename(client, "一", Authorization=f"Bearer {key}").status_code == 204
    assert author_of_the_last(store) == "张 伟"
    assert rename(client, "二", Authorization=basic("张 伟", key)).status_code == 204
    assert client.options(ITEM, headers={"Authorization": f"Bearer {key}"}).headers["allow"].endswith("DELETE")


@pytest.mark.parametrize("given", [None, "Bearer wrong", "Bearer ", "Basic %%%", "Digest x", basic("li", "KEY"), "KEY"])
def test_who_has_no_key_is_asked_for_one_and_no_key_is_repeated(connect, store, keys, given, caplog) -> None:
    key, before = add_key(keys, "zhang"), store.latest()
    client = connect(keys=str(keys))
    if given and given.startswith("Basic b"):  # another's name with zhang's key
        given = basic("li", key)
    sent = {} if given is None else {"Authorization": given.replace("KEY", key)}
    with caplog.at_level(logging.DEBUG):
        answer = rename(client, **sent)
    assert (answer.status_code, answer.json()["type"].rsplit("/")[-1]) == (401, "not-authenticated")
    assert answer.headers["www-authenticate"].startswith('Basic realm="County twin"')
    assert key not in answer.text + caplog.text
    assert client.options(ITEM, headers=sent).headers["allow"] == "GET, HEAD, OPTIONS"
    assert client.get(ITEM).status_code == 200  # to read takes no key
    assert store.latest() == before


def test_a_key_that_is_taken_out_is_out_at_once(connect, keys) -> None:
    kept, lost = add_key(keys, "li"), add_key(keys, "zhang")
    assert keys.stat().st_mode & 0o077 == 0
    assert lost not in keys.read_text("utf-8")
    client = connect(keys=str(keys))
    assert rename(client, Authorization=f"Bearer {lost}").status_code == 204
    assert remove_keys(keys, "zhang") == 1
    assert rename(client, Authorization=f"Bearer {lost}").status_code == 401
    assert rename(client, Authorization=f"Bearer {kept}").status_code == 204


def test_pages_of_other_origins_need_a_key_that_no_browser_sends_by_itself(connect, keys) -> None:
    key = add_key(keys, "zhang")
    origin = "https://elsewhere.example"
    asked = {"Origin": origin, "Access-Control-Request-Method": "PATCH"}
    asked |= {"Access-Control-Request-Headers": "authorization,content-type,if-match"}
    closed, client = connect(), connect(keys=str(keys))
    assert closed.options(ITEM, headers=asked).status_code == 400
    preflight = client.options(ITEM, headers=asked)
    assert preflight.status_code == 200
    assert "access-control-allow-credentials" not in preflight.headers
    assert rename(client, Origin=origin, Authorization=f"Bearer {key}").status_code == 204
    assert rename(client, Origin=origin, Authorization=basic("zhang", key)).status_code == 403


def test_a_file_of_keys_that_is_not_there_is_told_at_once(connect, keys) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        connect(keys=str(keys))


def test_the_command_makes_a_key_that_works_and_takes_it_out(connect, keys, monkeypatch) -> None:
    monkeypatch.setenv("TWIN_KEYS", str(keys))
    made = CliRunner().invoke(main_group, ["key", "张伟"], catch_exceptions=False)
    client = connect(keys=str(keys))
    assert rename(client, Authorization=f"Bearer {made.output.strip()}").status_code == 204
    removed = CliRunner().invoke(main_group, ["key", "张伟", "--remove"], catch_exceptions=False)
    assert removed.output == "1 key of 张伟 taken out\n"


@pytest.mark.parametrize("name", ["", " x", "a:b", "a\nb", "x" * 101])
def test_a_name_that_no_header_can_say_gets_no_key(keys, name) -> None:
    with pytest.raises(Exception, match="no colon"):
        add_key(keys, name)


def test_who_must_say_what_he_saw_is_told_so(connect) -> None:
    client = connect(require_if_match=True)
    answer = rename(client)
    assert (answer.status_code, answer.json()["type"].rsplit("/")[-1]) == (428, "precondition-required")
    assert rename(client, If_Match=client.get(ITEM).headers["etag"]).status_code == 204
    assert rename(client, "无论", If_Match="*").status_code == 204
