"""Objects by the hundred thousand: Python's search for garbage in cycles would walk through all of them, many times."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

_guard = Lock()
_makers: list[bool] = []


@contextmanager
def many_objects() -> Iterator[None]:
    """Make many objects that form no cycles; meanwhile nobody in the process looks for cycles.

    Reading a county's buildings takes a third less time so.
    """
    with _guard:
        _makers.append(gc.isenabled())  # of the first: whether to go on looking when the last has left
        gc.disable()
    try:
        yield
    finally:
        with _guard:
            looked = _makers.pop()
            if looked:
                gc.enable()
