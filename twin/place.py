"""Where a store is, as somebody wrote it; a password in it is for the database only."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

#: From the user's name to the last @ of the line: a password may hold any sign.
_USERINFO = re.compile(r"(postgres[a-z0-9+]*:/*[^\s:/?@]*):.*@", re.IGNORECASE)
_KEYWORD = re.compile(r"(password=)('[^']*'|[^&\s]*)", re.IGNORECASE)


@dataclass(frozen=True)
class Place:
    """A path or an address, which is printed without its password, whoever prints it.

    Parameters
    ----------
    text
        As it was written, for `twin.stores` alone.
    """

    text: str = field(repr=False)

    def __str__(self) -> str:
        return hide_passwords(self.text)

    def __repr__(self) -> str:
        return repr(str(self))

    def __bool__(self) -> bool:
        return bool(self.text)


def hide_passwords(text: str) -> str:
    """Cut the passwords of databases out of a text, rather too much than too little."""
    return _KEYWORD.sub(r"\1…", _USERINFO.sub(r"\1@", text))
