"""Conditional requests (RFC 9110, 13): what a client has already is not sent again."""

from __future__ import annotations

import hashlib

from fastapi import Request, Response


def has_already(asked: str, etag: str) -> bool:
    """Whether the copy that ``If-None-Match`` asks about is this one (RFC 9110, 13.1.2: compared weakly)."""
    if not asked:
        return False
    known = [tag.strip() for tag in asked.split(",")]
    return "*" in known or etag.removeprefix("W/") in {tag.removeprefix("W/") for tag in known}


def if_changed(request: Request, answer: Response) -> Response:
    """Tag an answer by what it says, and send 304 instead where the client has it already."""
    etag = f'"{hashlib.sha256(answer.body).hexdigest()[:32]}"'
    # The tag is weak, because compression changes the bytes.
    headers = {"ETag": f"W/{etag}", "Cache-Control": "public, no-cache"}
    if has_already(request.headers.get("if-none-match", ""), etag):
        return Response(status_code=304, headers=headers | {"Vary": "Accept"})
    answer.headers.update(headers)
    return answer
