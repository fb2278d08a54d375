"""An Analysis: a pure function from Frames to an Answer; what is asked of layers and is no measure of the county.

It is declared like an indicator, and the command line and the API are derived from it in the same way. It has no unit,
no target and no breakdown: its answer is figures, and features that play a part in it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Protocol

from twin.bcf import Topic
from twin.indicator import Clause, Shape
from twin.paper import Paper
from twin.parameters import Parameter, parse_parameters, read_signature
from twin.title_block import Basis

#: Gives the bytes that rows name by their SHA-256, see `twin.store.Store.kept`: the same for the same rows, for good.
Kept = Callable[[str], bytes]
_KEPT, _NAMED = "kept", "named"


class Draw(Protocol):
    """Draws an answer on paper."""

    def __call__(self, *, basis: Basis) -> Paper:
        """Draw it, with what it rests on in the title block."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What an analysis found.

    Parameters
    ----------
    figures
        JSON-ready, named with units.
    features
        Keys by layer id, by the role that these features play.
    shapes
        Derived geometry.
    note
        What a reader must know about this answer.
    drawing
        Draws the answer on paper, given what it rests on as `basis`; of an analysis that draws.
    topics
        Makes a topic of everything that somebody has to look at, of an analysis that raises them.
    """

    figures: Mapping[str, Any]
    features: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    shapes: tuple[Shape, ...] = ()
    note: str = ""
    drawing: Draw | None = None
    topics: Callable[[], Sequence[Topic]] | None = None


@dataclass(frozen=True, kw_only=True)
class Figure:
    """What a figure of an answer is called.

    Parameters
    ----------
    title, title_zh
        English and Chinese.
    unit
        Of the number, or of each of a list of them.
    members
        Of an object, or of each of a list of them, what its own figures are called, by name.
    """

    title: str
    title_zh: str
    unit: str = ""
    members: Mapping[str, Figure] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Analysis:
    """A question about layers: what it is called, what it rests on, and the function that answers it.

    Parameters
    ----------
    id, title, title_zh, about, clause
        What it is.
    function, inputs, parameters
        The function, the layers that it is given, and what may be asked besides.
    figures
        What the figures of its answers are called, by name.
    roles
        English and Chinese titles of the roles that features and shapes play in its answers.
    draws
        Whether its answers are drawings as well.
    raises_topics
        Whether its answers are topics of the BIM Collaboration Format as well.
    fills
        Id of the layer whose features the shapes of its answers are, their properties the fields; if any.
    narrows
        Parameters that ask for a part of that layer only.
    reads_kept
        Whether the function is given, as `kept`, what the store keeps beside rows.
    names
        The parameter that names one more layer, and the one with a condition on it (CQL2), if there is such a pair; the
        function is given its rows, or None, as `named`.
    """

    id: str
    title: str
    title_zh: str
    about: str
    clause: Clause
    function: Callable[..., Answer]
    inputs: tuple[str, ...]
    parameters: Mapping[str, Parameter]
    figures: Mapping[str, Figure]
    roles: Mapping[str, tuple[str, str]]
    draws: bool = False
    raises_topics: bool = False
    fills: str | None = None
    narrows: tuple[str, ...] = ()
    reads_kept: bool = False
    names: tuple[str, str] | None = None

    def parse(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        """Every parameter with its value: the given ones parsed, the others at their default."""
        return parse_parameters(self.id, self.parameters, raw)


def analysis(
    *,
    title: str,
    title_zh: str,
    clause: Clause,
    figures: Mapping[str, Figure],
    roles: Mapping[str, tuple[str, str]],
    about: Mapping[str, str] | None = None,
    draws: bool = False,
    raises_topics: bool = False,
    fills: str | None = None,
    narrows: tuple[str, ...] = (),
    names: tuple[str, str] | None = None,
) -> Callable[[Callable[..., Answer]], Analysis]:
    """Make an Analysis of a function.

    The function's name is the id, its positional parameters are layer ids, its keyword-only parameters are what the
    API and the command line offer (see `twin.parameters`); `about` describes those. One that is called `kept` is not
    offered: it is given a `Kept`. Nor is `named`, of an analysis with `names`: it is given a `Frame | None`.
    """

    def decorate(function: Callable[..., Answer]) -> Analysis:
        inputs, parameters = read_signature(function, about or {}, given=(_KEPT, _NAMED))
        return Analysis(
            id=function.__name__,
            title=title,
            title_zh=title_zh,
            about=inspect.cleandoc(function.__doc__ or ""),
            clause=clause,
            function=function,
            inputs=inputs,
            parameters=parameters,
            figures=MappingProxyType(dict(figures)),
            roles=MappingProxyType(dict(roles)),
            draws=draws,
            raises_topics=raises_topics,
            fills=fills,
            narrows=narrows,
            reads_kept=_KEPT in inspect.signature(function).parameters,
            names=names,
        )

    return decorate
