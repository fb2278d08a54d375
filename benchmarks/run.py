"""Run the benchmarks, each in a process of its own that prints its table: ``make bench [ARGS=name]``."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def main(wanted: list[str]) -> int:
    """Run the benchmarks whose name holds one of the words, all without any; return how many failed."""
    found = sorted(Path(__file__).parent.glob("bench_*.py"))
    chosen = [file for file in found if not wanted or any(word in file.stem for word in wanted)]
    if not chosen:
        print(f"no such benchmark; there are {', '.join(file.stem.removeprefix('bench_') for file in found)}")
        return 1
    failed = 0
    for file in chosen:
        print(f"\n== {file.stem.removeprefix('bench_')}", flush=True)
        failed += subprocess.run([sys.executable, str(file)], check=False).returncode != 0
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
