"""Threads that ask for the same at the same time."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

from twin.once import computed_once


def test_threads_that_come_together_get_one_result_computed_once():
    asked = []

    @computed_once
    def find(name):
        asked.append(name)
        time.sleep(0.05)  # long enough for all threads to come
        return [name]

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(find, ["a"] * 8))
    assert asked == ["a"]
    assert all(each is found[0] for each in found)
    assert find("b") == ["b"]
