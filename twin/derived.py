"""A frame made of another one, row by row: it follows an edit of that one by the rows that changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from twin.frame import Frame
from twin.layer import Layer
from twin.renewal import Renewal, follow
from twin.rows import Rows, Unread

Function = Callable[[Rows], Rows]


def derive_rows(frame: Frame, layer: Layer, name: str, function: Function) -> Frame:
    """Make a frame of what a function makes of the rows of another one, when somebody asks for them.

    It is kept with the other one, and with that one's followers.

    Parameters
    ----------
    frame
        The other one.
    layer
        Which the rows are of then.
    name
        What says which function it is.
    function
        Leaves rows out or changes them, each whatever the others are; keys and numbers stay.
    """
    rows = frame.rows  # and not the frame: a frame that keeps what refers to itself would stay in memory
    revision, keeper = frame.revision, frame.keeper and frame.keeper.below(name)

    def make() -> _Derived:
        unread = Unread(crs=rows.crs, source=lambda: function(rows.read()))
        derived = Frame(layer=layer, rows=unread, revision=revision, keeper=keeper)
        return _Derived(frame=derived, function=function)

    return frame.keep(name, make).frame


@dataclass(frozen=True, kw_only=True, eq=False)
class _Derived:
    """See `twin.renewal.Renewable`."""

    frame: Frame
    function: Function

    def renewed(self, renewal: Renewal) -> _Derived:
        layer, function, read = self.frame.layer, self.function, renewal.read

        def derive(frame: Frame) -> Frame:
            return Frame(layer=layer, rows=function(frame.rows.read()), revision=frame.revision)

        edit = replace(renewal, come=derive(renewal.come), read=lambda keys: derive(read(keys)))
        return replace(self, frame=follow(self.frame, edit))
