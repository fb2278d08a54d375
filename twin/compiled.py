"""How a kernel is compiled: once per machine, kept on disk, and without the lock that keeps Python on one core."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import inspect
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
import numba.core.config
from numba.core.caching import FunctionCache

F = TypeVar("F", bound=Callable[..., object])


@functools.cache
def find_cache(kernels: Path) -> Path | None:
    """Say where the compiled kernels of a folder are kept: the user's cache folder, by their sources and the compiler.

    A kernel holds the code of those it calls, so a change in one file makes all of the folder new. Where nothing can be
    written there (None), they are compiled anew in every process.
    """
    digest = hashlib.sha256(numba.__version__.encode())
    for source in sorted([*kernels.glob("*.py"), Path(__file__)]):
        digest.update(source.read_bytes())
    try:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        folder = base / "county-twin" / f"kernels-{digest.hexdigest()[:16]}"
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except (OSError, RuntimeError):  # RuntimeError: the user has no home
        return None
    return folder


@contextlib.contextmanager
def _without(module: str) -> Iterator[None]:
    """Have nobody find a module that has not been imported yet."""
    if module in sys.modules:
        yield
        return
    sys.modules[module] = None  # type: ignore[assignment] # what Python takes for absent
    try:
        yield
    finally:
        del sys.modules[module]


# Numba looks whether there is linear algebra, which takes longer to load than all kernels; none of them uses it.
with _without("scipy.linalg.cython_blas"):
    import numba.np.arraymath


class _KernelCache(FunctionCache):
    """The compiled code of one kernel on disk, where a damaged file or a full disk costs time and nothing else."""

    def load_overload(self, sig: Any, context: Any) -> Any:
        """Return what an earlier process compiled for these types; None where there is nothing sound.

        Processes that compile at once may take the same file for different types.
        """
        with contextlib.suppress(Exception):  # whatever unpickling a torn file may raise
            found = super().load_overload(sig, context)  # type: ignore[no-untyped-call]
            if found is None or found.signature.args == sig:
                return found
        with contextlib.suppress(OSError):
            self.flush()  # type: ignore[no-untyped-call]
        return None

    def save_overload(self, *what: Any) -> None:
        """Keep what was compiled if there is room."""
        with contextlib.suppress(OSError):
            super().save_overload(*what)  # type: ignore[no-untyped-call]


def compiled(function: F) -> F:
    """Compile a function when it is first called, or load what an earlier process compiled."""
    kernel: Any = numba.njit(nogil=True, error_model="numpy")(function)
    if folder := find_cache(Path(inspect.getfile(function)).parent):
        numba.core.config.CACHE_DIR = str(folder)  # type: ignore[attr-defined] # read when a cache is made
        kernel._cache = _KernelCache(function)  # type: ignore[no-untyped-call]
    return cast("F", kernel)


def step(function: F) -> F:
    """Compile a step that kernels take for every feature or path; it makes no arrays, and Python cannot call it.

    Numba would count the references to every array that is handed to it, which takes longer than the work itself.
    """
    # Numba's own steps have these options, its documentation has not.
    bare: Any = {"_nrt": False, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}
    return cast("F", numba.njit(nogil=True, error_model="numpy", **bare)(function))
