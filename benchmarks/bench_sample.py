"""The sample county: seconds to generate and to load, peak memory, size of the store; each size in its own process."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import cast

from support import peak_memory_mb

import layers
from sample_gis import generate, load
from sample_gis.county import Size
from twin.stores import create_store

#: What each size may take: seconds in all, memory in MB.
LIMITS = {"small": (20, 1_000), "county": (240, 4_000)}


def run(size: Size) -> int:
    """Generate and load one size; return 1 when it took too much."""
    start = time.perf_counter()
    county = generate(size)
    generated_s = time.perf_counter() - start
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "sample.gpkg"
        with create_store(place, crs=county.crs, title="benchmark", area=county.area) as store:
            load(store, layers.catalog(), county)
        megabytes = place.stat().st_size / 1e6
    total_s = time.perf_counter() - start
    most_s, most_mb = LIMITS[size]
    print(
        f"{size:<8} {len(county.layers['buildings']):>8} buildings   "
        f"{len(county.layers['pipe_segments']):>8} segments   generate {generated_s:6.1f} s   "
        f"in all {total_s:6.1f} s (limit {most_s})   peak {peak_memory_mb():6.0f} MB (limit {most_mb})   "
        f"store {megabytes:5.0f} MB"
    )
    return int(total_s > most_s or peak_memory_mb() > most_mb)


def main(sizes: list[str]) -> int:
    """Run one size here, or both in processes of their own so that each has its own peak of memory."""
    if sizes:
        return run(cast("Size", sizes[0]))
    return sum(subprocess.run([sys.executable, __file__, size], check=False).returncode for size in LIMITS)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
