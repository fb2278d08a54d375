"""Comparing the names people give to columns and codes."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from difflib import get_close_matches

from twin.errors import InvalidParameter

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
        near = get_close_matches(name, known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(known) or 'none'}"
        raise InvalidParameter(f"there is no {what} {name}; {hint}", parameter=name)
