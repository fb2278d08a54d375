"""The files of the project: short, free of places and secrets, and all of them in the wheel."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
#: Files that others wrote, or a tool: kept as they come.
FOREIGN = re.compile(r"(^|/)vendor/|^LICENSE$|^requirements\.lock$")
#: Put together here so that this file passes its own test.
HOSTS = [".".join(parts) for parts in (("pypi", "org"), ("pythonhosted", "org"), ("anaconda", "org"), ("npmjs", "org"))]
PLACES = ["/" + place + "/" for place in ("root", "home", "work", "tmp", "Users")]
SECRETS = [r"-----BEGIN [A-Z ]*PRIVATE", r"\bAKIA[0-9A-Z]{16}\b", r"\bgh[pousr]_\w{30,}", r"://[^/\s:{}]+:[^/\s@{}]+@"]


@pytest.fixture(scope="module")
def own_files():
    """Files of the project, committed or about to be, relative to its root; with their text where they are text."""
    command = ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    found = [Path(name) for name in names if name and (ROOT / name).is_file() and not FOREIGN.search(name)]
    return {path: (ROOT / path).read_bytes() for path in found}


def texts(files, *suffixes):
    """Yield name and text of the files that are text."""
    for path, content in files.items():
        if b"\0" not in content and (not suffixes or path.suffix in suffixes):
            yield path, content.decode("utf-8", errors="replace")


def test_no_file_of_code_has_more_than_400_lines(own_files):
    lengths = {str(path): text.count("\n") for path, text in texts(own_files, ".py", ".js", ".css", ".html", ".sql")}
    assert {name: length for name, length in lengths.items() if length > 400} == {}


def test_the_package_index_is_named_in_one_place_only(own_files):
    naming = {str(path) for path, text in texts(own_files) for host in HOSTS if host in text}
    assert naming <= {".ci/bootstrap.py"}


@pytest.mark.parametrize("pattern", [*map(re.escape, PLACES), *SECRETS])
def test_no_file_holds_a_place_of_one_machine_or_a_secret(own_files, pattern):
    holding = re.compile(r"(?<![\w.~<])" + pattern if pattern.startswith("/") else pattern)
    assert [str(path) for path, text in texts(own_files) if holding.search(text)] == []


def test_the_wheel_holds_every_file_of_the_packages(own_files, tmp_path):
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    rooms = {"twin", "layers", "bim", "tiles", "api", "sample_gis"}
    wanted = {str(path) for path in own_files if path.parts[0] in rooms}
    assert wanted - set(zipfile.ZipFile(wheel).namelist()) == set()
