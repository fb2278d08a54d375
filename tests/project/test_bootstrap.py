"""The first step on a machine with Python alone: finding the index and fetching the locked pip from it."""

from __future__ import annotations

import functools
import hashlib
import http.server
import importlib.util
import threading
from pathlib import Path

import pytest

WHEEL = b"not really a wheel"


@pytest.fixture
def bootstrap(tmp_path):
    """Load the script as a module that works on a project of its own."""
    spec = importlib.util.spec_from_file_location("bootstrap", Path(__file__).parents[2] / ".ci" / "bootstrap.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.VENV = tmp_path / "venv"
    module.VENV.mkdir()
    module.LOCK = tmp_path / "requirements.lock"
    return module


@pytest.fixture
def index(tmp_path):
    """Serve a package index that holds one wheel of pip, and return its address."""
    page = tmp_path / "simple" / "pip"
    page.mkdir(parents=True)
    (page / "index.html").write_text('<a href="../../files/pip-9.9-py3-none-any.whl#sha256=0">pip</a>')
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "pip-9.9-py3-none-any.whl").write_bytes(WHEEL)
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=tmp_path)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_port}/simple"
        server.shutdown()


def write_lock(bootstrap, *hashes):
    """Lock pip 9.9 between two other packages."""
    pins = " \\\n".join(["pip==9.9", *(f"    --hash=sha256:{value}" for value in hashes)])
    bootstrap.LOCK.write_text(f"a==1 \\\n    --hash=sha256:{'a' * 64}\n{pins}\n    # via x\nz==1 \\\n    --hash=b\n")


def test_the_locked_pip_is_fetched_from_the_index_that_pip_would_use(bootstrap, index, monkeypatch):
    monkeypatch.setenv("PIP_INDEX_URL", index)
    write_lock(bootstrap, "0" * 64, hashlib.sha256(WHEEL).hexdigest())
    assert bootstrap.fetch_pip().read_bytes() == WHEEL


def test_a_wheel_without_the_locked_hash_is_refused(bootstrap, index, monkeypatch):
    monkeypatch.setenv("PIP_INDEX_URL", index)
    write_lock(bootstrap, "0" * 64)
    with pytest.raises(SystemExit, match=r"pip-9\.9-py3-none-any\.whl .* does not have the hash"):
        bootstrap.fetch_pip()


def test_without_an_index_the_message_says_what_to_do(bootstrap, monkeypatch):
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    write_lock(bootstrap, "0" * 64)
    with pytest.raises(SystemExit, match="set PIP_INDEX_URL, or on Debian, apt-get install python3-venv"):
        bootstrap.fetch_pip()


def test_the_index_of_the_configuration_file_gives_way_to_the_environment(bootstrap, monkeypatch, tmp_path):
    config = tmp_path / "pip.conf"
    config.write_text("[global]\nindex-url = https://mirror.example/simple\n")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(config))
    monkeypatch.delenv("PIP_INDEX_URL", raising=False)
    assert bootstrap.index_url() == "https://mirror.example/simple"
    monkeypatch.setenv("PIP_INDEX_URL", "https://other.example/simple")
    assert bootstrap.index_url() == "https://other.example/simple"


def test_an_old_python_is_told_apart_in_plain_words(bootstrap, monkeypatch):
    monkeypatch.setattr(bootstrap.sys, "version_info", (3, 9, 2))
    with pytest.raises(SystemExit, match=r"Python 3\.11 or newer is needed"):
        bootstrap.main()
