"""What a client sends: read as it comes, as far as it may be long, and as JSON."""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import Depends, Request

from api.context import context_of
from api.errors import BodyTooLarge, InvalidBody, UnsupportedMediaType


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


#: The body of a request as it came.
Body = Annotated[bytes, Depends(read_body)]


def read_object(body: Body) -> dict[str, Any]:
    """Read a body that is a JSON object.

    Raises
    ------
    InvalidBody
        It is something else.
    """
    try:
        document = json.loads(body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise InvalidBody(f"the body is not JSON: {error}", cause=error) from error
    if not isinstance(document, dict):
        raise InvalidBody(f"the body must be a JSON object, not {name_kind(document)}")
    return document


def read_json(request: Request, body: bytes, *accepted: str) -> dict[str, Any]:
    """Read a body that is a JSON object of one of some media types.

    Raises
    ------
    InvalidBody
        Nothing says of which type it is, or it is not JSON.
    UnsupportedMediaType
        It is of another type, or compressed.
    """
    said = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not said:
        raise InvalidBody(f"say by Content-Type what the body is: {' or '.join(accepted)}")
    if said not in accepted:
        raise UnsupportedMediaType(f"the body must be {' or '.join(accepted)}, not {said}", accepted=accepted)
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise UnsupportedMediaType("the body must be sent as it is, without Content-Encoding")
    return read_object(body)


#: The body of a request as a JSON object.
JsonBody = Annotated[dict[str, Any], Depends(read_object)]


def name_kind(value: Any) -> str:
    """Say what kind of JSON a value is."""
    names = {dict: "an object", list: "a list", str: "text", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number")


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")
