"""Work that several requests may wait for: done once, on all cores, in a queue that does not grow without end."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

from fastapi import Request

from twin.errors import TwinError

T = TypeVar("T")


class ServiceBusy(TwinError):
    """More is asked for than can be done in reasonable time."""

    status: ClassVar[int] = 503
    slug: ClassVar[str] = "service-busy"
    title: ClassVar[str] = "Service is busy"


class ClientGone(Exception):
    """Nobody waits for the answer any more."""


@dataclass(eq=False)
class _Job:
    future: Future[Any]
    waiting: int = 0


class Desk:
    """Takes in work by key and hands out the results.

    Requests that come for the same key while it is worked on share the result. Work that nobody waits for any more is
    dropped unless it has begun.

    Parameters
    ----------
    most_waiting
        How many pieces of work may be taken in and not be done yet; more are refused.
    """

    def __init__(self, most_waiting: int) -> None:
        self._most = most_waiting
        self._jobs: dict[Hashable, _Job] = {}
        self._workers = ThreadPoolExecutor(max_workers=os.cpu_count() or 1, thread_name_prefix="desk")

    async def obtain(self, key: Hashable, work: Callable[[], T], request: Request) -> T:
        """Have a piece of work done, or wait for it where it is under way.

        Raises
        ------
        ServiceBusy
            Too much is waiting already.
        ClientGone
            The client of the request left.
        """
        job = self._jobs.get(key)
        if job is None:
            if len(self._jobs) >= self._most:
                raise ServiceBusy("too many tiles are being made at the moment; try again in a few seconds")
            job = self._jobs[key] = _Job(self._workers.submit(work))
            forget = asyncio.get_running_loop().call_soon_threadsafe
            job.future.add_done_callback(lambda _: forget(self._jobs.pop, key, None))
        job.waiting += 1
        result: asyncio.Future[T] = asyncio.wrap_future(job.future)
        leaving = asyncio.ensure_future(_until_gone(request))
        try:
            either: set[asyncio.Future[Any]] = {result, leaving}
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if result.done():
                return result.result()
            raise ClientGone
        finally:
            leaving.cancel()
            job.waiting -= 1
            if job.waiting == 0 and not job.future.done():
                job.future.cancel()

    def close(self) -> None:
        """Stop taking work in, and drop what has not begun."""
        self._workers.shutdown(wait=False, cancel_futures=True)


async def _until_gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
