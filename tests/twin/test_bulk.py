"""Whoever makes many objects keeps the search for garbage away, and brings it back whatever happens."""

from __future__ import annotations

import gc

import pytest

from twin.bulk import many_objects


def test_garbage_is_looked_for_again_when_the_last_maker_has_left():
    first, second = many_objects(), many_objects()
    first.__enter__()
    second.__enter__()
    assert not gc.isenabled()
    first.__exit__(None, None, None)
    assert not gc.isenabled()
    second.__exit__(None, None, None)
    assert gc.isenabled()


def test_garbage_is_looked_for_again_after_a_failure():
    with pytest.raises(ZeroDivisionError), many_objects():
        raise ZeroDivisionError
    assert gc.isenabled()


def test_who_does_without_the_search_is_left_alone():
    gc.disable()
    try:
        with many_objects():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
