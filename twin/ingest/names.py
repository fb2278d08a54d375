"""Comparing the names people give to columns and codes."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

from twin.errors import InvalidParameter
from twin.nearest import suggest

#: Longest column name of a .dbf, in bytes.
DBF_NAME_BYTES = 10

_IN_BRACKETS = re.compile(r"^(?P<name>.+?)\s*[(\[]\s*(?P<inside>[^()\[\]]+?)\s*[)\]]$")


def normalise_name(name: str) -> str:
    """A name without case, width of characters, spaces, hyphens and underscores."""
    return re.sub(r"[\s_\-]+", "", unicodedata.normalize("NFKC", name)).casefold()


def split_brackets(name: str) -> tuple[str, str | None]:
    """A column name and what stands in brackets behind it: ``高度（cm）`` is ``高度`` and ``cm``."""
    found = _IN_BRACKETS.match(unicodedata.normalize("NFKC", name).strip())
    return (found["name"], found["inside"]) if found else (name, None)


def require_known(name: str, known: Iterable[str], what: str) -> None:
    """Refuse a name that is not known, naming the nearest.

    Raises
    ------
    InvalidParameter
        It is not among the known ones.
    """
    known = list(known)
    if name not in known:
        raise InvalidParameter(f"there is no {what} {name}; {suggest(name, known)}", parameter=name)


def cut_names(name: str) -> Iterator[str]:
    """What is left of a name in a .dbf, in the encodings it may have been cut in; nothing where it fits."""
    for encoding in ("utf-8", "gb18030"):
        raw = name.encode(encoding)
        if len(raw) > DBF_NAME_BYTES:
            yield raw[:DBF_NAME_BYTES].decode(encoding, errors="ignore")


def short_names(names: Iterable[str]) -> dict[str, str]:
    """Names of at most ten bytes for ASCII names, the same every time: cut, and numbered where two become one."""
    short: dict[str, str] = {}
    for name in names:
        cut, number = name[:DBF_NAME_BYTES], 0
        while cut in short.values():
            number += 1
            cut = f"{name[: DBF_NAME_BYTES - 1 - len(str(number))]}_{number}"
        short[name] = cut
    return short
