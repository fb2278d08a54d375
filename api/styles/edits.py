"""OGC API – Styles: map styles are added, replaced and removed by whoever may edit.

References
----------
OGC 20-009, draft: manage styles.
"""

from __future__ import annotations

import uuid
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response

from api.context import context_of, links_of
from api.edits.rights import find_author
from api.errors import StyleRefused
from api.http.bodies import JsonBody
from api.http.media import STYLE
from api.openapi import takes
from api.params import Params
from api.styles.book import remove_style, write_style
from api.styles.routes import is_made_here

_STYLE = takes(
    STYLE,
    {
        "type": "object",
        "description": "A style of MapLibre, version 8; its sources are here.",
        "required": ["version", "sources", "layers"],
        "properties": {
            "version": {"type": "integer", "enum": [8]},
            "sources": {"type": "object", "additionalProperties": {"type": "object"}},
            "layers": {"type": "array", "items": {"type": "object", "required": ["id", "type"]}},
        },
    },
)
Author = Annotated[str, Depends(find_author)]

router = APIRouter(tags=["Styles"])


def _says(status: int, what: str) -> dict[int | str, dict[str, Any]]:
    return {status: {"description": what}}


@router.post("/styles", name="add_style", status_code=201, responses=_says(201, "It is there."), openapi_extra=_STYLE)
def add_style(
    request: Request,
    author: Author,
    params: Annotated[Params, Query()],  # noqa: ARG001
    body: JsonBody,
) -> Response:
    """Add a map style under a name that the service makes."""
    return _keep(request, uuid.uuid4().hex, body, author)


@router.put(
    "/styles/{style}",
    name="replace_style",
    status_code=204,
    responses=_says(204, "It is there.") | _says(201, "It is there, and was not before."),
    openapi_extra=_STYLE,
)
def replace_style(
    request: Request,
    style: str,
    author: Author,
    params: Annotated[Params, Query()],  # noqa: ARG001
    body: JsonBody,
) -> Response:
    """Add a map style, or put it in the place of the one of its name."""
    return _keep(request, style, body, author)


@router.delete("/styles/{style}", name="remove_style", status_code=204, responses=_says(204, "It is gone."))
def delete_style(
    request: Request,
    style: str,
    author: Author,  # noqa: ARG001  only who may edit removes
    params: Annotated[Params, Query()],  # noqa: ARG001
) -> Response:
    """Remove a map style that somebody made."""
    _require_free(request, style)
    remove_style(context_of(request).settings.styles, style)
    return Response(status_code=204)


def _keep(request: Request, style: str, document: dict[str, Any], author: str) -> Response:
    links = links_of(request)
    _require_free(request, style)
    is_new = write_style(context_of(request).settings.styles, style, document, links.base, author)
    if is_new:
        return Response(status_code=201, headers={"Location": links.url("style", style=style)})
    return Response(status_code=204)


def _require_free(request: Request, style: str) -> None:
    if is_made_here(context_of(request), style):
        raise StyleRefused(f"{style} is made from the layers themselves; choose another name", style=style)
