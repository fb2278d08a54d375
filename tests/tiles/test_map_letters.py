"""Letters and marks of maps: every Chinese character there is use for, drawn as renderers read them."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import shapely
from fontTools.ttLib import TTFont

import twin
from tests_letters import draw_area, fill_rings, read_rings
from tiles.font import load_font
from tiles.glyphs import FONT_NAME, GlyphFont
from tiles.kernels.distance import draw_distance
from tiles.kernels.letters import draw_letters
from tiles.kernels.outline import trim_lines
from tiles.sprites import describe_sprite, draw_sprite

FONT = Path(twin.__file__).parent / "fonts" / "wqy-microhei.ttf"
#: A pixel's value where the outline runs; 8 pixels are the whole scale.
OUTLINE = 255 * 0.75


def fields_of(message):
    """Read a Protocol Buffers message: pairs of field number and value, by the rules of its specification."""
    position, found = 0, []

    def varint():
        nonlocal position
        number = shift = 0
        while True:
            byte = message[position]
            position += 1
            number |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return number

    while position < len(message):
        key = varint()
        value = varint()
        if key & 7 == 2:
            value, position = message[position : position + value], position + value
        found.append((key >> 3, value))
    return found


def signed(number):
    return number >> 1 if number % 2 == 0 else -(number + 1 >> 1)


@pytest.fixture(scope="module")
def font():
    return GlyphFont()


@pytest.fixture(scope="module")
def glyph_of(font):
    """Read one character's glyph: its fields by name, and its image without the margin."""

    def read(character):
        ((_, stack),) = fields_of(font.draw_range(ord(character) // 256 * 256))
        glyphs = [dict(fields_of(glyph)) for number, glyph in fields_of(stack) if number == 3]
        found = next(glyph for glyph in glyphs if glyph[1] == ord(character))
        place = {"left": signed(found[5]), "top": signed(found[6]), "advance": found[7]}
        image = np.frombuffer(found.get(2, b""), dtype=np.uint8)
        if len(image):
            image = image.reshape(found[4] + 6, found[3] + 6)
            assert image[:3].max() <= OUTLINE  # three pixels around are outside
            assert image[:, -3:].max() <= OUTLINE
        return place, image[3:-3, 3:-3] > OUTLINE if len(image) else image

    return read


def test_the_font_has_every_character_of_gb_2312_and_of_the_basic_block():
    characters = set(TTFont(BytesIO(FONT.read_bytes())).getBestCmap())
    rows = (bytes((row, cell)) for row in range(0xB0, 0xF8) for cell in range(0xA1, 0xFF))
    chinese = {ord(text) for text in (pair.decode("gb2312", "ignore") for pair in rows) if text}
    assert len(chinese) == 6763  # GB/T 2312-1980: 3755 of level 1, 3008 of level 2
    assert chinese | set(range(0x4E00, 0x9FA6)) | set(range(0x20, 0x7F)) <= characters


def test_a_range_says_what_it_is_and_holds_its_characters(font):
    ((_, stack),) = fields_of(font.draw_range(0))
    entries = fields_of(stack)
    assert entries[:2] == [(1, FONT_NAME.encode()), (2, b"0-255")]
    codes = [dict(fields_of(glyph))[1] for _, glyph in entries[2:]]
    assert codes == sorted(codes)
    assert set(range(0x20, 0x7F)) <= set(codes)


def test_a_range_of_nothing_is_empty(font):
    ((_, stack),) = fields_of(font.draw_range(0x1F600))
    assert fields_of(stack) == [(1, FONT_NAME.encode()), (2, b"128512-128767")]


def test_a_stroke_is_a_stroke(glyph_of):
    place, inked = glyph_of("一")
    height, width = inked.shape
    assert (width > 18, height < 5, place["advance"]) == (True, True, 24)
    assert -20 < place["top"] < -10  # in the middle of a line whose top is 26 above the baseline
    assert inked.any(axis=0)[1:-1].all()


def test_what_stands_inside_of_a_frame_is_there(glyph_of):
    _, inked = glyph_of("国")
    height, width = inked.shape
    inner = inked[4:-4, 4:-4]
    assert 0.2 < inner.mean() < 0.7
    assert inked[:, 0:3].any(axis=1).mean() > 0.8  # the left side of the frame runs down
    assert (height > 18, width > 16) == (True, True)


def test_a_space_has_a_width_and_no_image(glyph_of):
    place, image = glyph_of(" ")
    assert place["advance"] > 3
    assert len(image) == 0


@pytest.fixture(scope="module")
def peer():
    """The font as fontTools reads it."""
    return TTFont(BytesIO(FONT.read_bytes()), lazy=True)


def test_characters_and_widths_are_those_of_another_reader(peer):
    names, width = peer.getBestCmap(), peer["hmtx"]
    font = load_font(FONT, 24)
    codes = np.arange(0x30000)
    found = font.find_glyphs(codes)
    assert found.tolist() == [peer.getGlyphID(names[code]) if code in names else 0 for code in codes.tolist()]
    widths = font.advance_px[np.minimum(found, len(font.advance_px) - 1)] * peer["head"].unitsPerEm / 24
    assert all(widths[code] == width[name][0] for code, name in names.items())


# Latin with curves and accents; Cyrillic; kana; ideographs of one part and of several, four of them with parts that
# lie over one another (丣悫悬龯); an ideograph beyond the basic plane.
@pytest.mark.parametrize(
    "characters",
    ["".join(map(chr, range(0x20, 0x180))), "ЖФЩѮҔҦ", "あめっがジ", "一国永龘鬱丣悫悬龯沂南县𠀋"],
    ids=["latin", "cyrillic", "kana", "ideographs"],
)
def test_letters_look_as_fonttools_and_geos_draw_them(characters, peer):
    names, glyphs, font = peer.getBestCmap(), peer.getGlyphSet(), load_font(FONT, 24)
    codes = np.array([ord(character) for character in characters if ord(character) in names])
    pixels, begin, frames = draw_letters(font.outlines, font.find_glyphs(codes), 3)
    drawn = 0
    for place, code in enumerate(codes.tolist()):
        area = fill_rings(read_rings(glyphs, names[code], 24 / 2048))
        image = pixels[begin[place] : begin[place + 1]]
        if area.is_empty:
            assert image.size == 0
            continue
        drawn += 1
        left, top, width, height = frames[place].tolist()
        beyond = area.bounds - np.array([left, top - height, left + width, top])
        assert np.abs(beyond * [1, 1, -1, -1] - 0.5).max() <= 0.51, chr(code)  # what is left of the last pixels
        expected = np.round(draw_area(area, left - 3, top + 3, width + 6, height + 6))
        assert np.abs(expected - image.reshape(expected.shape)).max() <= 1, chr(code)
    assert drawn >= 5


def lines_of(*rings):
    return np.vstack([np.hstack([ring, np.roll(ring, -1, axis=0)]) for ring in np.array(rings, dtype=float)])


def square(low, high, *, east=0):
    return np.array([(low, low), (low, high), (high, high), (high, low)]) + np.array([east, 0])


def length_of(lines):
    return np.hypot(lines[:, 2] - lines[:, 0], lines[:, 3] - lines[:, 1]).sum()


@pytest.mark.parametrize(
    ("rings", "length"),
    [
        ([square(0, 9), square(2, 7)[::-1], square(4, 5)], 36 + 20 + 4),  # a frame and what stands in it
        ([square(0, 9), square(2, 7)], 36),  # inside, turning the same way
        ([square(0, 9), square(3, 12)], 36 + 36 - 4 * 6),  # crossing strokes
        ([square(0, 9), square(0, 9, east=9)], 54),  # side by side
        ([square(0, 9), square(3, 6, east=6)], 36 + 12 - 6),  # side by side, in the middle of a side
        ([square(0, 9), square(0, 9)[::-1]], 0),  # one undoes the other
        ([[(0, 0), (9, 9), (9, 0), (0, 9)]], 18 + 2 * 9 * 2**0.5),  # an eight
        ([[(0, 0), (9, 0), (9, 0), (0, 0)]], 0),  # nothing
    ],
)
def test_the_outline_is_what_bounds_the_filling(rings, length):
    assert length_of(trim_lines(lines_of(*rings))) == pytest.approx(length)


def test_an_outline_that_two_rings_share_the_same_way_stays():
    lines = trim_lines(lines_of(square(0, 9), square(0, 9)))
    assert shapely.length(shapely.union_all(shapely.linestrings(lines.reshape(-1, 2, 2)))) == 36


def test_a_distance_is_an_eighth_of_the_scale_a_pixel():
    image = draw_distance(lines_of(square(0, 10)), -4, 10, 14, 10)
    assert image.shape == (10, 14)
    # The middles of the pixels left of the edge are 3.5 to 0.5 outside, then 0.5 and 1.5 inside, then all is full.
    expected = [round(255 * (0.75 + d / 8)) for d in (-3.5, -2.5, -1.5, -0.5, 0.5, 1.5)] + [255] * 3
    assert image[5, :9].tolist() == expected


def test_what_lies_outside_of_the_image_counts_too():
    whole = draw_distance(lines_of(square(-20, 2.25)), -30, 10, 50, 40)
    part = draw_distance(lines_of(square(-20, 2.25)), 0, 10, 5, 12)
    assert np.array_equal(whole[:12, 30:35], part)
    assert part.min() < OUTLINE < part.max()


@pytest.mark.parametrize("ratio", [1, 2])
def test_marks_stand_in_the_image_where_the_index_says(ratio):
    image = draw_sprite(ratio)
    assert image[:8] == b"\x89PNG\r\n\x1a\n"
    width, height, depth, kind = struct.unpack(">IIBB", image[16:26])
    assert (depth, kind) == (8, 4)  # grey with alpha
    (length,) = struct.unpack(">I", image[33:37])
    rows = np.frombuffer(zlib.decompress(image[41 : 41 + length]), dtype=np.uint8).reshape(height, 1 + 2 * width)
    assert zlib.crc32(image[37 : 41 + length]) == struct.unpack(">I", image[41 + length : 45 + length])[0]
    inside = rows[:, 2::2] > OUTLINE
    marks = describe_sprite(ratio)
    shares = {}
    for name, mark in marks.items():
        assert (mark["pixelRatio"], mark["sdf"]) == (ratio, True)
        part = inside[mark["y"] : mark["y"] + mark["height"], mark["x"] : mark["x"] + mark["width"]]
        assert part.shape == (24 * ratio, 24 * ratio)
        shares[name] = part.sum() / (8 * ratio) ** 2
    # Areas in a circle of radius 1, by hand; whole pixels count.
    assert shares["circle"] == pytest.approx(np.pi, abs=0.3 / ratio)
    assert shares["square"] == pytest.approx(2, abs=0.3 / ratio)
    assert shares["diamond"] == pytest.approx(2, abs=0.3 / ratio)
    assert shares["triangle"] == pytest.approx(3 * 3**0.5 / 4, abs=0.3 / ratio)
    assert shares["star"] == pytest.approx(5 * 0.45 * np.sin(np.pi / 5), abs=0.3 / ratio)
