"""An Intake: files that belong together and become several layers at once, or none."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from twin.parameters import Parameter, parse_parameters, read_signature

if TYPE_CHECKING:
    from twin.store import Store


#: Formats of reports, by what the name of the file ends in.
REPORT_FORMATS = (".xlsx", ".html", ".geojson", ".json")


@dataclass(frozen=True, kw_only=True)
class Order:
    """What a caller wants done with files.

    Parameters
    ----------
    files
        The files.
    crs, encoding
        Of the files, where they do not say.
    author, reason
        Who writes and why; the file names by default.
    effective
        From when it is so in the real world.
    dry_run
        Do everything but write.
    watch
        Told of every step before it is taken.
    """

    files: Sequence[Path]
    author: str
    crs: str | None = None
    encoding: str | None = None
    reason: str = ""
    effective: datetime | None = None
    dry_run: bool = False
    watch: Callable[[str], None] = lambda _: None


class Outcome(Protocol):
    """What became of files: taken or refused as a whole."""

    @property
    def accepted(self) -> bool:
        """Whether they were taken, or would have been."""
        ...

    def to_dict(self) -> dict[str, Any]:
        """The report as plain JSON values."""
        ...

    def render(self) -> str:
        """The report as text for a terminal."""
        ...

    def write(self, path: Path) -> None:
        """Write the report to a file, in the one of `REPORT_FORMATS` that its name ends in."""
        ...


@dataclass(frozen=True, kw_only=True)
class Intake:
    """A way in for files that become several layers at once.

    Parameters
    ----------
    id, title, title_zh, about
        What it is called, and what it takes.
    layers
        The layers that it writes.
    parameters
        What a caller may set.
    function
        Called with a store, an `Order` and the parameters.
    """

    id: str
    title: str
    title_zh: str
    about: str
    layers: tuple[str, ...]
    parameters: Mapping[str, Parameter]
    function: Callable[..., Outcome]

    def take(self, store: Store, order: Order, parameters: Mapping[str, Any]) -> Outcome:
        """Take files in, or refuse them.

        Raises
        ------
        InvalidParameter
            A parameter is unknown or malformed.
        """
        return self.function(store, order, **parse_parameters(self.id, self.parameters, parameters))


def intake(
    *, title: str, title_zh: str, layers: tuple[str, ...], about: Mapping[str, str]
) -> Callable[[Callable[..., Outcome]], Intake]:
    """Make an Intake of a function of a store and an `Order`.

    The function's name is the id, its keyword-only parameters are what a caller may set; `about` describes those.
    """

    def decorate(function: Callable[..., Outcome]) -> Intake:
        _, parameters = read_signature(function, about)
        return Intake(
            id=function.__name__,
            title=title,
            title_zh=title_zh,
            about=inspect.cleandoc(function.__doc__ or ""),
            layers=layers,
            parameters=parameters,
            function=function,
        )

    return decorate
