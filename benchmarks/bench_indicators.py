"""All indicators on the county-size sample, cold: a new process from start to printed table."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

LIMIT_S = 2.0


def twin(*words: str) -> str:
    """Run a command as its users do."""
    return subprocess.run([sys.executable, "-m", "twin.cli", *words], check=True, capture_output=True, text=True).stdout


def peak_mb(*words: str) -> float:
    """Largest resident size of one command, in MB."""
    code = (
        "import resource, subprocess, sys;"
        "subprocess.run([sys.executable, '-m', 'twin.cli', *sys.argv[1:]], check=True, capture_output=True);"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)"
    )
    return float(
        subprocess.run([sys.executable, "-c", code, *words], check=True, capture_output=True, text=True).stdout
    )


def cold_s(*words: str) -> float:
    """Median seconds of five new processes."""
    seconds = []
    for _ in range(5):
        start = time.perf_counter()
        subprocess.run([sys.executable, *words], check=True, capture_output=True)
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def main() -> None:
    """Print seconds against the limit, and the peak memory."""
    with tempfile.TemporaryDirectory() as folder:
        store = str(Path(folder) / "county.gpkg")
        start = time.perf_counter()
        twin("sample", store, "--size", "county")
        print(f"{'county made and loaded':<44} {time.perf_counter() - start:9.1f} s   (limit 240 s)")
        counts = {layer["id"]: layer["features"] for layer in json.loads(twin("layers", "--store", store, "--json"))}
        print("rows: " + ", ".join(f"{name} {count:,}" for name, count in counts.items()))
        base = cold_s("-c", "import geopandas, sqlalchemy")
        print(f"{'importing geopandas and sqlalchemy alone':<44} {base:9.2f} s")
        assessed = cold_s("-m", "twin.cli", "assess", "--store", store)
        print(f"{'all indicators, cold process':<44} {assessed:9.2f} s   (limit {LIMIT_S:g} s) {assessed / base:.2f}×")
        print(f"{'list of indicators, cold process':<44} {cold_s('-m', 'twin.cli', 'indicators'):9.2f} s")
        print(f"peak memory {peak_mb('assess', '--store', store):.0f} MB")


if __name__ == "__main__":
    main()
