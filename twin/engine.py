"""The engine: reads an indicator's inputs itself, so that evidence is recorded by the machine, and verifies results."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import shapely

from twin.catalog import Catalog
from twin.columns import plain_values
from twin.errors import InvalidParameter
from twin.frame import Frame
from twin.indicator import Indicator, Measure, Verdict
from twin.query import AsOf, Query
from twin.store import Store

#: The day of an instant is the day in China.
CHINA = timezone(timedelta(hours=8))
#: The parameter that the engine fills with the day of the evaluation where nobody gave one.
ON_DATE = "on_date"


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
    parameters: Mapping[str, Any]
    evidence: tuple[Evidence, ...]
    computed_at: datetime

    def to_dict(self) -> dict[str, Any]:
        """The result as JSON carries it."""
        indicator, measure = self.indicator, self.measure
        return {
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
            "as_of": self.as_of.isoformat() if isinstance(self.as_of, datetime) else self.as_of,
            "known_at": self.known_at,
            "parameters": {name: _plain(value) for name, value in self.parameters.items()},
            "clause": asdict(indicator.clause),
            "breakdown": [asdict(part) for part in measure.breakdown],
            "covered": {layer: list(keys) for layer, keys in measure.covered.items()},
            "uncovered": {layer: list(keys) for layer, keys in measure.uncovered.items()},
            "details": json.loads(json.dumps(dict(measure.details), default=_plain)),
            "evidence": [asdict(evidence) | {"used": list(evidence.used)} for evidence in self.evidence],
            "computed_at": self.computed_at.isoformat(),
        }


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
    """
    now = datetime.now(UTC)
    known_at = store.latest() if known_at is None else known_at
    values = indicator.parse(parameters or {})
    if ON_DATE in values and values[ON_DATE] is None:
        values[ON_DATE] = _day(as_of, store, now)
    query = Query(as_of=as_of, known_at=known_at)
    frames = [store.read(catalog.layer(name), query) for name in indicator.inputs]
    measure = _plain_measure(indicator.function(*frames, **values))
    target = indicator.target
    return Result(
        indicator=indicator,
        measure=measure,
        verdict=target.verdict(measure.value) if target else "unknown",
        as_of=as_of,
        known_at=known_at,
        parameters=values,
        evidence=tuple(_record(frame, measure) for frame in frames),
        computed_at=now,
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
    """
    try:
        as_of = result["as_of"]
        again = evaluate(
            catalog.indicator(result["indicator"]),
            catalog,
            store,
            parameters=result["parameters"],
            as_of=datetime.fromisoformat(as_of) if isinstance(as_of, str) else as_of,
            known_at=result["known_at"],
        ).to_dict()
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidParameter(f"this is not the record of a result: {error!r}", cause=error) from error
    then = {evidence["layer"]: evidence for evidence in result.get("evidence", ())}
    differences = [
        f"{evidence['layer']}: the rows read are not those recorded (digest differs)"
        for evidence in again["evidence"]
        if then.get(evidence["layer"], {}).get("digest") != evidence["digest"]
    ]
    differences += [
        f"{name}: recorded {result.get(name)}, computed {again[name]}"
        for name in ("value", "numerator", "denominator", "verdict")
        if again[name] != result.get(name)
    ]
    return differences


def frame_digest(frame: Frame) -> str:
    """SHA-256 over keys, fields and coordinates of a frame, in key order; the same on every machine and store."""
    digest = hashlib.sha256()
    for wkb in shapely.to_wkb(frame.geometry, byte_order=1, flavor="iso").tolist():
        digest.update(wkb or b"-")
    for name in sorted(frame.layer.schema.names):
        digest.update(json.dumps([name, plain_values(frame.data[name], frame.layer.schema[name])]).encode())
    return digest.hexdigest()


def _record(frame: Frame, measure: Measure) -> Evidence:
    layer = frame.layer.id
    singled_out = {*measure.covered.get(layer, ()), *measure.uncovered.get(layer, ())}
    used = sorted(singled_out) if layer in {*measure.covered, *measure.uncovered} else frame.data.index.tolist()
    return Evidence(layer=layer, revision=frame.revision, rows=len(frame), used=tuple(used), digest=frame_digest(frame))


def _day(as_of: AsOf | None, store: Store, now: datetime) -> date:
    """The day for which the sites' service dates are judged."""
    if isinstance(as_of, int):
        as_of = next((r.effective for r in store.revisions() if r.number == as_of), now)
    return (as_of or now).astimezone(CHINA).date()


def _plain(value: Any) -> Any:
    """Numpy scalars and dates as JSON has them."""
    if isinstance(value, date):
        return value.isoformat()
    return value.item() if hasattr(value, "item") else value


def _plain_measure(measure: Measure) -> Measure:
    numbers = {name: _plain(getattr(measure, name)) for name in ("value", "numerator", "denominator")}
    return Measure(**{**measure.__dict__, **numbers})
