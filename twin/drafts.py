"""Files that appear whole or not at all: made as a draft beside their place, which gets its name when it is whole."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

#: What SQLite puts beside a file.
_SIDES = ("", "-wal", "-shm", "-journal")


@contextmanager
def drafting(path: Path, *, replace: bool = False) -> Iterator[Path]:
    """Lend the place of a draft to one program at a time; what it made gets its name when the block ends.

    The lock is SQLite's: it ends with the program, however that ends. What a killed one left, the next one removes.

    Parameters
    ----------
    path
        What the file is to be called.
    replace
        Whether a file of that name gives way.

    Raises
    ------
    FileExistsError
        Something bears the name and does not give way, or SQLite left the log of a file of that name, which it would
        take for one of the new file.
    BlockingIOError
        Another program is making the same file.
    """
    draft, lock = (path.with_name(f".{path.name}.{kind}") for kind in ("draft", "lock"))
    if not replace and any(os.path.lexists(f"{path}{side}") for side in _SIDES):
        raise FileExistsError(path)
    lock.touch()
    with closing(sqlite3.connect(lock, timeout=0, isolation_level=None)) as holder:
        try:
            holder.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            raise BlockingIOError(f"{path} is being made by another program") from error
        try:
            _remove(draft)
            yield draft
            if replace:
                draft.replace(path)
            else:
                _publish(draft, path)
        finally:
            _remove(draft)
            _remove(lock)


def flush(path: Path) -> None:
    """Have the disk hold what was written to a file."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _publish(draft: Path, path: Path) -> None:
    try:
        os.link(draft, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        if os.path.lexists(path):
            raise FileExistsError(path) from None
        draft.rename(path)


def _remove(path: Path) -> None:
    for side in _SIDES:
        Path(f"{path}{side}").unlink(missing_ok=True)
