"""The letters of map labels as map renderers ask for them: 256 characters at a time, drawn from the font that ships.

References
----------
Glyph ranges of MapLibre and Mapbox GL: https://github.com/mapbox/node-fontnik/blob/master/proto/glyphs.proto
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

import numpy as np

from tiles.font import Font, load_font
from tiles.kernels.letter import draw_letter
from tiles.protobuf import bytes_field, varint_field

#: The one font there is; Latin, Greek, Cyrillic, kana, and every CJK ideograph of the basic block.
FONT_NAME = "WenQuanYi Micro Hei Regular"
RANGE = 256

_FILE = Path(__file__).parent / "fonts" / "wqy-microhei.ttf"
_EM_PX = 24
#: Room around each glyph for what of its distance field lies outside.
_MARGIN_PX = 3
#: Where renderers take the top of a line to be above the baseline.
_ASCENT_PX = 26


class GlyphFont:
    """Draws the characters of the font; loads it when the first ones are asked for."""

    @cached_property
    def _font(self) -> Font:
        return load_font(_FILE, _EM_PX)

    def draw_range(self, first: int) -> bytes:
        """Draw the characters from a code point on, as a glyph range; those that the font lacks are absent.

        Parameters
        ----------
        first
            A multiple of 256.
        """
        codes = np.arange(first, first + RANGE)
        glyphs = self._font.find_glyphs(codes)
        drawn = [
            bytes_field(3, self._draw(code, glyph))
            for code, glyph in zip(codes.tolist(), glyphs.tolist(), strict=True)
            if glyph
        ]
        stack = bytes_field(1, FONT_NAME.encode()) + bytes_field(2, f"{first}-{first + RANGE - 1}".encode())
        return bytes_field(1, stack + b"".join(drawn))

    def _draw(self, code: int, glyph: int) -> bytes:
        image, west, north = draw_letter(self._font.outlines, glyph, _MARGIN_PX)
        height, width = image.shape
        room = 2 * _MARGIN_PX if image.size else 0
        advance = self._font.advance_px[min(glyph, len(self._font.advance_px) - 1)]
        return b"".join(
            (
                varint_field(1, code),
                bytes_field(2, image.tobytes()) if image.size else b"",
                varint_field(3, width - room),
                varint_field(4, height - room),
                varint_field(5, _zigzag(west + room // 2)),
                varint_field(6, _zigzag(north - room // 2 - _ASCENT_PX if image.size else 0)),
                varint_field(7, round(advance)),
            )
        )


def _zigzag(number: int) -> int:
    return number << 1 ^ number >> 63
