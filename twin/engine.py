"""The engine: reads an indicator's inputs itself, so that evidence is recorded by the machine, and verifies results."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import shapely

from twin.catalog import Catalog
from twin.columns import plain_values
from twin.crs import crs_label
from twin.errors import InvalidParameter, RevisionNotFound
from twin.frame import Frame
from twin.indicator import Indicator, Measure, Verdict
from twin.query import AsOf
from twin.reading import plain, read_inputs, write_plain
from twin.store import Store

#: What of a result must come out the same when it is computed again.
_VERIFIED = (
    *("value", "unit", "numerator", "denominator", "target", "verdict"),
    *("breakdown", "covered", "uncovered", "details"),
)


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What an indicator read of one layer.

    Parameters
    ----------
    layer, revision
        The layer and the last revision that the rows reflect.
    rows
        How many rows were read.
    used
        Keys that the measure counted as covered or not; every key read where it singled none out.
    digest
        SHA-256 over the rows read: keys, fields and coordinates.
    """

    layer: str
    revision: int
    rows: int
    used: tuple[str, ...]
    digest: str


@dataclass(frozen=True, kw_only=True, eq=False)
class Result:
    """A measure with everything needed to defend it: definition, parameters, evidence, verdict."""

    indicator: Indicator
    measure: Measure
    verdict: Verdict
    as_of: AsOf | None
    known_at: int
    crs: str
    parameters: Mapping[str, Any]
    evidence: tuple[Evidence, ...]
    computed_at: datetime

    def to_dict(self) -> dict[str, Any]:
        """The result as JSON carries it."""
        indicator, measure = self.indicator, self.measure
        record = {
            "indicator": indicator.id,
            "title": indicator.title,
            "title_zh": indicator.title_zh,
            "value": measure.value,
            "unit": indicator.unit,
            "numerator": measure.numerator,
            "denominator": measure.denominator,
            "target": asdict(indicator.target) if indicator.target else None,
            "verdict": self.verdict,
            "note": measure.note,
            "as_of": self.as_of,
            "known_at": self.known_at,
            "crs": self.crs,
            "parameters": dict(self.parameters),
            "clause": asdict(indicator.clause),
            "breakdown": [asdict(part) for part in measure.breakdown],
            "covered": dict(measure.covered),
            "uncovered": dict(measure.uncovered),
            "details": dict(measure.details),
            "evidence": [asdict(evidence) for evidence in self.evidence],
            "computed_at": self.computed_at,
        }
        return write_plain(record)


def evaluate(
    indicator: Indicator,
    catalog: Catalog,
    store: Store,
    *,
    parameters: Mapping[str, Any] | None = None,
    as_of: AsOf | None = None,
    known_at: int | None = None,
) -> Result:
    """Compute an indicator on one consistent state of the store.

    Parameters
    ----------
    indicator, catalog, store
        What, on which layers, where.
    parameters
        Values, or their text, by name; the others take their defaults.
    as_of
        Revision number or instant; now by default.
    known_at
        Only what the store knew at this revision; everything by default.

    Raises
    ------
    InvalidParameter
        A parameter is unknown or malformed.
    StoreUnavailable
        A geometry that another program wrote into the store cannot be measured.
    """
    reading = read_inputs(indicator, catalog, store, parameters=parameters, as_of=as_of, known_at=known_at)
    measure = _plain_measure(indicator.function(*reading.frames, **reading.parameters))
    target = indicator.target
    return Result(
        indicator=indicator,
        measure=measure,
        verdict=target.verdict(measure.value) if target else "unknown",
        as_of=as_of,
        known_at=reading.known_at,
        crs=crs_label(store.crs),
        parameters=reading.parameters,
        evidence=tuple(_record(frame, measure) for frame in reading.frames),
        computed_at=reading.at,
    )


def verify(result: Mapping[str, Any], catalog: Catalog, store: Store) -> list[str]:
    """Run a recorded result again at its recorded state; returns what differs, nothing when it holds.

    Parameters
    ----------
    result
        What `Result.to_dict` gave, perhaps long ago.
    catalog, store
        The layers and indicators, and the store the result came from.

    Raises
    ------
    InvalidParameter
        The record is not a result.
    RevisionNotFound
        The store is not the one the result came from: it does not reach as far.
    """
    try:
        as_of = result["as_of"]
        indicator = catalog.indicator(result["indicator"])
        state: dict[str, Any] = {
            "parameters": dict(result["parameters"]),
            "as_of": datetime.fromisoformat(as_of) if isinstance(as_of, str) else as_of,
            "known_at": int(result["known_at"]),
        }
        digests = {evidence["layer"]: evidence["digest"] for evidence in result["evidence"]}
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidParameter(f"this is not the record of a result: {error!r}", cause=error) from error
    latest, known_at = store.latest(), state["known_at"]
    if known_at > latest:
        raise RevisionNotFound(
            f"the result of {indicator.id} knows revision {known_at}, and {store.url} ends with {latest}: it is the "
            "result of another store, or of a later copy"
        )
    again = evaluate(indicator, catalog, store, **state).to_dict()
    differences = [
        f"{evidence['layer']}: the rows read are not those recorded (digest differs)"
        for evidence in again["evidence"]
        if digests.get(evidence["layer"]) != evidence["digest"]
    ]
    compared = _VERIFIED if differences else (*_VERIFIED, "evidence")
    return differences + [
        _differ(name, result.get(name), again[name]) for name in compared if result.get(name) != again[name]
    ]


def _differ(name: str, recorded: Any, computed: Any) -> str:
    if isinstance(computed, list | dict):
        return f"{name}: not what was recorded"
    return f"{name}: recorded {recorded}, computed {computed}"


def frame_digest(frame: Frame) -> str:
    """SHA-256 over keys, fields and coordinates of a frame, in key order; the same on every machine and store.

    A field without any value does not count: a layer that gains a field keeps the digests of its earlier states.
    """
    digest = hashlib.sha256()
    for wkb in shapely.to_wkb(frame.geometry, byte_order=1, flavor="iso").tolist():
        digest.update(wkb or b"-")
    for name in sorted(frame.layer.schema.names):
        values = plain_values(frame.data[name], frame.layer.schema[name])
        if any(value is not None for value in values):
            digest.update(json.dumps([name, values]).encode())
    return digest.hexdigest()


def _record(frame: Frame, measure: Measure) -> Evidence:
    layer = frame.layer.id
    singled_out = {*measure.covered.get(layer, ()), *measure.uncovered.get(layer, ())}
    used = sorted(singled_out) if layer in {*measure.covered, *measure.uncovered} else frame.data.index.tolist()
    return Evidence(layer=layer, revision=frame.revision, rows=len(frame), used=tuple(used), digest=frame_digest(frame))


def _plain_measure(measure: Measure) -> Measure:
    numbers = {name: plain(getattr(measure, name)) for name in ("value", "numerator", "denominator")}
    return Measure(**{**measure.__dict__, **numbers})
