"""What a request may ask for: the length of its address, vertices, and the time that a store works for it.

How long its body may be, `api.http.bodies` says.
"""

from __future__ import annotations

import shapely
from fastapi import Request
from shapely.geometry.base import BaseGeometry
from starlette.types import ASGIApp, Receive, Scope, Send

from api.context import Context
from api.errors import AddressTooLong, GeometryTooLarge
from twin.deadline import wait_at_most

#: A filter of some hundred vertices has room in it.
_MOST_ADDRESS_BYTES = 16_000


async def refuse_long_address(request: Request) -> None:
    """Refuse an address that is longer than addresses may be."""
    scope = request.scope
    if len(scope["raw_path"]) + len(scope["query_string"]) > _MOST_ADDRESS_BYTES:
        raise AddressTooLong(f"an address may have {_MOST_ADDRESS_BYTES:,} bytes; ask with a shorter filter")


def require_simple(geometry: BaseGeometry | None, most: int, *, whose: str) -> None:
    """Refuse a geometry that has more vertices than the setting ``max_vertices`` says.

    Raises
    ------
    GeometryTooLarge
        Says how many it has, and how many it may have.
    """
    count = int(shapely.get_num_coordinates(geometry))
    if count > most:
        raise GeometryTooLarge(
            f"the geometry of {whose} has {count:,} vertices, at most {most:,} are taken here; simplify it",
            vertices=count,
            limit=most,
        )


class WaitAtMost:
    """ASGI middleware: a store works for a request no longer than the setting ``max_seconds`` says."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        context: Context = scope["app"].state.context
        with wait_at_most(context.settings.max_seconds):
            await self._app(scope, receive, send)
