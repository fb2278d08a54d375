"""A rule of acceptance: what it is called, what it rests on, and the function that finds what breaks it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal, Protocol

from twin.parameters import read_signature

#: An error refuses a delivery, a warning is for a look, a note is for the record.
Severity = Literal["error", "warning", "note"]
#: How sure it is that the source says so: read there, read about, or known by custom.
Confidence = Literal["high", "medium", "low"]
#: The letters that tables of limits have for it.
CONFIDENCES: Mapping[str, Confidence] = MappingProxyType({"H": "high", "M": "medium", "L": "low"})


class Setting(Protocol):
    """A limit that a rule file may set: a parameter, or a table that a theme reads in a way of its own."""

    @property
    def name(self) -> str:
        """What the rule calls it."""
        ...

    @property
    def about(self) -> str:
        """What it is."""
        ...

    @property
    def default(self) -> Any:
        """Its value where nobody sets it."""
        ...

    def parse(self, raw: Any) -> Any:
        """Read its value; InvalidParameter where it is none."""
        ...


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A rule that a delivery must keep.

    Of what is delivered, and of what is found, it knows nothing: that is between its function and who judges by it.

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
    function: Callable[..., Iterator[Any]]

    def find(self, delivered: Any, limits: Mapping[str, Any] | None = None) -> Iterator[Any]:
        """Find what breaks the rule, with some of its limits set otherwise."""
        return self.function(delivered, **(limits or {}))


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
    tables: tuple[Setting, ...] = (),
) -> Callable[[Callable[..., Iterator[Any]]], Rule]:
    """Make a rule of a function of a delivery; its keyword-only parameters are the limits, which `limits` explains.

    Those that are tables are read as `tables` say.
    """

    def decorate(function: Callable[..., Iterator[Any]]) -> Rule:
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
