"""OGC API – Processes: indicators as processes, evaluated at once or as a job.

References
----------
OGC 18-062r2, 7.9 to 7.11.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from fastapi import APIRouter, Header, Query, Request, Response

from api.context import Context, context_of, links_of
from api.http.bodies import Body, read_json
from api.http.links import OGC_REL, Links, link
from api.http.media import HTML, JSON, MULTIPART
from api.http.pages import json_response, respond
from api.jobs.execution import MOMENT, OUTPUTS, make_outputs, read_execution, send_outputs
from api.jobs.routes import describe_job
from api.openapi import answers, parameter_schema, takes
from api.params import FormatParams, PagedParams, Params
from twin import __version__
from twin.errors import IndicatorNotFound
from twin.indicator import Indicator

CONFORMANCE = tuple(
    f"http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf/{name}"
    for name in ("core", "ogc-process-description", "json", "oas30", "job-list", "dismiss")
)
_EXECUTE = {
    "type": "object",
    "properties": {
        "inputs": {"type": "object", "description": "Values by name, as the description of the process has them."},
        "outputs": {"type": "object", "description": "The outputs that are wanted; all without it."},
        "response": {"type": "string", "enum": ["raw", "document"], "default": "raw"},
    },
}
_JOB_MADE: dict[int | str, dict[str, Any]] = {
    201: {"description": "A job was made (`Prefer: respond-async`); `Location` leads to its status."}
}

router = APIRouter(tags=["Processes"])


class ProcessNotFound(IndicatorNotFound):
    """There is no process of that name; every indicator is one."""

    slug: ClassVar[str] = "no-such-process"
    title: ClassVar[str] = "Process not found"
    uri: ClassVar[str] = "http://www.opengis.net/def/exceptions/ogcapi-processes-1/1.0/no-such-process"


@router.get("/processes", name="processes", operation_id="getProcesses", responses=answers(JSON, HTML))
def list_processes(request: Request, params: Annotated[PagedParams, Query()]) -> Response:
    """List the processes: every indicator is one."""
    context, links = context_of(request), links_of(request)
    processes = list(context.catalog.indicators.values())
    shown = processes[params.offset : params.offset + params.limit]
    document = {
        "processes": [_summarise(each, links) for each in shown],
        "links": [*links.self_and_page(), *links.next_page(params.offset + params.limit, len(processes))],
    }
    return respond(request, document, "processes.html", f=params.f)


@router.get(
    "/processes/{processID}", name="process", operation_id="getProcessDescription", responses=answers(JSON, HTML)
)
def show_process(request: Request, processID: str, params: Annotated[FormatParams, Query()]) -> Response:  # noqa: N803
    """Describe a process: what goes in, what comes out, and how it can be executed."""
    indicator, links = _find_process(context_of(request), processID), links_of(request)
    document = _summarise(indicator, links) | {"inputs": _inputs(indicator), "outputs": _outputs()}
    execute = links.url("execute", processID=indicator.id)
    document["links"].append(link(f"{OGC_REL}/execute", execute, JSON, "Where to execute it"))
    return respond(request, document, "process.html", f=params.f)


@router.post(
    "/processes/{processID}/execution",
    name="execute",
    operation_id="execute",
    responses=answers(*dict.fromkeys(OUTPUTS.values()), MULTIPART) | _JOB_MADE,
    openapi_extra=takes(JSON, _EXECUTE),
)
def execute_process(
    request: Request,
    processID: str,  # noqa: N803
    params: Annotated[Params, Query()],  # noqa: ARG001
    body: Body,
    prefer: Annotated[str, Header(description="`respond-async` makes a job of it.")] = "",
) -> Response:
    """Execute a process: at once, or as a job where ``Prefer: respond-async`` asks for one (RFC 7240)."""
    context = context_of(request)
    indicator = _find_process(context, processID)
    execution = read_execution(indicator, read_json(request, body, JSON))  # which no page of another origin may send
    if "respond-async" in {part.partition(";")[0].strip().lower() for part in prefer.split(",")}:
        job = context.jobs.start(execution)
        answer = json_response(describe_job(job, links_of(request)))
        answer.status_code = 201
        location = links_of(request).url("job", jobID=job.id)
        answer.headers.update({"Location": location, "Preference-Applied": "respond-async"})
        return answer
    result = context.evaluate(indicator, *execution.arguments(indicator))
    made = make_outputs(result, execution.outputs, context.served, context.store)
    contents = {name: lambda content=content: [content] for name, content in made.items()}
    return send_outputs(contents, as_document=execution.as_document)


def _find_process(context: Context, process_id: str) -> Indicator:
    try:
        return context.catalog.indicator(process_id)
    except IndicatorNotFound as error:
        raise ProcessNotFound(error.detail.replace("indicator", "process"), process=process_id) from None


def _summarise(indicator: Indicator, links: Links) -> dict[str, Any]:
    about = links.url("process", processID=indicator.id, query={"f": "json"})
    return {
        "id": indicator.id,
        "version": __version__,
        "title": f"{indicator.title} {indicator.title_zh}",
        "description": indicator.about,
        "keywords": [indicator.clause.document, indicator.clause.article],
        "jobControlOptions": ["sync-execute", "async-execute", "dismiss"],
        "outputTransmission": ["value"],
        "links": [
            link("self", about, JSON, "Description of the process"),
            link("alternate", links.url("process", processID=indicator.id, query={"f": "html"}), HTML, "As a page"),
            link("about", links.url("indicator", indicator_id=indicator.id), JSON, "The indicator"),
        ],
    }


def _inputs(indicator: Indicator) -> dict[str, Any]:
    """Describe the inputs; each has a default, so none need be given."""
    own = {
        parameter.name: _put(parameter.name, parameter.about, parameter_schema(parameter), least=0)
        for parameter in indicator.parameters.values()
    }
    moment = "The state of the twin that counts: an instant or a date; now by default."
    return own | {MOMENT: _put("Moment 时刻", moment, {"type": "string"}, least=0)}


def _outputs() -> dict[str, Any]:
    result = "Value, verdict, breakdown by area, and what was read, by revision and digest."
    evidence = "What counts and what does not, and derived shapes, in degrees (CRS84)."
    return {
        "result": _put("Result 结果", result, {"type": "object", "contentMediaType": OUTPUTS["result"]}),
        "evidence": _put(
            "Evidence 证据",
            evidence,
            {"type": "object", "contentMediaType": OUTPUTS["evidence"], "format": "geojson-feature-collection"},
        ),
    }


def _put(title: str, about: str, schema: dict[str, Any], *, least: int | None = None) -> dict[str, Any]:
    occurs = {} if least is None else {"minOccurs": least, "maxOccurs": 1}
    return {"title": title, "description": about, **occurs, "schema": schema}
