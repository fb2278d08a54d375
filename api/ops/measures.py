"""What a process counts of its answers; as few steps for each as can be."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, field
from threading import Lock

#: Upper bounds of the classes of how long answers take, seconds.
SECONDS = (0.0001, 0.00025, 0.001, 0.0025, 0.01, 0.025, 0.1, 0.25, 1.0, 2.5, 10.0, 60.0)


@dataclass(slots=True)
class Tally:
    """Answers of one kind.

    Parameters
    ----------
    classes
        How many took so long; see `SECONDS`.
    seconds, size
        Of all of them together.
    """

    classes: list[int] = field(default_factory=lambda: [0] * (len(SECONDS) + 1))
    seconds: float = 0.0
    size: int = 0


class Measures:
    """Counts answers by route, method and status, and features by layer."""

    def __init__(self) -> None:
        self.answers: dict[tuple[str, str, int], Tally] = {}
        self.features: Counter[str] = Counter()
        self._guard = Lock()

    def count_features(self, layer_id: str, count: int) -> None:
        """Count features of a layer that are sent; in any thread."""
        with self._guard:
            self.features[layer_id] += count

    def note(self, route: str, method: str, status: int, size: int, seconds: float) -> None:
        """Count an answer; in the thread of the event loop."""
        key = route, method, status
        tally = self.answers.get(key)
        if tally is None:
            tally = self.answers[key] = Tally()
        tally.classes[bisect_left(SECONDS, seconds)] += 1
        tally.seconds += seconds
        tally.size += size
