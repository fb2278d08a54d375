"""Keys of those who may edit over HTTP: a file with a line for each, the digest of the key and whose it is.

Keys are made here, of 192 random bits, so nobody can guess one that a digest stands for; they are told once and kept
nowhere.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterable
from pathlib import Path
from threading import Lock

from twin.errors import InvalidParameter, SettingsError

#: A name goes into a header with a colon behind it, and into a line.
_NAME = re.compile(r"[^\s:](?:[^\x00-\x1f\x7f:]*[^\s:])?")


class KeyFile:
    """Whose key is whose, by the file as it is now: a line that is taken out is out at once.

    Parameters
    ----------
    path
        The file.

    Raises
    ------
    SettingsError
        It cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._guard = Lock()
        self._seen: tuple[int, int, int] | None = None
        self._authors: dict[str, str] = {}
        self.find("")

    def find(self, key: str) -> str | None:
        """Whose a key is; None where it is nobody's."""
        with self._guard:
            try:
                stat = self._path.stat()
                seen = stat.st_ino, stat.st_mtime_ns, stat.st_size
                if seen != self._seen:
                    self._authors, self._seen = dict(_read(self._path)), seen
            except OSError as error:
                raise SettingsError(f"the file of keys cannot be read: {error.strerror}", cause=error) from error
            return self._authors.get(_digest(key))


def add_key(path: Path, author: str) -> str:
    """Make a key for somebody, who may have others, and return it; the file is made where there is none.

    Raises
    ------
    InvalidParameter
        The name has a colon or control characters, or begins or ends with blanks.
    SettingsError
        The file cannot be written.
    """
    if not _NAME.fullmatch(author) or len(author) > 100:
        raise InvalidParameter("a name has 1 to 100 characters and no colon", parameter="author")
    key = secrets.token_urlsafe(24)
    try:
        path.touch(mode=0o600)
        with path.open("a", encoding="utf-8") as file:
            file.write(f"{_digest(key)} {author}\n")
    except OSError as error:
        raise SettingsError(f"{path} cannot be written: {error.strerror}", cause=error) from error
    return key


def remove_keys(path: Path, author: str) -> int:
    """Take out all keys of somebody; say how many they were.

    Raises
    ------
    SettingsError
        The file cannot be read or written.
    """
    try:
        known = list(_read(path))
        kept = [(digest, name) for digest, name in known if name != author]
        draft = path.with_name(f"{path.name}.draft")
        draft.touch(mode=0o600)
        draft.write_text("".join(f"{digest} {name}\n" for digest, name in kept), "utf-8")
        draft.replace(path)
    except OSError as error:
        raise SettingsError(f"{path} cannot be changed: {error.strerror}", cause=error) from error
    return len(known) - len(kept)


def _read(path: Path) -> Iterable[tuple[str, str]]:
    for line in path.read_text("utf-8").splitlines():
        digest, _, author = line.strip().partition(" ")
        if author:
            yield digest, author.strip()


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
