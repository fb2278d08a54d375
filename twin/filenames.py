"""What files are called, whatever system kept their names; light, for processes that must start quickly."""

from __future__ import annotations

import os
from pathlib import Path

from twin.errors import SourceError


def name_of(path: Path | str) -> str:
    """A file's name as its sender wrote it, though another system may have kept its bytes in GBK."""
    return decode_name(os.fsencode(path))


def require_file(path: Path) -> None:
    """Refuse what is no file, `SourceError`: nothing is there, or a folder."""
    if path.is_dir():
        raise SourceError(f"{name_of(path.resolve().name) or path} is a folder: name the files in it")
    if not path.is_file():
        raise SourceError(f"there is no file {name_of(path.name)}")


def decode_name(name: bytes) -> str:
    """A name as it was meant: it comes in UTF-8 or, in China, in GBK without saying so."""
    try:
        return name.decode("utf-8")
    except UnicodeDecodeError:
        return name.decode("gb18030", errors="replace")
