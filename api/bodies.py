"""What a client sends: read as it comes, as far as it may be long."""

from __future__ import annotations

import json
from typing import Annotated, Any, ClassVar

from fastapi import Depends, Request

from api.context import context_of
from twin.errors import InvalidParameter, TwinError


class BodyTooLarge(TwinError):
    """More was sent than the installation takes (setting `max_body_mb`)."""

    status: ClassVar[int] = 413
    slug: ClassVar[str] = "body-too-large"
    title: ClassVar[str] = "Too much was sent"


async def read_body(request: Request) -> bytes:
    """Read the body of a request.

    Raises
    ------
    BodyTooLarge
        As soon as more has come than is taken.
    """
    most = context_of(request).settings.max_body_mb * 1_000_000
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > most:
            raise BodyTooLarge(f"at most {most:,} bytes are taken here; send less at once")
    return bytes(body)


def _read_object(body: Annotated[bytes, Depends(read_body)]) -> dict[str, Any]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise InvalidParameter(f"the body is no JSON: {error}", parameter="body") from error
    if not isinstance(document, dict):
        raise InvalidParameter("the body must be a JSON object", parameter="body")
    return document


#: The body of a request as a JSON object.
JsonBody = Annotated[dict[str, Any], Depends(_read_object)]
#: The body of a request as it came.
Body = Annotated[bytes, Depends(read_body)]
