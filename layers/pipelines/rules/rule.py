"""A rule of acceptance: what it is called, what it rests on, and the function that finds what breaks it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from layers.pipelines.clearance.entries import EntriesSetting
from twin.errors import Fault
from twin.parameters import Parameter, read_signature

if TYPE_CHECKING:
    from layers.pipelines.rules.survey import Survey

#: An error refuses a delivery, a warning is for a look, a note is for the record.
Severity = Literal["error", "warning", "note"]
#: How sure it is that the source says so: read there, read about, or known by custom.
Confidence = Literal["high", "medium", "low"]
#: The letters that tables of limits have for it.
CONFIDENCES: Mapping[str, Confidence] = MappingProxyType({"H": "high", "M": "medium", "L": "low"})
#: A limit that a rule file may set.
Setting = Parameter | EntriesSetting
#: Points and segments that are judged, or points of other areas around them.
Table = Literal["nodes", "segments", "beyond"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Hits:
    """What a rule found in one table.

    Parameters
    ----------
    table
        Which.
    rows
        k positions in it.
    what
        What is wrong, of all or of each.
    field
        The field it is about.
    measured
        k numbers or texts that were found.
    limit
        What is allowed, of all or of each.
    unit
        Of both, where they have one.
    others
        k keys of another feature that belongs to it, or texts that name one.
    places
        (k, 2) where they are, in the storage CRS, if not in the middle of the feature: two meet where they are nearest.
    by
        The limit that they break, of all or of each, by its name; of a rule with one limit it is that.
    confidence
        k letters, how sure the limit of each is, where limits come from a table that says so.
    """

    table: Table
    rows: npt.NDArray[np.intp]
    what: str | npt.NDArray[np.object_]
    field: str | None = None
    measured: npt.ArrayLike | None = None
    limit: float | str | npt.NDArray[np.object_] | None = None
    unit: str | None = None
    others: npt.ArrayLike | None = None
    places: npt.NDArray[np.float64] | None = None
    by: str | npt.NDArray[np.object_] | None = None
    confidence: npt.ArrayLike | None = None


#: Rows of a table, or a value that could not be read, which knows its row itself.
Found = Hits | Fault


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A rule that a survey must keep.

    Parameters
    ----------
    id
        As the catalogue of rules has it, ``PT-DUP``.
    title, title_zh
        What people read: what is wrong where it is broken.
    about
        What exactly is looked for.
    severity
        What comes of it, unless a rule file says otherwise.
    source, confidence
        What it rests on, and how sure that is.
    binding
        Whether the layers need it: a rule file can neither lower it nor switch it off.
    limits
        Its numbers with their defaults; a rule file may set them.
    sure
        How sure single limits are, where that is other than of the rule.
    function
        Finds what breaks it.
    """

    id: str
    title: str
    title_zh: str
    about: str
    severity: Severity
    source: str
    confidence: Confidence
    binding: bool
    limits: Mapping[str, Setting]
    sure: Mapping[str, Confidence]
    function: Callable[..., Iterator[Found]]

    def find(self, survey: Survey, limits: Mapping[str, Any] | None = None) -> Iterator[Found]:
        """Find what breaks the rule, with some of its limits set otherwise."""
        return self.function(survey, **(limits or {}))


def rule(
    rule_id: str,
    *,
    title: str,
    title_zh: str,
    severity: Severity,
    source: str,
    confidence: Confidence,
    binding: bool = False,
    limits: Mapping[str, str] | None = None,
    sure: Mapping[str, Confidence] | None = None,
    tables: tuple[EntriesSetting, ...] = (),
) -> Callable[[Callable[..., Iterator[Found]]], Rule]:
    """Make a rule of a function of a survey; its keyword-only parameters are the limits, which `limits` explains.

    Those that are tables are read as `tables` say.
    """

    def decorate(function: Callable[..., Iterator[Found]]) -> Rule:
        _, parameters = read_signature(function, limits or {})
        return Rule(
            id=rule_id,
            title=title,
            title_zh=title_zh,
            about=inspect.cleandoc(function.__doc__ or ""),
            severity=severity,
            source=source,
            confidence=confidence,
            binding=binding,
            limits={**parameters, **{setting.name: setting for setting in tables}},
            sure=sure or {},
            function=function,
        )

    return decorate
