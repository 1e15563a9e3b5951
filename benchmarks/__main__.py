"""``python -m benchmarks``: measure, and write the table and the plot."""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from .bench import Bench
from .report import write_results
from .results import Row, figure
from .scenarios import SCENARIOS


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="smaller sizes, fewer rounds and tools; writes nothing"
    )
    parser.add_argument(
        "--only", action="append", choices=SCENARIOS, help="this row alone; writes nothing"
    )
    arguments = parser.parse_args()
    rows: list[Row] = []
    began = time.perf_counter()
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
    if not arguments.quick and not arguments.only:
        write_results(rows, Path(__file__).parent, time.perf_counter() - began)


if __name__ == "__main__":
    main()
