"""QGIS as planners have it: the distribution's version, and a newer one from its backports in a folder beside it."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

#: Where the newer version is unpacked; what it shares with the older one it takes from the system.
BACKPORT = Path(__file__).parents[2] / "build" / "qgis-backport"

VERSIONS = [
    pytest.param(None, id="qgis", marks=pytest.mark.needs("qgis")),
    pytest.param(BACKPORT, id="qgis_backport", marks=pytest.mark.needs("qgis_backport")),
]


def run_in_qgis(script: Path, asked: dict[str, Any], *, version: Path | None) -> Any:
    """Run a script in the Python of the system, where QGIS has its bindings: JSON in, JSON out, no screen."""
    with TemporaryDirectory() as home:
        environment = {"QT_QPA_PLATFORM": "offscreen", "LANG": "C.UTF-8"}
        environment |= dict.fromkeys(("HOME", "XDG_RUNTIME_DIR", "TMPDIR"), home)
        if version is not None:
            libraries = sorted({str(path.parent) for path in (version / "usr" / "lib").rglob("lib*.so.*")})
            environment |= {
                "LD_LIBRARY_PATH": ":".join(libraries),
                "QGIS_PREFIX_PATH": str(version / "usr"),
                "PYTHONPATH": str(version / "usr/lib/python3/dist-packages"),
            }
        command = ["/usr/bin/python3", str(script), json.dumps(asked)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=200, check=False)
    assert done.stdout, done.stderr
    return json.loads(done.stdout)


def has_backport() -> bool:
    """Whether both versions are there."""
    bindings = "usr/lib/python3/dist-packages/qgis/core"
    return Path("/", bindings).is_dir() and (BACKPORT / bindings).is_dir()


def unpack_backport() -> None:
    """Unpack the newer version, and of what it needs all that the system does not have; nothing is installed."""
    release = platform.freedesktop_os_release().get("VERSION_CODENAME", "")
    mirror = _find_mirror(release)
    if mirror is None:
        return
    draft = BACKPORT.with_suffix(".draft")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    with _apt(mirror, release) as apt:
        _run(apt, "apt-get", "-qq", "update")
        options = ["--yes", "--no-install-recommends", "--download-only", "--target-release", f"{release}-backports"]
        _run(apt, "apt-get", "-qq", "install", *options, "python3-qgis")
        for package in sorted((apt / "archives").glob("*.deb")):
            _run(apt, "dpkg-deb", "--extract", str(package), str(draft))
    shutil.rmtree(BACKPORT, ignore_errors=True)
    draft.rename(BACKPORT)


def _find_mirror(release: str) -> str | None:
    """Where the system has the packages of its release from."""
    command = ["apt-get", "indextargets", "--format", "$(SITE) $(RELEASE)", "Created-By: Packages"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return next((site for site, of in map(str.split, listed.splitlines()) if of == release), None)


@contextmanager
def _apt(mirror: str, release: str) -> Iterator[Path]:
    """A folder in which apt keeps its lists and packages, those of the backports too."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        for needed in ("lists/partial", "archives/partial"):
            (folder / needed).mkdir(parents=True)
        sources = [f"deb {mirror} {suite} main\n" for suite in (release, f"{release}-backports")]
        (folder / "sources.list").write_text("".join(sources), "utf-8")
        places = {
            "Dir::Etc::sourcelist": folder / "sources.list",
            "Dir::Etc::sourceparts": "-",
            "Dir::State::lists": folder / "lists",
            "Dir::Cache::archives": folder / "archives",
            "Dir::Cache::pkgcache": "",
            "Dir::Cache::srcpkgcache": "",
        }
        settings = [f'{option} "{place}";\n' for option, place in places.items()]
        settings.append('DPkg::Lock::Timeout "300";\n')  # another program may be installing something
        (folder / "apt.conf").write_text("".join(settings), "utf-8")
        yield folder


def _run(apt: Path, *command: str) -> None:
    environment = os.environ | {"APT_CONFIG": str(apt / "apt.conf"), "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
