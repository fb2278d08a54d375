"""A frame made of another one, row by row: it follows an edit of that one by the rows that changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from twin.frame import Frame
from twin.renewal import Renewal, follow

Function = Callable[[Frame], Frame]


def derive_rows(frame: Frame, name: str, function: Function) -> Frame:
    """Give what a function makes of a frame; done once, then kept with the frame and its followers under a name.

    Parameters
    ----------
    frame
        Any rows.
    name
        What says which function it is.
    function
        Leaves rows out or changes them, each whatever the others are; keys and numbers stay.
    """
    return frame.keep(name, lambda: _Derived.of(function, frame)).frame


@dataclass(frozen=True, kw_only=True, eq=False)
class _Derived:
    """See `twin.renewal.Renewable`; `fid` are the numbers of the features in the derived frame, in any order."""

    frame: Frame
    fid: npt.NDArray[np.int64]
    function: Function

    @classmethod
    def of(cls, function: Function, frame: Frame) -> _Derived:
        derived = function(frame)
        return cls(frame=derived, fid=derived.fid, function=function)

    def renewed(self, renewal: Renewal) -> _Derived:
        gone = np.isin(self.fid, renewal.gone)
        come = self.function(renewal.come)
        edit = replace(renewal, gone=self.fid[gone], come=come, read=lambda keys: self.function(renewal.read(keys)))
        return replace(self, frame=follow(self.frame, edit), fid=np.concatenate((self.fid[~gone], come.fid)))
