"""Which character encoding delivered bytes are in: decided from evidence, refused where there is none."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from twin.errors import SourceError
from twin.ingest.report import Decision

#: Chunks of text bytes; where values have a fixed width, each ends with a newline.
Chunks = Callable[[], Iterator[bytes]]

#: Encodings in which a wrong guess shows: bytes of another encoding rarely decode.
_STRICT = {"utf-8", "gb18030", "gbk", "gb2312", "big5", "cp950", "cp932", "shift_jis", "cp949", "euc_kr", "utf-16"}

_GB = {"gb18030", "gbk", "gb2312"}

#: First bytes of everyday Chinese in GB 2312: punctuation, numerals, wide letters, Greek, and the 3,755 common
#: characters. Not kana, Cyrillic and rare characters, which the text of other encodings decodes to.
_EVERYDAY = [0xA1, 0xA2, 0xA3, 0xA6, *range(0xB0, 0xD8)]

#: How much of the text is looked at to judge whether it is plausible Chinese, in bytes.
_SAMPLE_BYTES = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Hint:
    """An encoding somebody named: a .cpg file, a language byte, a byte order mark."""

    encoding: str
    by: str


def normalise_encoding(name: str) -> str | None:
    """Python's name of an encoding as people write it (``936``, ``ANSI 936``, ``GBK``), None if unknown."""
    text = re.sub(r"^ansi[ _]", "", name.strip("\ufeff\0 \t\r\n").casefold()).replace("windows-", "cp")
    if text.isdigit():
        text = {"65001": "utf-8", "54936": "gb18030"}.get(
            text, f"cp{text}" if len(text) < 5 else f"iso{text[:4]}-{text[4:]}"
        )
    if text.startswith("88591"):
        text = "iso8859-1"
    try:
        found = codecs.lookup(text).name
    except LookupError:
        return None
    # GB18030 holds GBK and GB2312: reading with the largest set loses nothing.
    return "gb18030" if found in _GB else found


def decide_encoding(name: str, chunks: Chunks, *, explicit: str | None = None, hints: Iterable[Hint] = ()) -> Decision:
    """Decide how to read the text of a file.

    In order: what the operator says; what the file says, if the bytes agree; strict UTF-8; strict GB18030. Undeclared
    text must be mostly of characters that people here write, and GB18030 of everyday Chinese always. A single-byte
    code page agrees with any bytes, so it is believed only after the others have failed.

    Raises
    ------
    SourceError
        The operator's encoding does not read the bytes, or nothing does; or some lines are in another encoding.
    """
    decision = _explicit(name, chunks, explicit) if explicit is not None else _by_evidence(name, chunks, hints)
    if decision.value in _GB:
        _refuse_mixture(name, chunks)
    return decision


def _by_evidence(name: str, chunks: Chunks, hints: Iterable[Hint]) -> Decision:
    if all(chunk.isascii() for chunk in chunks()):
        return Decision(value="utf-8", why="all text is ASCII")
    wrong: list[Hint] = []
    weak: list[tuple[str, Hint]] = []
    for hint in hints:
        encoding = normalise_encoding(hint.encoding)
        if encoding not in _STRICT:
            if encoding is not None:
                weak.append((encoding, hint))
        elif _reads(chunks, encoding):
            return Decision(value=encoding, why=f"{hint.by} says {hint.encoding}, and the bytes agree" + _said(wrong))
        else:
            wrong.append(hint)
    for encoding in ("utf-8", "gb18030"):
        if _reads(chunks, encoding) and not (encoding == "utf-8" and _is_foreign(chunks)):
            return Decision(value=encoding, why=f"the bytes are strict {encoding.upper()}" + _said(wrong))
    for encoding, hint in weak:
        return Decision(
            value=encoding, why=f"{hint.by} says {hint.encoding}, and nothing speaks against it" + _said(wrong)
        )
    raise SourceError(
        f"the text of {name} is neither UTF-8 nor everyday Chinese in GB18030{_said(wrong)}"
        f"{_show_misfit(chunks, 'gb18030')}; name its encoding, e.g. --encoding GB18030 or Big5, or save the file anew "
        "as UTF-8"
    )


def _explicit(name: str, chunks: Chunks, encoding: str) -> Decision:
    known = normalise_encoding(encoding)
    if known is None:
        raise SourceError(f"there is no encoding {encoding}; use e.g. UTF-8 or GB18030")
    if any(count_cut_values(chunk, known) is None for chunk in chunks()):
        raise SourceError(
            f"the text of {name} is not {encoding}{_show_misfit(chunks, known)}; leave the encoding out to have it "
            "tested, or mend the text and save the file anew as UTF-8"
        )
    return Decision(value=known, why="given")


def _refuse_mixture(name: str, chunks: Chunks) -> None:
    """Refuse text in GB18030 with lines in UTF-8 between, as tables put together have; it decodes all the same."""
    for chunk in chunks():
        for place in _find_utf8_chinese(chunk):
            end = chunk.find(b"\n", place)
            line = chunk[chunk.rfind(b"\n", 0, place) + 1 : end if end >= 0 else None]
            if count_cut_values(line + b"\n", "utf-8") is not None:
                text = line.decode("utf-8", errors="ignore").strip()
                raise SourceError(
                    f"the text of {name} is in GB18030, but some of it is in UTF-8: “{text[:40]}”; save the file anew "
                    "in one encoding"
                )


def _find_utf8_chinese(data: bytes) -> list[int]:
    """Where bytes can be two Chinese characters in UTF-8; in GB18030 they are three, two of them rare."""
    codes = np.frombuffer(data, dtype=np.uint8)
    first = (codes >= 0xE4) & (codes <= 0xE9)
    places = np.flatnonzero(first[:-5] & first[3:-2])
    for step in (1, 2, 4, 5):
        places = places[(codes[places + step] & 0xC0) == 0x80]
    found: list[int] = places.tolist()
    return found


def _show_misfit(chunks: Chunks, encoding: str) -> str:
    """The first bytes that are not of an encoding, with the text around them."""
    for chunk in chunks():
        for line in chunk.splitlines():
            try:
                line.decode(encoding)
            except UnicodeDecodeError as error:
                if count_cut_values(line + b"\n", encoding) is None:
                    before = line[: error.start].decode(encoding)[-20:]
                    bad = line[error.start : error.end].decode("ascii", errors="backslashreplace")
                    after = line[error.end :].decode(encoding, errors="ignore")[:20]
                    return f": it reads “{before}{bad}{after}”"
    return ""


def _said(wrong: list[Hint]) -> str:
    return "".join(f"; {hint.by} says {hint.encoding}, but the bytes are not" for hint in wrong)


def _reads(chunks: Chunks, encoding: str) -> bool:
    if any(count_cut_values(chunk, encoding) is None for chunk in chunks()):
        return False
    return encoding not in _GB or _is_everyday_chinese(chunks)


def _is_everyday_chinese(chunks: Chunks) -> bool:
    """Whether most characters beyond ASCII are those of real Chinese text; other encodings decode to rare ones."""
    beyond = _beyond_ascii(chunks, "gb18030")
    rows = np.frombuffer(beyond.encode("gb2312", errors="ignore"), dtype=np.uint8)[::2]
    return int(np.isin(rows, _EVERYDAY).sum()) > len(beyond) / 2


def _is_foreign(chunks: Chunks) -> bool:
    """Whether most characters beyond ASCII, read as UTF-8, are of scripts that nobody here writes.

    A few Chinese characters in GBK may be strict UTF-8 by chance (``一`` is the Cyrillic ``һ``), but only such.
    """
    beyond = _beyond_ascii(chunks, "utf-8")
    return sum("\u0100" <= character < "\u0370" or "\u0400" <= character < "\u0800" for character in beyond) > (
        len(beyond) / 2
    )


def _beyond_ascii(chunks: Chunks, encoding: str) -> str:
    sample = b"".join(_first(chunks(), _SAMPLE_BYTES)).decode(encoding, errors="ignore")
    return "".join(character for character in sample if not character.isascii())


def _first(chunks: Iterator[bytes], size: int) -> Iterator[bytes]:
    for chunk in chunks:
        non_ascii = chunk if not chunk.isascii() else b""
        yield non_ascii[:size]
        size -= len(non_ascii)
        if size <= 0:
            return


def count_cut_values(data: bytes, encoding: str) -> int | None:
    """How many newline-ended values end in the middle of a character; None if the bytes are not of the encoding."""
    view, start, cuts = memoryview(data), 0, 0
    while True:
        try:
            codecs.decode(view[start:], encoding)
        except UnicodeDecodeError as error:
            start += error.end
            if data[start : start + 1] != b"\n":
                return None
            cuts += 1
        else:
            return cuts
