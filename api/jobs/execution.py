"""What is asked of a process, and how its outputs are written (OGC API – Processes).

References
----------
OGC 18-062r2, 7.11 (execute) and 7.13 (results).
"""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

from fastapi import Response
from fastapi.responses import StreamingResponse

from api.errors import ProcessNotFound
from api.forms.geojson import enclose, encode_collection, encode_features, to_json
from api.http.media import BCF, GEOJSON, JSON, MULTIPART, SVG
from api.indicators.evidence import encode_evidence, encode_shapes, publish_result
from api.values import parse_datetime
from twin.asking import Reply
from twin.catalog import Catalog, Process
from twin.engine import Result
from twin.errors import InvalidParameter
from twin.indicator import Indicator
from twin.nearest import suggest
from twin.replies import make_drawing, write_topics
from twin.store import Store

#: What processes give, and as what.
OUTPUTS: Mapping[str, str] = {
    "result": JSON,
    "evidence": GEOJSON,
    "features": GEOJSON,
    "drawing": SVG,
    "bcf_2_1": BCF,
    "bcf_3_0": BCF,
}
#: The input beside a process's own parameters: the moment whose state is meant.
MOMENT = "datetime"
_MEMBERS = ("inputs", "outputs", "response")

#: Gives the content of an output piece by piece.
Content = Callable[[], Iterable[bytes]]


@dataclass(frozen=True, kw_only=True)
class Execution:
    """What is asked of a process.

    Parameters
    ----------
    process
        Which one: the id of an indicator or analysis.
    inputs
        Values by name, as they came.
    outputs
        Names of those that are wanted.
    as_document
        Whether they come as one JSON document, rather than as they are.
    """

    process: str
    inputs: Mapping[str, Any]
    outputs: tuple[str, ...]
    as_document: bool

    def arguments(self, process: Process) -> tuple[dict[str, Any], datetime | None]:
        """The values of the parameters of the process, and the moment.

        Raises
        ------
        InvalidParameter
            A value is not what the description of the process allows.
        """
        given = dict(self.inputs)
        moment = given.pop(MOMENT, None)
        if moment is not None and not isinstance(moment, str):
            raise InvalidParameter(f"{MOMENT} must be text, not {moment!r}", parameter=MOMENT)
        return process.parse(given), parse_datetime(moment) if moment else None


def find_process(served: Catalog, process_id: str) -> Process:
    """Find the indicator or analysis of that id.

    Raises
    ------
    ProcessNotFound
        There is none, or what it is asked of is not served.
    """
    processes = served.processes
    if process_id not in processes:
        hint = suggest(process_id, processes)
        raise ProcessNotFound(f"there is no process {process_id}; {hint}", process=process_id)
    return processes[process_id]


def list_outputs(process: Process) -> tuple[str, ...]:
    """The names of the outputs of a process."""
    if isinstance(process, Indicator):
        return ("result", "evidence")
    drawing = ("drawing",) if process.draws else ()
    return ("result", "features", *drawing, *(("bcf_2_1", "bcf_3_0") if process.raises_topics else ()))


def read_execution(process: Process, document: Mapping[str, Any]) -> Execution:
    """Read an execute request, and refuse what the process could not do as asked.

    Raises
    ------
    InvalidParameter
        Names the member that is wrong.
    """
    for name in document:
        if name not in _MEMBERS:
            hint = "callbacks are not offered" if name == "subscriber" else f"there are: {', '.join(_MEMBERS)}"
            raise InvalidParameter(f"an execute request has no member {name} here; {hint}", parameter=name)
    response = document.get("response", "raw")
    if response not in ("raw", "document"):
        raise InvalidParameter(f"response must be raw or document, not {response!r}", parameter="response")
    execution = Execution(
        process=process.id,
        inputs={name: _read_value(name, value) for name, value in _member(document, "inputs").items()},
        outputs=_read_outputs(_member(document, "outputs"), list_outputs(process)),
        as_document=response == "document",
    )
    execution.arguments(process)
    return execution


def make_outputs(
    result: Result | Reply, wanted: Iterable[str], served: Catalog, store: Store
) -> dict[str, Iterable[bytes]]:
    """Write the outputs of a process that are wanted, each to be gone through once.

    Features of a reply are written while they are gone through, since there may be as many as the county has.
    """
    writers: dict[str, Callable[[], Iterable[bytes]]]
    if isinstance(result, Reply):
        writers = {
            "result": lambda: [to_json(result.to_dict()).encode()],
            "features": lambda: enclose(b'{"type": "FeatureCollection"}', _encode_reply(result)),
            "drawing": lambda: [make_drawing(result).svg().encode()],
            "bcf_2_1": lambda: [write_topics(result, "2.1")],
            "bcf_3_0": lambda: [write_topics(result, "3.0")],
        }
    else:
        writers = {
            "result": lambda: [to_json(publish_result(result, served)).encode()],
            "evidence": lambda: [encode_collection(encode_evidence(result, served, store))],
        }
    return {name: writers[name]() for name in wanted}


def _encode_reply(reply: Reply) -> Iterator[bytes]:
    """Write the features that an answer is about, with their roles, and its shapes, some at a time."""
    yield ",".join(encode_shapes(reply.answer.shapes, reply.crs)).encode()
    for role, frame in reply.rows():
        yield ",".join(encode_features(frame, {"role": role, "layer": frame.layer.id})).encode()


def send_outputs(outputs: Mapping[str, Content], *, as_document: bool) -> Response:
    """Answer with outputs: one document, one output as it is, or several of them in parts."""
    if as_document:
        return StreamingResponse(_document(outputs), media_type=JSON)
    if len(outputs) == 1:
        ((name, content),) = outputs.items()
        return StreamingResponse(content(), media_type=OUTPUTS[name])
    boundary = uuid.uuid4().hex
    return StreamingResponse(_parts(outputs, boundary), media_type=f"{MULTIPART}; boundary={boundary}")


def _document(outputs: Mapping[str, Content]) -> Iterator[bytes]:
    """Write a results document: each output is an object, text or a file, and so stands in a qualified value."""
    for number, (name, content) in enumerate(outputs.items()):
        encoding = ', "encoding": "base64"' if OUTPUTS[name] == BCF else ""
        yield f'{", " if number else "{"}"{name}": {{"mediaType": "{OUTPUTS[name]}"{encoding}, "value": '.encode()
        if OUTPUTS[name] == SVG:
            yield to_json(b"".join(content()).decode()).encode()
        elif OUTPUTS[name] == BCF:
            yield b'"' + base64.b64encode(b"".join(content())) + b'"'
        else:
            yield from content()
        yield b"}"
    yield b"}"


def _parts(outputs: Mapping[str, Content], boundary: str) -> Iterator[bytes]:
    """Write outputs as the parts of a message (RFC 2387), each with its name as ``Content-ID``."""
    for name, content in outputs.items():
        yield f"--{boundary}\r\nContent-Type: {OUTPUTS[name]}\r\nContent-ID: <{name}>\r\n\r\n".encode()
        yield from content()
        yield b"\r\n"
    yield f"--{boundary}--\r\n".encode()


def _member(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = document.get(name, {})
    if not isinstance(value, dict):
        raise InvalidParameter(f"{name} must be a JSON object, not {str(value)[:80]!r}", parameter=name)
    return value


def _read_outputs(wanted: Mapping[str, Any], known: tuple[str, ...]) -> tuple[str, ...]:
    """The outputs that are wanted; all of them where none is named."""
    for name, how in wanted.items():
        if name not in known:
            raise InvalidParameter(f"there is no output {name}; there are: {', '.join(known)}", parameter=name)
        if not isinstance(how, dict) or how.get("transmissionMode", "value") != "value":
            raise InvalidParameter(f"{name} is given by value only", parameter=name)
        form = how.get("format", {})
        if not isinstance(form, dict) or form.get("mediaType", OUTPUTS[name]) != OUTPUTS[name]:
            raise InvalidParameter(f"{name} is given as {OUTPUTS[name]} only", parameter=name)
    return tuple(wanted) or known


def _read_value(name: str, value: Any) -> Any:
    """The value of an input: inline, qualified, or behind a reference that carries it."""
    if not isinstance(value, dict):
        return value
    if "href" in value:
        return _read_reference(name, value["href"])
    if "value" in value:
        return value["value"]
    raise InvalidParameter(f"{name} is a plain value, not an object", parameter=name)


def _read_reference(name: str, href: Any) -> Any:
    """Read a ``data:`` address (RFC 2397); others are not fetched, because who asks must not send us anywhere."""
    head, comma, data = href.partition(",") if isinstance(href, str) else ("", "", "")
    if urlsplit(head).scheme != "data" or not comma or head.endswith(";base64"):
        raise InvalidParameter(
            f"{name}: a reference must be an address such as data:application/json,5; others are not fetched",
            parameter=name,
        )
    try:
        text = unquote_to_bytes(data).decode()
        return json.loads(text) if head.startswith("data:application/json") else text
    except ValueError as error:
        raise InvalidParameter(f"{name}: what the reference carries cannot be read", parameter=name) from error
