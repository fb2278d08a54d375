"""Arrays that follow edits, against lists of keys in order."""

from __future__ import annotations

import numpy as np
import pytest

from api.features.splice import Splice


@pytest.mark.parametrize(
    ("deleted", "written"),
    [
        ("", "c"),
        ("", "ceg"),
        ("a", ""),
        ("bd", "b"),
        ("", "x"),
        ("c", "cc1"),
        ("aceg", "a0b0z"),
        ("abcdefg", "h"),
        ("", ""),
    ],
)
def test_features_are_found_again_where_their_keys_are(deleted, written):
    before = list("abcdefg")
    come = sorted(set(written))
    left = [key for key in before if key not in deleted and key not in come]
    after = sorted(left + come)
    gone = np.array([place for place, key in enumerate(before) if key not in left], dtype=np.int64)
    places = np.array([sum(other < key for other in left) for key in come], dtype=np.int64)

    splice = Splice(gone=gone, places=places)
    assert splice.of(np.array(before, dtype=object), np.array(come, dtype=object)).tolist() == after
    assert [after[place] for place in splice.come] == come
    rows = np.array([6, 0, 3, 2, 5, 1, 4])  # of which some have no place
    lost, stay = splice.follow(rows[:5])
    assert [before[row] for row in rows[lost]] == [before[row] for row in rows[:5] if before[row] not in left]
    assert [after[row] for row in stay] == [before[row] for row in rows[:5] if before[row] in left]
