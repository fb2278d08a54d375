"""Indicators evaluated once for as long as their inputs stay the same."""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache
from typing import Any

from api.context import Evaluate
from twin.catalog import Catalog
from twin.engine import Result, evaluate
from twin.indicator import Indicator
from twin.moments import CHINA
from twin.store import Store


def remember_results(store: Store, catalog: Catalog, *, keep: int = 64) -> Evaluate:
    """Make an evaluator that keeps its last results.

    A result is known by the indicator, the parameters, the moment, the revisions of the inputs and, because service
    dates are judged on the day of the evaluation, by that day.
    """

    @lru_cache(maxsize=keep)
    def computed(
        indicator_id: str,
        parameters: tuple[tuple[str, Any], ...],
        as_of: datetime | None,
        revisions: tuple[int, ...],  # noqa: ARG001  part of the key only
        today: date,  # noqa: ARG001
    ) -> Result:
        indicator = catalog.indicator(indicator_id)
        return evaluate(indicator, catalog, store, parameters=dict(parameters), as_of=as_of)

    def evaluate_once(indicator: Indicator, parameters: dict[str, Any], as_of: datetime | None) -> Result:
        revisions = tuple(store.latest(catalog.layer(name)) for name in indicator.inputs)
        today = datetime.now(CHINA).date()
        return computed(indicator.id, tuple(parameters.items()), as_of, revisions, today)

    return evaluate_once
