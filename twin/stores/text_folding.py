"""What every database makes of text that is compared without regard to case or accents."""

from __future__ import annotations

import re
import unicodedata

#: A character of the blocks of combining diacritical marks. Marks that are letters to their readers, such as those of
#: Japanese and Hindi, stay.
DIACRITIC = "[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"


def fold_accents(text: str) -> str:
    """Leave out diacritical marks; what is left is composed (Unicode NFC)."""
    return unicodedata.normalize("NFC", re.sub(DIACRITIC, "", unicodedata.normalize("NFD", text)))
