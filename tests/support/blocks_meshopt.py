"""Arrays packed by EXT_meshopt_compression, unpacked by the letter of its appendix A, a byte at a time."""

from __future__ import annotations

from typing import Any

import numpy as np


def unpack(data: bytes, told: dict[str, Any]) -> bytes:
    """The bytes of a view of which the extension tells `told`."""
    count, stride = told["count"], told["byteStride"]
    if told["mode"] == "INDICES":
        return np.array(_read_sequence(data, count), np.uint16 if stride == 2 else np.uint32).tobytes()
    rows = _read_attributes(data, count, stride)
    if told["filter"] == "EXPONENTIAL":
        words = rows.view(np.int32)
        return np.ldexp((words << 8 >> 8).astype(np.float64), words >> 24).astype(np.float32).tobytes()
    assert told["filter"] == "NONE"
    return rows.tobytes()


def _read_attributes(data: bytes, count: int, stride: int) -> np.ndarray:
    assert data[0] == 0xA0
    rows = np.zeros((count, stride), np.uint8)
    before = list(data[len(data) - stride :])
    most, at = min(8192 // stride & ~15, 256), 1
    for first in range(0, count, most):
        size = min(most, count - first)
        for byte in range(stride):
            groups = -(-size // 16)
            head, at = data[at : at + -(-groups // 4)], at + -(-groups // 4)
            deltas: list[int] = []
            for group in range(groups):
                bits = (0, 2, 4, 8)[head[group // 4] >> group % 4 * 2 & 3]
                packed, at = data[at : at + 2 * bits], at + 2 * bits
                text = "".join(f"{each:08b}" for each in packed)
                for place in range(16):
                    delta = int(text[place * bits : (place + 1) * bits] or "0", 2)
                    if bits in (2, 4) and delta == 2**bits - 1:
                        delta, at = data[at], at + 1
                    deltas.append(delta)
            for row, delta in enumerate(deltas[:size], first):
                before[byte] = before[byte] + (-(delta + 1) // 2 if delta % 2 else delta // 2) & 0xFF
                rows[row, byte] = before[byte]
    assert at == len(data) - max(stride, 32)
    return rows


def _read_sequence(data: bytes, count: int) -> list[int]:
    assert data[0] == 0xD1
    at, last, numbers = 1, [0, 0], []
    for _ in range(count):
        value = shift = 0
        while True:
            value |= (data[at] & 127) << shift
            at, shift, goes_on = at + 1, shift + 7, data[at] & 128
            if not goes_on:
                break
        baseline, delta = value & 1, value >> 1
        last[baseline] += -(delta + 1) // 2 if delta % 2 else delta // 2
        numbers.append(last[baseline])
    assert at == len(data) - 4
    return numbers
