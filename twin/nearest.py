"""What somebody may have meant by a name that does not exist."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def suggest(name: str, known: Iterable[str]) -> str:
    """Return a hint: the nearest name, or one that holds what was typed; else all there are."""
    known = list(known)
    near = get_close_matches(name, known, n=1) or [other for other in known if name and name.casefold() in other]
    return f"did you mean {near[0]}?" if near else f"there are: {', '.join(known) or 'none'}"
