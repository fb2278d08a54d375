"""Words of a twin as XML names, and back: a name may be Chinese, begin with a digit, or hold what XML has no place for.

What cannot stand in a name is written ``_xHHHH_``, its code point in hexadecimal (as in ISO 9075-14, 9.1). Names that
parsers of the first editions of XML do not take are written so too.
"""

from __future__ import annotations

import re

#: A letter that may stand in a name, and one that may not begin it.
_STRANGE = re.compile(r"[^A-Za-z0-9_.\-\u4e00-\u9fa5]|_(?=x[0-9A-Fa-f]{4})|^[0-9.\-]")
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4,6})_")
#: What XML 1.0 has no way to write.
_UNWRITABLE = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\r": "&#13;"})


def to_xml_name(word: str) -> str:
    """Write a word as a name without colon (NCName)."""
    return _STRANGE.sub(lambda found: f"_x{ord(found[0]):04X}_", word)


def from_xml_name(name: str) -> str:
    """Read the word that `to_xml_name` wrote; any other name is itself."""
    return _ESCAPED.sub(_unescape, name)


def escape_text(text: str) -> str:
    """Write text for the content of an element or a value in double quotes."""
    return make_writable(text).translate(_ENTITIES)


def make_writable(text: str) -> str:
    """Put U+FFFD in the place of what XML cannot say."""
    return _UNWRITABLE.sub("\ufffd", text)


def _unescape(found: re.Match[str]) -> str:
    code = int(found[1], 16)
    return chr(code) if code <= 0x10FFFF else found[0]
