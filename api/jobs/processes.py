"""OGC API – Processes: indicators and analyses as processes, computed at once or as a job.

References
----------
OGC 18-062r2, 7.9 to 7.11.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request, Response

from api.context import Context, context_of, links_of
from api.http.bodies import Body, read_json
from api.http.links import OGC_REL, Links, link
from api.http.media import BCF, GEOJSON, HTML, JSON, MULTIPART, SVG
from api.http.pages import json_response, respond
from api.jobs.execution import (
    MOMENT,
    OUTPUTS,
    find_process,
    list_outputs,
    make_outputs,
    read_execution,
    send_outputs,
)
from api.jobs.routes import describe_job
from api.openapi import answers, parameter_schema, takes
from api.params import FormatParams, PagedParams, Params
from twin import __version__
from twin.analysis import Figure
from twin.asking import Reply, ask
from twin.catalog import Process
from twin.engine import Result
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


@router.get("/processes", name="processes", operation_id="getProcesses", responses=answers(JSON, HTML))
def list_processes(request: Request, params: Annotated[PagedParams, Query()]) -> Response:
    """List the processes: every indicator and every analysis is one."""
    context, links = context_of(request), links_of(request)
    processes = list(context.served.processes.values())
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
    process, links = find_process(context_of(request).served, processID), links_of(request)
    document = _summarise(process, links) | {"inputs": _inputs(process), "outputs": _outputs(process)}
    execute = links.url("execute", processID=process.id)
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
    process = find_process(context.served, processID)
    execution = read_execution(process, read_json(request, body, JSON))  # which no page of another origin may send
    if "respond-async" in {part.partition(";")[0].strip().lower() for part in prefer.split(",")}:
        job = context.jobs.start(execution)
        answer = json_response(describe_job(job, links_of(request)))
        answer.status_code = 201
        location = links_of(request).url("job", jobID=job.id)
        answer.headers.update({"Location": location, "Preference-Applied": "respond-async"})
        return answer
    result = _compute(context, process, *execution.arguments(process))
    made = make_outputs(result, execution.outputs, context.served, context.store)
    contents = {name: lambda content=content: content for name, content in made.items()}
    return send_outputs(contents, as_document=execution.as_document)


def _compute(context: Context, process: Process, parameters: dict[str, Any], as_of: datetime | None) -> Result | Reply:
    if isinstance(process, Indicator):
        return context.evaluate(process, parameters, as_of)
    catalog, store = context.served, context.store
    return ask(process, catalog, store, parameters=parameters, as_of=as_of, read=context.frames.get)


def _summarise(process: Process, links: Links) -> dict[str, Any]:
    own = links.url("process", processID=process.id, query={"f": "json"})
    measured = isinstance(process, Indicator)
    about = [link("about", links.url("indicator", indicator_id=process.id), JSON, "The indicator")] if measured else []
    return {
        "id": process.id,
        "version": __version__,
        "title": f"{process.title} {process.title_zh}",
        "description": process.about,
        "keywords": [process.clause.document, process.clause.article],
        "jobControlOptions": ["sync-execute", "async-execute", "dismiss"],
        "outputTransmission": ["value"],
        "links": [
            link("self", own, JSON, "Description of the process"),
            link("alternate", links.url("process", processID=process.id, query={"f": "html"}), HTML, "As a page"),
            *about,
        ],
    }


def _inputs(process: Process) -> dict[str, Any]:
    """Describe the inputs; those that have a default need not be given."""
    own = {
        parameter.name: _put(
            parameter.name, parameter.about, parameter_schema(parameter), least=int(parameter.required)
        )
        for parameter in process.parameters.values()
    }
    moment = "The state of the twin that counts: an instant or a date; now by default."
    return own | {MOMENT: _put("Moment 时刻", moment, {"type": "string"}, least=0)}


#: Titles and descriptions of outputs; those of indicators and of analyses differ.
_RESULTS = (
    "Value, verdict, breakdown by area, and what was read, by revision and digest.",
    "Figures, the keys of the features that play a part, by role, and what was read, by revision.",
)
_COLLECTIONS = {
    "evidence": ("Evidence 证据", "What counts and what does not, and derived shapes, in degrees (CRS84)."),
    "features": ("Features 要素", "The features that play a part, with their roles, in degrees (CRS84)."),
}

#: The schema of an output by its media type.
_SCHEMAS: Mapping[str, dict[str, Any]] = {
    JSON: {"type": "object", "contentMediaType": JSON},
    GEOJSON: {"type": "object", "contentMediaType": GEOJSON, "format": "geojson-feature-collection"},
    SVG: {"type": "string", "contentMediaType": SVG},
    BCF: {"type": "string", "contentMediaType": BCF, "contentEncoding": "base64"},
}


def _outputs(process: Process) -> dict[str, Any]:
    about = _RESULTS[0] if isinstance(process, Indicator) else _RESULTS[1]
    described = {
        "result": ("Result 结果", about),
        **_COLLECTIONS,
        "drawing": ("Drawing 图", "The answer on paper, to scale."),
        "bcf_2_1": ("Topics, BCF 2.1 协作问题", "What is to be looked at, a topic each (.bcfzip)."),
        "bcf_3_0": ("Topics, BCF 3.0 协作问题", "What is to be looked at, a topic each (.bcf)."),
    }
    found = {name: _put(*described[name], _SCHEMAS[OUTPUTS[name]]) for name in list_outputs(process)}
    if not isinstance(process, Indicator):
        found["result"]["schema"] = _SCHEMAS[JSON] | {"properties": {"figures": _describe_figures(process.figures)}}
    return found


def _describe_figures(figures: Mapping[str, Figure]) -> dict[str, Any]:
    """The schema of an object of figures."""
    return {"type": "object", "properties": {name: _describe_figure(each) for name, each in figures.items()}}


def _describe_figure(figure: Figure) -> dict[str, Any]:
    """The schema of a figure: its titles, its unit, and what stands in it or in each of a list of it."""
    described: dict[str, Any] = {"title": f"{figure.title} {figure.title_zh}"}
    if figure.unit:
        described["x-ogc-unit"] = figure.unit
    if figure.members:
        within = _describe_figures(figure.members)
        described["oneOf"] = [within, {"type": "array", "items": within}]
    return described


def _put(title: str, about: str, schema: dict[str, Any], *, least: int | None = None) -> dict[str, Any]:
    occurs = {} if least is None else {"minOccurs": least, "maxOccurs": 1}
    return {"title": title, "description": about, **occurs, "schema": schema}
