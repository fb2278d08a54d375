"""OGC API – Processes: jobs, how they stand, what they gave, and their dismissal.

References
----------
OGC 18-062r2, 7.12 and 7.13 (status, results), 11 (job list), 13 (dismiss).
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from api.context import context_of, links_of
from api.errors import ResultNotReady
from api.http.links import OGC_REL, Links, link
from api.http.media import HTML, JSON
from api.http.pages import json_response, never_kept, respond
from api.http.problems import problem
from api.jobs.execution import send_outputs
from api.jobs.files import UNFINISHED, Job
from api.openapi import answers
from api.params import FormatParams, JobsParams, Params

router = APIRouter(tags=["Processes"])


@router.get("/jobs", name="jobs", operation_id="getJobs", responses=answers(JSON, HTML))
def list_jobs(request: Request, params: Annotated[JobsParams, Query()]) -> Response:
    """List the jobs, the newest first."""
    links = links_of(request)
    found = [job for job in context_of(request).jobs.all() if _is_wanted(job, params)]
    shown = found[params.offset : params.offset + params.limit]
    document = {
        "jobs": [describe_job(job, links) for job in shown],
        "links": [*links.self_and_page(), *links.next_page(params.offset + params.limit, len(found))],
    }
    return never_kept(respond(request, document, "jobs.html", f=params.f))


@router.get("/jobs/{jobID}", name="job", operation_id="getStatus", responses=answers(JSON, HTML))
def show_job(request: Request, jobID: str, params: Annotated[FormatParams, Query()]) -> Response:  # noqa: N803
    """Say how a job stands."""
    job = context_of(request).jobs.read(jobID)
    return never_kept(respond(request, describe_job(job, links_of(request)), "job.html", f=params.f))


@router.delete("/jobs/{jobID}", name="dismiss", operation_id="dismiss", responses=answers(JSON))
def dismiss_job(request: Request, jobID: str, params: Annotated[Params, Query()]) -> Response:  # noqa: ARG001, N803
    """Dismiss a job: it ends if it goes on, and is forgotten with its outputs."""
    job = context_of(request).jobs.dismiss(jobID)
    return json_response(describe_job(job, links_of(request)))


@router.get("/jobs/{jobID}/results", name="results", operation_id="getResult", responses=answers(JSON))
def show_results(
    request: Request,
    jobID: str,  # noqa: N803
    params: Annotated[Params, Query()],  # noqa: ARG001
) -> Response:
    """Give the outputs of a job in the form that was asked for when it was made."""
    jobs = context_of(request).jobs
    job = jobs.read(jobID)
    if job.status in UNFINISHED:
        raise ResultNotReady(f"job {job.id} {job.message}; its status says when it has ended")
    if job.problem is not None:
        return problem(request, **job.problem)
    contents = {name: partial(jobs.output, job, name) for name in job.execution.outputs}
    return never_kept(send_outputs(contents, as_document=job.execution.as_document))


def describe_job(job: Job, links: Links) -> dict[str, Any]:
    """Write the status of a job (OGC 18-062r2, statusInfo.yaml)."""
    moments = {name: getattr(job, name) for name in ("created", "started", "finished", "updated")}
    results = [link(f"{OGC_REL}/results", links.url("results", jobID=job.id), JSON, "Outputs")]
    return {
        "processID": job.execution.process,
        "type": "process",
        "jobID": job.id,
        "status": job.status,
        "message": job.message,
        **{name: moment.isoformat() for name, moment in moments.items() if moment is not None},
        "progress": 100 if job.status == "successful" else 0,
        "links": [
            link("self", links.url("job", jobID=job.id, query={"f": "json"}), JSON, "How the job stands"),
            link("alternate", links.url("job", jobID=job.id, query={"f": "html"}), HTML, "As a page"),
            link("up", links.url("process", processID=job.execution.process), JSON, "The process"),
            *(results if job.status == "successful" else []),
        ],
    }


def _is_wanted(job: Job, params: JobsParams) -> bool:
    """Whether a job is one of those that are asked for."""
    lasted_s = ((job.finished or datetime.now(UTC)) - job.started).total_seconds() if job.started else None
    begin, end = params.created
    return (
        _is_named("process", params.kinds)
        and _is_named(job.execution.process, params.processes)
        and _is_named(job.status, params.states)
        and (begin is None or begin <= job.created)
        and (end is None or job.created <= end)
        and (params.least_s is None or (lasted_s is not None and lasted_s >= params.least_s))
        and (params.most_s is None or (lasted_s is not None and lasted_s <= params.most_s))
    )


def _is_named(name: str, names: str | None) -> bool:
    return names is None or name in names.split(",")
