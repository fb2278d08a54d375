"""The character set of MapInfo files.

GDAL reads a declared one. Where the file says ``Neutral``, which is nobody's encoding, it hands the bytes on as they
are.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from twin.errors import SourceError
from twin.ingest.dbf import read_dbf
from twin.ingest.encoding import decide_encoding
from twin.ingest.report import Decision

_NAMES = {
    "utf-8": "UTF-8",
    "gb18030": "WindowsSimpChinese",
    "big5": "WindowsTradChinese",
    "cp1252": "WindowsLatin1",
    "iso8859-1": "ISO8859_1",
}

_CHARSET = re.compile(rb'charset\s+"?(\w+)"?', re.IGNORECASE)

_COLUMN = re.compile(rb"^\s+\S+ (\w+)[^;\n]*;", re.MULTILINE)

_HEAD_BYTES = 8_192


def declare_charset(path: Path, explicit: str | None) -> Decision | None:
    """Decide the character set of a staged .tab or .mif, and write it into the staged copy where the file is silent.

    Raises
    ------
    SourceError
        The encoding cannot be told, or MapInfo has no name for it.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    said = _CHARSET.search(head)
    if said is None or (said[1].lower() != b"neutral" and explicit is None):
        return None if said is None else Decision(value=said[1].decode("ascii"), why="the file says so")
    decision = decide_encoding(path.name, lambda: _texts(path, head), explicit=explicit)
    name = _NAMES.get(decision.value)
    if name is None:
        raise SourceError(f"MapInfo files in {decision.value} cannot be read; convert {path.name} to UTF-8")
    declared = _CHARSET.sub(f'Charset "{name}"'.encode(), head)
    copy = path.with_suffix(".declared")
    with path.open("rb") as file, copy.open("wb") as out:
        file.seek(len(head))
        out.write(declared)
        shutil.copyfileobj(file, out)
    copy.replace(path)
    return decision


def _texts(path: Path, head: bytes) -> Iterator[bytes]:
    """The texts of the file: its head, and the table that lies beside it."""
    yield head[: head.rfind(b"\n") + 1]
    if path.suffix == ".tab" and path.with_suffix(".dat").exists():
        dbf = read_dbf(path.with_suffix(".dat"))
        # The .dat calls its binary columns text; the .tab knows better.
        kinds = _COLUMN.findall(head)
        text = tuple(column for column, kind in zip(dbf.fields, kinds, strict=False) if kind == b"Char")
        yield from replace(dbf, fields=text).text_chunks()
    elif path.suffix == ".mif" and path.with_suffix(".mid").exists():
        yield path.with_suffix(".mid").read_bytes()
