"""The little of Protocol Buffers that a vector tile needs.

References
----------
Protocol Buffers, "Encoding": https://protobuf.dev/programming-guides/encoding/
"""

from __future__ import annotations


def varint(number: int) -> bytes:
    """Write a non-negative integer in base 128, least significant group first."""
    groups = bytearray()
    while number > 0x7F:
        groups.append(number & 0x7F | 0x80)
        number >>= 7
    groups.append(number)
    return bytes(groups)


def varint_field(tag: int, number: int) -> bytes:
    """Write a field that holds a non-negative integer."""
    return varint(tag << 3) + varint(number)


def bytes_field(tag: int, *content: bytes | memoryview) -> bytes:
    """Write a field that holds a string, a message or packed integers, given in one piece or several."""
    return b"".join((varint(tag << 3 | 2), varint(sum(map(len, content))), *content))
