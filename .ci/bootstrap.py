"""Make .venv hold the versions of requirements.lock and this project; at once when it already does.

Run by make, with the standard library only and whatever Python the machine has: ``python3 .ci/bootstrap.py``.
The stamp is written last, so an interrupted install is done again. The syntax is old enough for an old Python to
read on until it can say that it is too old.
"""

import configparser
import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path
from urllib.parse import urljoin

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
STAMP = VENV / "installed"
LOCK = ROOT / "requirements.lock"
#: Where pip looks when nothing tells it otherwise.
DEFAULT_INDEX = "https://pypi.org/simple"


def main() -> None:
    """Install unless the stamp says that just this is installed already."""
    if sys.version_info < (3, 11):
        version = sys.version.split()[0]
        fail(f"Python 3.11 or newer is needed, {sys.executable} is {version}. Name one: make PYTHON=python3.11 …")
    wanted = describe_install()
    with LOCK.open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)  # a second make waits for the first
        if STAMP.is_file() and STAMP.read_text() == wanted:
            return
        print("Installing into .venv: once, about a minute", flush=True)
        shutil.rmtree(VENV, ignore_errors=True)
        pip = create_venv()
        # The one package that nobody built a wheel of is pure Python.
        binary = ("--only-binary=:all:", "--no-binary=odfpy")
        pip_install(pip, "--require-hashes", *binary, "--requirement", str(LOCK))
        pip_install(pip, "--no-deps", "--no-build-isolation", "--editable", str(ROOT))
        compile_kernels()
        STAMP.write_text(wanted)


def describe_install() -> str:
    """Say what the environment depends on: what is installed, by which Python, and where (scripts hold the path)."""
    import tomllib  # not there before 3.11

    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    described = [settings["build-system"], settings["project"], sys.version, sys.base_prefix, str(VENV)]
    return hashlib.sha256(LOCK.read_bytes() + json.dumps(described).encode()).hexdigest()


def compile_kernels() -> None:
    """Compile what draws tiles, so that the first tile need not wait; a machine that cannot keep it works as well."""
    subprocess.run([str(VENV / "bin" / "python"), "-m", "tiles.warm"], cwd=ROOT, check=True)


def create_venv() -> list:
    """Make an empty environment; return the command that runs pip for it."""
    python = str(VENV / "bin" / "python")
    ensurepip = subprocess.run(
        [sys.executable, "-c", "import ensurepip; ensurepip.version()"], stderr=subprocess.DEVNULL, check=False
    )
    without = ["--without-pip"] if ensurepip.returncode else []
    if subprocess.run([sys.executable, "-m", "venv", *without, str(VENV)], check=False).returncode:
        fail(f"{sys.executable} cannot make an environment; on Debian: apt-get install python3-venv")
    # Debian keeps ensurepip in python3-venv. A wheel runs as it is, enough for pip to install itself from the lock.
    return [python, str(fetch_pip() / "pip")] if without else [python, "-m", "pip"]


def fetch_pip() -> Path:
    """Download the wheel of the locked pip and hold it to the hashes of the lock."""
    pinned = re.search(r"^pip==(\S+) \\\n((?:.*--hash=.*\n)+)", LOCK.read_text(), re.MULTILINE)
    name = f"pip-{pinned.group(1)}-py3-none-any.whl"
    index = index_url().rstrip("/") + "/pip/"
    instead = "on Debian, apt-get install python3-venv does without it"
    try:
        with urllib.request.urlopen(index, timeout=60) as answer:
            link = re.search(f'href="([^"]*{re.escape(name)}[^"]*)"', answer.read().decode())
        if not link:
            fail(f"{index} has no {name}; {instead}")
        with urllib.request.urlopen(urljoin(index, link.group(1)), timeout=60) as answer:
            wheel = answer.read()
    except OSError as error:
        fail(f"cannot read {index} ({error}); set PIP_INDEX_URL, or {instead}")
    if hashlib.sha256(wheel).hexdigest() not in pinned.group(2):
        fail(f"{name} of {index} does not have the hash that requirements.lock asks for")
    path = VENV / name
    path.write_bytes(wheel)
    return path


def index_url() -> str:
    """Find the package index as pip would: PIP_INDEX_URL, else the configuration files, the later one first."""
    files = ["/etc/pip.conf", "~/.pip/pip.conf", "~/.config/pip/pip.conf", os.environ.get("PIP_CONFIG_FILE", "")]
    config = configparser.RawConfigParser()
    config.read([Path(file).expanduser() for file in files if file])
    return os.environ.get("PIP_INDEX_URL") or config.get("global", "index-url", fallback=DEFAULT_INDEX)


def pip_install(pip: list, *what: str) -> None:
    """Run pip; its own words say what went wrong, the last line says what to do."""
    options = ["--quiet", "--no-input", "--disable-pip-version-check", "--no-warn-script-location"]
    if subprocess.run([*pip, "install", *options, *what], stdin=subprocess.DEVNULL, check=False).returncode:
        fail("pip could not install; see above. It needs a package index: look at the network or PIP_INDEX_URL")


def fail(message: str) -> None:
    """End with a line for people."""
    sys.exit("bootstrap: " + message)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
