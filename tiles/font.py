"""A TrueType font as arrays.

References
----------
ISO/IEC 14496-22 (OpenType), 4.3 "Organization of an OpenType font", 5.1.2 "cmap", 5.1.3 "head", 5.1.4 "hhea",
5.1.5 "hmtx", 5.3.5 "loca".
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tiles.kernels.glyf import Outlines

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Font:
    """What is needed of a font to draw with it.

    Parameters
    ----------
    outlines
        The outlines of all glyphs.
    advance_px
        How far the next letter is from each, unrounded; the last is that of all further ones.
    groups
        Characters that follow one another, and so do their glyphs: rows of first code point, last one, first glyph.
    """

    outlines: Outlines
    advance_px: npt.NDArray[np.float64]
    groups: Integers

    def find_glyphs(self, codes: Integers) -> Integers:
        """Find the glyphs of code points; 0 where the font has none."""
        first, last, glyph = self.groups[np.searchsorted(self.groups[:, 0], codes, side="right") - 1].T
        return np.where((first <= codes) & (codes <= last), glyph + codes - first, 0)


def load_font(path: Path, em_px: float) -> Font:
    """Read a font with a table of characters in groups (format 12), as fonts of Chinese have it.

    Parameters
    ----------
    path
        The file.
    em_px
        The size to draw at.
    """
    data = path.read_bytes()
    (count,) = struct.unpack_from(">H", data, 4)
    tables = {}
    for entry in range(count):
        name, _, begin, size = struct.unpack_from(">4sLLL", data, 12 + 16 * entry)
        tables[name.decode()] = data[begin : begin + size]
    (units_per_em,) = struct.unpack_from(">H", tables["head"], 18)
    (long_offsets,) = struct.unpack_from(">h", tables["head"], 50)
    (metrics,) = struct.unpack_from(">H", tables["hhea"], 34)
    px_per_unit = em_px / units_per_em
    advance_units = np.frombuffer(tables["hmtx"], dtype=">u2", count=2 * metrics)[::2]
    begin = np.frombuffer(tables["loca"], dtype=">u4" if long_offsets else ">u2").astype(np.int64)
    return Font(
        outlines=Outlines(
            glyf=np.frombuffer(tables["glyf"], dtype=np.uint8),
            begin=begin if long_offsets else 2 * begin,
            px_per_unit=px_per_unit,
        ),
        advance_px=advance_units * px_per_unit,
        groups=_read_groups(tables["cmap"]),
    )


def _read_groups(cmap: bytes) -> Integers:
    (count,) = struct.unpack_from(">H", cmap, 2)
    subtables = [struct.unpack_from(">L", cmap, 8 + 8 * entry)[0] for entry in range(count)]
    begin = next(begin for begin in subtables if struct.unpack_from(">H", cmap, begin) == (12,))
    (groups,) = struct.unpack_from(">L", cmap, begin + 12)
    return np.frombuffer(cmap, dtype=">u4", count=3 * groups, offset=begin + 16).astype(np.int64).reshape(-1, 3)
