"""Errors as problem documents (RFC 9457): the only place that turns an exception into an answer, but for WFS.

Four handlers: what the twin refuses, what FastAPI's validation refuses, what routing refuses, and the crash, of which
the client learns nothing but the request id.
"""

from __future__ import annotations

import inspect
import json
import logging
from collections.abc import Iterator
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, FastAPI, HTTPException, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException as RoutingError
from starlette.routing import Match

from api.context import context_of, links_of
from api.errors import NotAcceptable
from api.http.media import HTML, JSON, PROBLEM, wants_html
from api.http.pages import page, respond
from api.openapi import answers
from api.params import FormatParams
from twin.errors import InvalidParameter, StoreReplaced, TwinError

router = APIRouter(tags=["About"])
log = logging.getLogger("twin.api")
#: What an answer says that is another one soon (503).
TRY_AGAIN = {"Retry-After": "5"}
#: Members of a problem document that an error's own members do not replace.
_RESERVED = frozenset({"type", "title", "status", "detail", "instance", "request_id", "slug", "uri", "request"})


@router.get("/problems", name="problems", responses=answers(JSON, HTML))
def list_problems(request: Request, params: Annotated[FormatParams, Query()]) -> Response:
    """List the kinds of problems that the service reports."""
    links = links_of(request)
    document = {"links": links.self_and_page(), "problems": [_describe(kind) for kind in problem_kinds().values()]}
    return respond(request, document, "problems.html", f=params.f)


@router.get("/problems/{slug}", name="problem", responses=answers(JSON, HTML))
def show_problem(request: Request, slug: str, params: Annotated[FormatParams, Query()]) -> Response:
    """Explain one kind of problem."""
    kind = problem_kinds().get(slug)
    if kind is None:
        raise HTTPException(404, f"there is no kind of problem called {slug}")
    return respond(request, _describe(kind), "problems.html", f=params.f)


def install_handlers(app: FastAPI) -> None:
    """Register the handlers; the crash is caught by `api.ops.observe.Observe`, which knows the request id."""
    app.exception_handler(TwinError)(_answer_twin_error)
    app.exception_handler(RequestValidationError)(_answer_validation_error)
    app.exception_handler(RoutingError)(_answer_routing_error)


def problem(
    request: Request, status: int, title: str, detail: str, *, slug: str | None = None, uri: str = "", **members: Any
) -> Response:
    """Write a problem document, or its page; with neither URI nor slug its type is ``about:blank``."""
    body = {
        "type": uri or (links_of(request).url("problem", slug=slug) if slug else "about:blank"),
        "title": title,
        "status": status,
        "detail": detail,
        "instance": request.url.path,
        "request_id": request.state.request_id,
        **members,
    }
    if _wants_page(request):
        parameters = dict.fromkeys(request.query_params)
        plain = links_of(request).here(**parameters) if parameters else None
        answer = page(request, "problem.html", doc=body, json_href=None, plain_href=plain)
    else:
        content = json.dumps(body, ensure_ascii=False, default=str).encode()
        answer = Response(content, media_type=PROBLEM, headers={"Vary": "Accept"})
    answer.status_code = status
    if status == 503:
        answer.headers.update(TRY_AGAIN)
    if status == 401:
        answer.headers["WWW-Authenticate"] = 'Basic realm="County twin", charset="UTF-8", Bearer realm="County twin"'
    return answer


def _wants_page(request: Request) -> bool:
    """Whether a person asks: only the Accept header says, because the parameters may be what is wrong."""
    try:
        return wants_html(request, None, PROBLEM)
    except NotAcceptable:
        return False


def crash_problem(request: Request) -> Response:
    """Answer an exception nobody expected; what it says stays in the log."""
    detail = f"Something went wrong here. Give the operator this request id: {request.state.request_id}"
    return problem(request, 500, HTTPStatus(500).phrase, detail)


def note_error(request: Request, error: TwinError) -> str:
    """Log an error of the service itself, have a store that was replaced opened anew, and say what clients are told.

    Where the store stands is for the operator to know, not for the client.
    """
    if error.status >= 500:
        # What the twin says itself needs no traceback; a store that is away would fill the log with them.
        trace = error if error.__cause__ else None
        name = request.state.request_id
        log.error("request %s: %s", name, error.detail, exc_info=trace, extra={"request_id": name})
    if isinstance(error, StoreReplaced):
        request.app.state.reopen()
    return error.detail.replace(context_of(request).store.url, "the store")


def _answer_twin_error(request: Request, error: TwinError) -> Response:
    detail = note_error(request, error)
    members = {name: value for name, value in error.members.items() if name not in _RESERVED}
    return problem(request, error.status, error.title, detail, slug=error.slug, uri=error.uri, **members)


def _answer_validation_error(request: Request, error: RequestValidationError) -> Response:
    # An optional parameter that is wrong is not None either, which helps nobody.
    wrong = [fault for fault in error.errors() if fault["type"] != "none_required"]
    faults = [{"parameter": str(fault["loc"][1]), "detail": fault["msg"]} for fault in wrong]
    detail = "; ".join(f"{fault['parameter']}: {fault['detail']}" for fault in faults)
    kind = InvalidParameter
    return problem(request, kind.status, kind.title, detail, slug=kind.slug, errors=faults)


def _answer_routing_error(request: Request, error: RoutingError) -> Response:
    status = HTTPStatus(error.status_code)
    detail = str(error.detail)
    if detail == status.phrase:
        detail = f"{request.method} {request.url.path} is not possible; see {links_of(request).url('landing')}"
    answer = problem(request, status, status.phrase, detail)
    answer.headers.update(error.headers or {})
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        answer.headers["Allow"] = ", ".join(_find_methods(request))
    return answer


def _find_methods(request: Request) -> Iterator[str]:
    """The methods that are possible at an address, whichever routes they belong to."""
    for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"):
        asked = {**request.scope, "method": "GET" if method == "HEAD" else method}
        if any(route.matches(dict(asked))[0] is Match.FULL for route in request.app.routes):
            yield method


def problem_kinds() -> dict[str, type[TwinError]]:
    """Collect the kinds of errors that are known so far, by slug."""
    return {kind.slug: kind for kind in sorted(_descendants(TwinError), key=lambda kind: (kind.status, kind.slug))}


def _descendants(kind: type[TwinError]) -> Iterator[type[TwinError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from _descendants(child)


def _describe(kind: type[TwinError]) -> dict[str, Any]:
    about = inspect.cleandoc(kind.__doc__ or "")
    return {"slug": kind.slug, "title": kind.title, "status": kind.status, "description": about}
