"""Whether the process lives, and whether it can answer."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api.context import context_of
from api.media import HTML, JSON
from api.openapi import answers
from api.pages import respond
from api.params import FormatParams

router = APIRouter(tags=["About"])


@router.get("/healthz", name="health", responses=answers(JSON, HTML))
async def show_health(request: Request, params: Annotated[FormatParams, Query()]) -> Response:
    """Say which process answers; neither the data nor those who work on it are asked."""
    worker = context_of(request).worker
    alive = {"status": "alive", "worker": f"{worker.number} of {worker.count}"}
    return _never_kept(respond(request, alive, "facts.html", f=params.f, heading="Alive 存活"))


@router.get("/readyz", name="readiness", responses=answers(JSON, HTML))
def show_readiness(request: Request, params: Annotated[FormatParams, Query()]) -> Response:
    """Say that the store can be read and at which revision it is; 503 where it cannot."""
    context = context_of(request)
    revision = context.store.latest()
    for layer in context.served.layers.values():
        context.store.extent(layer)
    ready = {"status": "ready", "revision": revision}
    return _never_kept(respond(request, ready, "facts.html", f=params.f, heading="Ready 就绪"))


def _never_kept(answer: Response) -> Response:
    answer.headers["Cache-Control"] = "no-store"
    return answer
