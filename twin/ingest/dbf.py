"""The attribute table of a Shapefile: its header, its encoding, and a copy that GDAL can read.

References
----------
dBASE III file layout; ESRI, "Shapefile C Library" language driver ids (byte 29 of the header).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from twin.errors import SourceError
from twin.ingest.encoding import Hint, count_cut_values, decide_encoding
from twin.ingest.report import Decision

#: Language driver byte → code page, for those met in practice.
_LANGUAGE = {
    0x01: "cp437",
    0x02: "cp850",
    0x03: "cp1252",
    0x13: "cp932",
    0x4D: "gbk",
    0x4E: "cp949",
    0x4F: "big5",
    0x57: "cp1252",
    0x78: "big5",
    0x79: "cp949",
    0x7A: "gbk",
    0x7B: "cp932",
    0xC8: "cp1250",
    0xC9: "cp1251",
}

_CHUNK_BYTES = 16_000_000


@dataclass(frozen=True, kw_only=True)
class DbfField:
    """One column: its raw name, its type letter, where it stands in a record."""

    raw_name: bytes
    type: str
    start: int
    length: int


@dataclass(frozen=True, kw_only=True)
class Dbf:
    """A .dbf file, header read."""

    path: Path
    records: int
    header_length: int
    record_length: int
    language: int
    fields: tuple[DbfField, ...]

    def names(self, encoding: str) -> tuple[str, ...]:
        """Column names; a half character at the end of a name cut at 10 bytes is dropped."""
        return tuple(field.raw_name.decode(encoding, errors="ignore").strip() for field in self.fields)

    def text_chunks(self) -> Iterator[bytes]:
        """Column names, then every text value, each followed by a newline."""
        yield b"".join(field.raw_name + b"\n" for field in self.fields)
        wanted = [
            range(field.start, field.start + field.length)
            for field in self.fields
            if field.type == "C" and field.length
        ]
        for records in self.record_chunks():
            for columns in wanted:
                newline = np.full((len(records), 1), ord("\n"), dtype=np.uint8)
                yield np.hstack([records[:, columns.start : columns.stop], newline]).tobytes()

    def record_chunks(self) -> Iterator[npt.NDArray[np.uint8]]:
        """The records as rows of bytes, a few megabytes at a time; what is cut off at the end is left out."""
        size = max(1, _CHUNK_BYTES // self.record_length)
        with self.path.open("rb") as file:
            file.seek(self.header_length)
            left = self.records
            while left > 0:
                data = file.read(min(size, left) * self.record_length)
                whole = len(data) // self.record_length
                if not whole:
                    return
                yield np.frombuffer(data[: whole * self.record_length], dtype=np.uint8).reshape(whole, -1)
                left -= whole


def read_dbf(path: Path) -> Dbf:
    """Read the header of a .dbf file.

    Raises
    ------
    SourceError
        It is not a dBASE table.
    """
    with path.open("rb") as file:
        head = file.read(32)
        if len(head) < 32:
            raise SourceError(f"{path.name} is not a dBASE table: it is cut off in the header")
        records, header_length, record_length = struct.unpack("<IHH", head[4:12])
        descriptors = file.read(header_length - 32) if header_length > 32 else b""
    fields, start = [], 1
    for offset in range(0, len(descriptors) - 31, 32):
        if descriptors[offset] == 0x0D:
            break
        raw = descriptors[offset : offset + 32]
        letter = chr(raw[11])
        # Text longer than 254 bytes keeps the high byte of its length where other types keep the decimals.
        length = raw[16] + (raw[17] << 8 if letter == "C" else 0)
        fields.append(DbfField(raw_name=raw[:11].split(b"\0")[0], type=letter, start=start, length=length))
        start += length
    if record_length < 1 or start > record_length or not fields:
        raise SourceError(f"{path.name} is not a dBASE table: its header makes no sense")
    return Dbf(
        path=path,
        records=records,
        header_length=header_length,
        record_length=record_length,
        language=head[29],
        fields=tuple(fields),
    )


def require_whole(shp: Path, dbf: Dbf) -> int:
    """Refuse a Shapefile of which a part is missing: GDAL reads as many rows as the shorter part has.

    Returns
    -------
    int
        How many rows are marked as deleted; GDAL leaves them out.

    Raises
    ------
    SourceError
        The .shp or the .dbf is cut off, or they have another number of rows.
    """
    with shp.open("rb") as file:
        head = file.read(28)
    # The length stands in the header in 16-bit words; some writers leave it 0.
    if len(head) < 28 or shp.stat().st_size < 2 * struct.unpack(">i", head[24:])[0]:
        raise SourceError(f"{shp.name} is cut off: it is shorter than its header says")
    if dbf.path.stat().st_size < dbf.header_length + dbf.records * dbf.record_length:
        raise SourceError(f"{dbf.path.name} is cut off: it does not hold the {dbf.records:,} rows of its header")
    shx = shp.with_suffix(".shx")
    shapes = max(0, shx.stat().st_size - 100) // 8 if shx.exists() else dbf.records
    if shapes != dbf.records:
        raise SourceError(f"{shp.name} has {shapes:,} shapes, but {dbf.path.name} {dbf.records:,} rows")
    return sum(int((chunk[:, 0] == ord("*")).sum()) for chunk in dbf.record_chunks())


def mend_prj(prj: Path) -> None:
    """Rewrite a staged .prj with Chinese names in GBK, which GDAL hands on as they are, in UTF-8."""
    text = prj.read_bytes() if prj.exists() else b""
    try:
        text.decode("utf-8")
    except UnicodeDecodeError:
        prj.unlink()
        prj.write_text(text.decode("gb18030", errors="replace"), "utf-8")


def decide_dbf_encoding(dbf: Dbf, explicit: str | None) -> Decision:
    """Decide the encoding of a .dbf: what is given, its .cpg, its language byte, then what the bytes are."""
    hints = []
    cpg = dbf.path.with_suffix(".cpg")
    if cpg.exists():
        hints.append(Hint(encoding=cpg.read_text("latin-1", errors="replace").strip(), by="the .cpg file"))
    if dbf.language in _LANGUAGE:
        hints.append(Hint(encoding=_LANGUAGE[dbf.language], by=f"language byte 0x{dbf.language:02X}"))
    return decide_encoding(dbf.path.name, dbf.text_chunks, explicit=explicit, hints=hints)


def mend_dbf(dbf: Dbf, encoding: str) -> int:
    """Rewrite a staged .dbf so that no name or value ends in the middle of a character.

    GDAL hands such bytes on as they are, and nothing can decode them. The link to the delivered file is replaced by a
    copy; the delivered file stays as it is.

    Returns
    -------
    int
        How many values lost half a character.
    """
    cut = sum(count_cut_values(chunk, encoding) or 0 for chunk in dbf.text_chunks())
    if not cut:
        return 0
    with dbf.path.open("rb") as file:
        head = bytearray(file.read(dbf.header_length))
    for number in range(len(dbf.fields)):
        head[32 * (number + 1) : 32 * (number + 1) + 11] = f"F{number}".encode().ljust(11, b"\0")
    mended = dbf.path.with_suffix(".mended")
    with mended.open("wb") as out:
        out.write(head)
        for chunk in dbf.record_chunks():
            out.write(_mend_records(dbf, chunk.copy(), encoding).tobytes())
    mended.replace(dbf.path)
    return cut


def _mend_records(dbf: Dbf, records: npt.NDArray[np.uint8], encoding: str) -> npt.NDArray[np.uint8]:
    for field in dbf.fields:
        if field.type != "C" or not field.length:
            continue
        values = records[:, field.start : field.start + field.length]
        for row in np.flatnonzero(values[:, -1] >= 0x80):
            whole = values[row].tobytes().decode(encoding, errors="ignore").encode(encoding)
            values[row] = np.frombuffer(whole.ljust(field.length), dtype=np.uint8)
    return records
