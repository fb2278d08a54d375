"""Whether the process lives, and whether it can answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api.context import context_of
from api.errors import NotReady
from api.http.media import HTML, JSON
from api.http.pages import never_kept, respond
from api.openapi import answers
from api.params import FormatParams

router = APIRouter(tags=["About"])


@dataclass(kw_only=True)
class Readiness:
    """Whether a process is ready to answer.

    Parameters
    ----------
    is_warming
        Whether it is still getting ready.
    is_stopping
        Whether it was told to end.
    """

    is_warming: bool = False
    is_stopping: bool = False

    def require(self) -> None:
        """Refuse with `NotReady` unless it is."""
        if self.is_stopping:
            raise NotReady("the service is stopping")
        if self.is_warming:
            raise NotReady("the service is starting")


@router.get("/healthz", name="health", responses=answers(JSON, HTML))
async def show_health(request: Request, params: Annotated[FormatParams, Query()]) -> Response:
    """Say which process answers; neither the data nor those who work on it are asked."""
    worker = context_of(request).worker
    alive = {"status": "alive", "worker": f"{worker.number} of {worker.count}"}
    return never_kept(respond(request, alive, "facts.html", f=params.f, heading="Alive 存活"))


@router.get("/readyz", name="readiness", responses=answers(JSON, HTML))
def show_readiness(request: Request, params: Annotated[FormatParams, Query()]) -> Response:
    """Say at which revision the store is; 503 where it cannot be read, and while the service starts or stops."""
    request.app.state.readiness.require()
    context = context_of(request)
    revision = context.store.latest()
    for layer in context.served.layers.values():
        context.store.extent(layer)
    ready = {"status": "ready", "revision": revision}
    return never_kept(respond(request, ready, "facts.html", f=params.f, heading="Ready 就绪"))
