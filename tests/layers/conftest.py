"""Frames from rows written by hand, so that themes are tested without a store."""

from __future__ import annotations

import pytest

from tests_frames import MakeFrame, make_frame


@pytest.fixture(scope="session")
def frame() -> MakeFrame:
    """A function ``frame(layer, rows, crs)``; rows hold fields and a ``geometry`` as WKT or shapely geometry."""
    return make_frame
