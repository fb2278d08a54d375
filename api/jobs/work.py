"""The process of one job: reads its order from standard input, evaluates, and writes the outputs.

Run as ``python -m api.jobs.work`` by `api.jobs.desk`.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from api.errors import JobFailed
from api.jobs.execution import find_process, make_outputs
from api.jobs.files import read_job, write_job
from twin.asking import ask
from twin.engine import evaluate
from twin.errors import TwinError
from twin.indicator import Indicator
from twin.place import Place
from twin.settings import Settings
from twin.stores import open_store


def run_job(folder: Path, store: Place, *, serve_secret: bool) -> None:
    """Evaluate what a job asks for and write its outputs into its folder; what goes wrong is written down too.

    Raises
    ------
    FileNotFoundError
        The job was dismissed.
    """
    job = read_job(folder).moved("running", "is being evaluated")
    write_job(folder, job)
    try:
        import layers  # what takes memory is imported when the limits stand

        catalog = layers.catalog()
        served = catalog.served(Settings(serve_secret=serve_secret))
        process = find_process(served, job.execution.process)
        parameters, as_of = job.execution.arguments(process)
        with open_store(store) as opened:
            result = (
                evaluate(process, catalog, opened, parameters=parameters, as_of=as_of)
                if isinstance(process, Indicator)
                else ask(process, served, opened, parameters=parameters, as_of=as_of)
            )
            for name, content in make_outputs(result, job.execution.outputs, served, opened).items():
                with (folder / name).open("wb") as file:
                    file.writelines(content)
    except TwinError as error:
        write_job(folder, job.failed(error))
    except MemoryError:
        write_job(folder, job.failed(JobFailed("the job needs more memory than a job may have")))
    else:
        write_job(folder, job.moved("successful", "has its outputs"))


def limit_resources(memory_mb: int, cpu_s: int) -> None:
    """Limit what this process may take, where the system can: memory, and time on all processors together."""
    if sys.platform != "win32":
        import resource

        memory, cpu = memory_mb * 1_000_000, cpu_s * (os.cpu_count() or 1)
        resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
        resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu))


def main() -> None:
    """Do what the order says."""
    order: dict[str, Any] = json.load(sys.stdin)
    limit_resources(order["memory_mb"], order["cpu_s"])
    try:
        run_job(Path(order["folder"]), Place(order["store"]), serve_secret=order["serve_secret"])
    except FileNotFoundError:  # nobody wants it any more
        sys.exit(1)


if __name__ == "__main__":
    main()
