"""Tests that need a missing component are skipped in plain words, or fail where none may be missing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

CONFTEST = Path(__file__).parents[1] / "conftest.py"
TESTS = """
import socket
import pytest

@pytest.mark.needs("chromium")
def test_in_a_browser():
    pass

def test_on_real_data(shared_data):
    pass

def test_on_more_real_data(shared_data):
    pass

def test_of_the_network():
    socket.create_connection(("192.0.2.1", 80), timeout=1)
"""


@pytest.fixture
def run_tests(tmp_path):
    """Run the tests above where neither browser nor data are, and return what pytest printed."""

    def run(*options, **environment):
        (tmp_path / "conftest.py").write_text(CONFTEST.read_text("utf-8"), "utf-8")
        (tmp_path / "test_all.py").write_text(TESTS, "utf-8")
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(tmp_path), *options]
        empty = tmp_path / "nothing_here"
        env = {"PATH": str(empty), "TWIN_SHARED_DATA": str(empty), **environment}
        kept = {name: os.environ[name] for name in ("HOME", "SYSTEMROOT") if name in os.environ}
        return subprocess.run(command, cwd=tmp_path, env=kept | env, capture_output=True, text=True, check=False).stdout

    return run


@pytest.mark.parametrize("options", [(), ("--numprocesses", "2")], ids=["one process", "two processes"])
def test_what_is_missing_is_said_once_with_its_remedy(run_tests, options):
    said = run_tests(*options)
    assert "1 skipped: chromium is missing (apt-get install chromium)" in said
    assert "2 skipped: shared_data is missing (put it at " in said
    assert "1 failed, 3 skipped" in said


def test_nothing_may_be_missing_where_all_is_required(run_tests):
    said = run_tests(TWIN_REQUIRE="all")
    assert "chromium is missing (apt-get install chromium), and TWIN_REQUIRE=all allows no skip" in said
    assert "skipped" not in said


def test_a_test_cannot_reach_the_network(run_tests):
    assert "tests do not use the network: 192.0.2.1" in run_tests()
