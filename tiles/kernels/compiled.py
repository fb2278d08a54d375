"""How a kernel is compiled: once per machine, kept on disk, and without the lock that keeps Python on one core."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar, cast

import numba
import numba.core.config

F = TypeVar("F", bound=Callable[..., object])

#: More than all compiled kernels take.
_CACHE_BYTES = 8_000_000


def cache_folder() -> Path:
    """Where compiled kernels are kept: the user's cache folder, by the kernels' sources and the compiler.

    A kernel holds the code of those it calls, so a change in one file makes all of them new.
    """
    digest = hashlib.sha256(numba.__version__.encode())
    for source in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(source.read_bytes())
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser() / "county-twin" / f"kernels-{digest.hexdigest()[:16]}"


def can_keep(folder: Path) -> bool:
    """Whether compiled kernels can be written to a folder; if not, they are compiled anew in every process."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(bytes(_CACHE_BYTES))
    except OSError:
        return False
    return True


_FOLDER = cache_folder()
_KEEP = can_keep(_FOLDER)
if _KEEP:
    numba.core.config.CACHE_DIR = str(_FOLDER)  # type: ignore[attr-defined]


def compiled(function: F) -> F:
    """Compile a function when it is first called, or load what an earlier process compiled."""
    return cast("F", numba.njit(nogil=True, cache=_KEEP, error_model="numpy")(function))
