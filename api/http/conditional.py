"""Conditional requests (RFC 9110, 13): what a client has already is not sent again."""

from __future__ import annotations


def has_already(asked: str, etag: str) -> bool:
    """Whether the copy that ``If-None-Match`` asks about is this one (RFC 9110, 13.1.2: compared weakly)."""
    if not asked:
        return False
    known = [tag.strip() for tag in asked.split(",")]
    return "*" in known or etag.removeprefix("W/") in {tag.removeprefix("W/") for tag in known}
