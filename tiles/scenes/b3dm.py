"""Contents of 3D Tiles 1.0: glTF with a table in front of it.

References
----------
OGC 18-053r2, 3D Tiles 1.0: 10.2 (batched 3D model), 9.4 (batch table).
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from typing import Any

_HEAD_BYTES = 28


def pack_b3dm(glb: bytes, count: int, table: Mapping[str, list[Any]]) -> bytes:
    """Put tables in front of binary glTF whose vertices know their feature by ``_BATCHID``.

    Parameters
    ----------
    glb
        A multiple of 8 bytes.
    count, table
        How many features there are, and what they say by field; None where they say nothing.
    """
    features, batch = _align({"BATCH_LENGTH": count}, _HEAD_BYTES), _align(dict(table), 0)
    sizes = (len(features), 0, len(batch), 0)
    length = _HEAD_BYTES + len(features) + len(batch) + len(glb)
    return struct.pack("<4s6I", b"b3dm", 1, length, *sizes) + features + batch + glb


def _align(value: dict[str, Any], before: int) -> bytes:
    """JSON that ends at a multiple of 8 bytes."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    return text + b" " * (-(before + len(text)) % 8)
