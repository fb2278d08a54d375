"""The letters of map labels as map renderers ask for them: 256 characters at a time, drawn from the font that ships.

References
----------
Glyph ranges of MapLibre and Mapbox GL: https://github.com/mapbox/node-fontnik/blob/master/proto/glyphs.proto
"""

from __future__ import annotations

from functools import cached_property
from itertools import pairwise

import numpy as np

from tiles.font import Font, load_font
from tiles.kernels.letters import draw_letters
from tiles.protobuf import bytes_field, varint_field
from twin.paper import FONT_FILE

#: The one font there is; Latin, Greek, Cyrillic, kana, and every CJK ideograph of the basic block.
FONT_NAME = "WenQuanYi Micro Hei Regular"
RANGE = 256

_EM_PX = 24
#: Room around each glyph for what of its distance field lies outside.
_MARGIN_PX = 3
#: Where renderers take the top of a line to be above the baseline.
_ASCENT_PX = 26


class GlyphFont:
    """Draws the characters of the font; loads it when the first ones are asked for."""

    @cached_property
    def _font(self) -> Font:
        return load_font(FONT_FILE, _EM_PX)

    def draw_range(self, first: int) -> bytes:
        """Draw the characters from a code point on, as a glyph range; those that the font lacks are absent.

        Parameters
        ----------
        first
            A multiple of 256.
        """
        font, codes = self._font, np.arange(first, first + RANGE)
        glyphs = font.find_glyphs(codes)
        codes, glyphs = codes[glyphs > 0], glyphs[glyphs > 0]
        pixels, begin, frames = draw_letters(font.outlines, glyphs, _MARGIN_PX)
        drawn = pixels.tobytes()
        images = [drawn[begin:end] for begin, end in pairwise(begin.tolist())]
        advances = np.rint(font.advance_px[np.minimum(glyphs, len(font.advance_px) - 1)]).astype(int)
        described = zip(codes.tolist(), images, frames.tolist(), advances.tolist(), strict=True)
        stack = bytes_field(1, FONT_NAME.encode()) + bytes_field(2, f"{first}-{first + RANGE - 1}".encode())
        return bytes_field(1, stack + b"".join(bytes_field(3, _describe(*glyph)) for glyph in described))


def _describe(code: int, image: bytes, frame: list[int], advance_px: int) -> bytes:
    left, top, width, height = frame
    return b"".join(
        (
            varint_field(1, code),
            bytes_field(2, image) if image else b"",
            varint_field(3, width),
            varint_field(4, height),
            varint_field(5, _zigzag(left)),
            varint_field(6, _zigzag(top - _ASCENT_PX if image else 0)),
            varint_field(7, advance_px),
        )
    )


def _zigzag(number: int) -> int:
    return number << 1 ^ number >> 63
