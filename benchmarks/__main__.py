"""``python -m benchmarks``: measure, and write the table and the plot."""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from .results import figure
from .scenarios import SCENARIOS, Bench


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="smaller sizes, fewer rounds and tools"
    )
    parser.add_argument("--only", action="append", choices=SCENARIOS, help="this row alone")
    arguments = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory(prefix="benchmarks-") as folder:
        bench = Bench(Path(folder), arguments.quick)
        for name in arguments.only or SCENARIOS:
            started = time.perf_counter()
            for row in SCENARIOS[name](bench):
                rows.append(row)
                print(row.what)
                for tool, value in row.figures.items():
                    print(f"    {tool:20} {figure(value, row.unit)}")
                for check in row.checks:
                    print(f"  {'ok  ' if check.met else 'MISS'} {check.reach}: {check.value:.4g}")
                if row.note:
                    print(f"    {row.note}")
                for seen, holders in dict(row.details.get("sees", {})).items():
                    print(
                        f"    {seen:20} {' '.join('yes' if v else 'no' for v in holders.values())}"
                    )
            print(f"  [{name}: {time.perf_counter() - started:.1f} s]", flush=True)


if __name__ == "__main__":
    main()
