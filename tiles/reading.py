"""Where the rows of tiles come from."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from twin.departures import Departures
from twin.frame import Frame
from twin.layer import Layer
from twin.query import AsOf
from twin.store import Store


class FrameReader(Protocol):
    """Where the rows of layers come from."""

    @property
    def store(self) -> Store:
        """The store that they are read from."""
        ...

    @property
    def departures(self) -> Departures:
        """Where features were before."""
        ...

    @property
    def name_revision(self) -> Callable[[int], str]:
        """Names a revision as no other is named."""
        ...

    def get(self, layer: Layer, as_of: AsOf | None = None) -> Frame:
        """The layer's frame at a revision or instant, now by default."""
        ...

    def peek(self, layer: Layer, *, ask: bool = True) -> Frame | None:
        """The layer's current frame, if it is in memory; without asking the store, if that is known."""
        ...

    def follow(self, layer: Layer) -> Frame | None:
        """The layer's current frame, if it is in memory or follows from an earlier one."""
        ...

    def fetch(self, layer: Layer, prepare: Callable[[Frame], object]) -> None:
        """Read and prepare the layer's current frame in the background."""
        ...

    @property
    def most_rows(self) -> int:
        """How many rows of a layer may be in memory."""
        ...

    def beyond(self, layer: Layer) -> int | None:
        """The last revision of a layer that has more; None of others."""
        ...


@dataclass(frozen=True, kw_only=True)
class PinnedFrames:
    """Frames that stay what they are, and revisions of the layers that are too large."""

    store: Store
    departures: Departures
    name_revision: Callable[[int], str]
    most_rows: int
    frames: Mapping[str, Frame]
    revisions: Mapping[str, int]

    @classmethod
    def only(cls, frames: FrameReader, some: Mapping[str, Frame]) -> PinnedFrames:
        """Pin some frames and nothing else."""
        return cls(
            store=frames.store,
            departures=frames.departures,
            name_revision=frames.name_revision,
            most_rows=frames.most_rows,
            frames=some,
            revisions={},
        )

    @classmethod
    def of(cls, frames: FrameReader, layers: Collection[Layer], choose: Callable[[Layer], Frame]) -> PinnedFrames:
        """Pin some layers: the frames that are chosen of those that fit, the revisions of the others."""
        revisions = {layer.id: frames.beyond(layer) for layer in layers}
        return cls(
            store=frames.store,
            departures=frames.departures,
            name_revision=frames.name_revision,
            most_rows=frames.most_rows,
            frames={layer.id: choose(layer) for layer in layers if revisions[layer.id] is None},
            revisions={name: revision for name, revision in revisions.items() if revision is not None},
        )

    def get(self, layer: Layer, as_of: AsOf | None = None) -> Frame:  # noqa: ARG002
        """The frame that was chosen."""
        return self.frames[layer.id]

    def peek(self, layer: Layer, *, ask: bool = True) -> Frame | None:  # noqa: ARG002
        """The frame that was chosen; None of a layer that is too large."""
        return self.frames.get(layer.id)

    def follow(self, layer: Layer) -> Frame | None:
        """What there is."""
        return self.frames.get(layer.id)

    def fetch(self, layer: Layer, prepare: Callable[[Frame], object]) -> None:
        """Do nothing."""

    def beyond(self, layer: Layer) -> int | None:
        """The revision of a layer that is too large, when it was pinned."""
        return self.revisions.get(layer.id)
