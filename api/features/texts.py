"""The features of a layer as finished GeoJSON, in the order of their keys."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, replace
from io import BytesIO

import numpy as np
import numpy.typing as npt

from api.features.splice import Splice
from api.forms.geojson import encode_features
from tiles.kernels.gather import gather_pieces
from twin.frame import Frame

Integers = npt.NDArray[np.int64]

#: Features that are written at a time, so that others get their turn between.
_BATCH = 1_000
#: What came later is put with the rest when it is this part of it, and this large.
_LATER_SHARE, _LATER_BYTES = 0.02, 1_000_000


@dataclass(frozen=True, kw_only=True, eq=False)
class Texts:
    """n features, each its key and behind it its text, in one long memory.

    Parameters
    ----------
    begin, middle, end
        n: where the key of each begins, where its text does, and where that ends, in `pool` continued by `later`.
    pool, later
        The bytes, UTF-8; those of edits are put into the second, which is small, and the first is not copied for them.
    """

    begin: Integers
    middle: Integers
    end: Integers
    pool: bytes
    later: bytes = b""

    @classmethod
    def of(cls, frame: Frame) -> Texts:
        """Write the features of a frame."""
        written, sizes = BytesIO(), [0]
        for first in range(0, len(frame), _BATCH):
            some = frame.take(np.arange(first, min(len(frame), first + _BATCH)))
            for key, text in zip(some.data.index, encode_features(some), strict=True):
                sizes += (written.write(_encode_key(key)), written.write(text.encode()))
        bounds = np.cumsum(sizes)
        begin, middle, end = (np.ascontiguousarray(one) for one in (bounds[:-1:2], bounds[1::2], bounds[2::2]))
        return cls(begin=begin, middle=middle, end=end, pool=written.getvalue())

    def __len__(self) -> int:
        return len(self.begin)

    def cut(self, rows: Integers) -> list[bytes]:
        """The texts of some rows."""
        return self._cut(self.middle[rows], self.end[rows])

    def joined(self, rows: Integers) -> bytes:
        """The same with commas between them."""
        return gather_pieces(self.pool, self.later, self.middle, self.end, rows, ord(",")).tobytes()

    def key(self, row: int) -> str:
        """The key of a row."""
        return self._key(row).decode("utf-8", "surrogatepass")

    def count_before(self, key: str) -> int:
        """Count the features whose keys come before a key."""
        return bisect_left(range(len(self)), _encode_key(key), key=self._key)

    def count_until(self, key: str) -> int:
        """The same with the feature of that key."""
        return bisect_right(range(len(self)), _encode_key(key), key=self._key)

    def spliced(self, come: Texts, splice: Splice) -> Texts:
        """Follow an edit by which some features come; the memory is shared."""
        shift = len(self.pool) + len(self.later)
        begin, middle, end = (
            splice.of(one, other + shift)
            for one, other in ((self.begin, come.begin), (self.middle, come.middle), (self.end, come.end))
        )
        spliced = replace(self, begin=begin, middle=middle, end=end, later=self.later + come.pool)
        large = len(spliced.later) > max(_LATER_BYTES, _LATER_SHARE * len(self.pool))
        return spliced._packed() if large else spliced

    def _packed(self) -> Texts:
        """The same without what nobody needs any more."""
        sizes = self.end - self.begin
        begin = np.cumsum(sizes) - sizes
        middle, end = begin + (self.middle - self.begin), begin + sizes
        return Texts(begin=begin, middle=middle, end=end, pool=b"".join(self._cut(self.begin, self.end)))

    def _key(self, row: int) -> bytes:
        (key,) = self._cut(self.begin[row : row + 1], self.middle[row : row + 1])
        return key

    def _cut(self, begin: Integers, end: Integers) -> list[bytes]:
        pool, later, size = self.pool, self.later, len(self.pool)
        return [
            pool[first:last] if first < size else later[first - size : last - size]
            for first, last in zip(begin.tolist(), end.tolist(), strict=True)
        ]


def _encode_key(key: str) -> bytes:
    """Bytes whose order is that of the code points."""
    return key.encode("utf-8", "surrogatepass")
