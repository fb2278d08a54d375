"""Work that several requests may wait for: done once, on all cores, in a queue that does not grow without end."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Coroutine, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

from fastapi import Request

from api.errors import ServiceBusy

T = TypeVar("T")

#: Pieces of work that are done aside at once.
_MOST_ASIDE = 4


class ClientGone(Exception):
    """Nobody waits for the answer any more."""


@dataclass(eq=False)
class _Job:
    future: Future[Any]
    waiting: int = 0


class Desk:
    """Takes in work by key and hands out the results.

    Requests that come for the same key while it is worked on share the result. Work that nobody waits for any more is
    dropped unless it has begun. What a database is long at is done aside, so that nobody else waits for it.

    Parameters
    ----------
    most_waiting
        How many pieces of work may be taken in and not be done yet; more are refused.
    """

    def __init__(self, most_waiting: int) -> None:
        self._most = most_waiting
        self._jobs: dict[Hashable, _Job] = {}
        self._workers = ThreadPoolExecutor(max_workers=os.cpu_count() or 1, thread_name_prefix="desk")
        self._aside = ThreadPoolExecutor(max_workers=_MOST_ASIDE, thread_name_prefix="aside")

    @property
    def length(self) -> int:
        """How many pieces of work were taken in and are not done yet."""
        return len(self._jobs)

    async def obtain(self, key: Hashable, work: Callable[[], T], *, aside: bool = False) -> T:
        """Have a piece of work done, or wait for it where it is under way; whoever waits may be cancelled.

        Parameters
        ----------
        key
            What it is.
        work
            Does it.
        aside
            Whether it may take long, and most of that for others: the database.

        Raises
        ------
        ServiceBusy
            Too much is waiting already.
        """
        job = self._jobs.get(key)
        if job is None:
            if len(self._jobs) >= self._most:
                raise ServiceBusy("too many tiles are being made at the moment; try again in a few seconds")
            job = self._jobs[key] = _Job((self._aside if aside else self._workers).submit(work))
            job.future.add_done_callback(lambda _: self._jobs.pop(key))
        job.waiting += 1
        result: asyncio.Future[T] = asyncio.wrap_future(job.future)
        try:
            return await asyncio.shield(result)
        finally:
            job.waiting -= 1
            if job.waiting == 0:
                job.future.cancel()

    def close(self) -> None:
        """Stop taking work in, and drop what has not begun."""
        for workers in (self._workers, self._aside):
            workers.shutdown(wait=False, cancel_futures=True)


async def unless_gone(request: Request, answering: Coroutine[Any, Any, T]) -> T:
    """Wait for an answer to a request for as long as its client does.

    Raises
    ------
    ClientGone
        The client left.
    """
    answer, leaving = asyncio.ensure_future(answering), asyncio.ensure_future(_until_gone(request))
    try:
        either: set[asyncio.Future[Any]] = {answer, leaving}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if answer.done():
            return answer.result()
        raise ClientGone
    finally:
        leaving.cancel()
        answer.cancel()


async def _until_gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
