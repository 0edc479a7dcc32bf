"""`python -m bench [NAME…] [--json] [--scenarios DIR]`: run measurements, each in its own process.

Each `bench/NAME_bench.py` has `run() -> list[Figure]`; one that tells more in JSON has `report()`,
too. Without names all run, and the result is written
to bench/RESULTS.md.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import importlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from bench.figures import as_report, commit
from tapline.errors import TaplineError

NAMES = (
    "edge",
    "codes",
    "import",
    "prepare",
    "personal",
    "send",
    "hours",
    "ingest",
    "verdicts",
    "freshness",
    "report",
    "pages",
    "crash",
    "twilio",
    "inbound",
)
RESULTS = Path(__file__).with_name("RESULTS.md")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "names", nargs="*", choices=[*NAMES, []], metavar="NAME", help=", ".join(NAMES)
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object (one NAME only)")
    parser.add_argument(
        "--scenarios",
        metavar="DIR",
        help="what verdicts plays: held_out, development, mixed or a folder",
    )
    arguments = parser.parse_args()
    if arguments.scenarios:
        os.environ["BENCH_SCENARIOS"] = arguments.scenarios
    if arguments.json and len(arguments.names) != 1:
        parser.error("--json takes exactly one NAME")
    if arguments.json:
        # What a bench prints on the way is progress; standard output holds the one object.
        with contextlib.redirect_stdout(sys.stderr):
            report = _report(arguments.names[0])
        print(json.dumps(report, ensure_ascii=False))
        return 0
    reports = [_run_apart(name) for name in arguments.names or NAMES]
    if not arguments.names:
        RESULTS.write_text(_as_markdown(reports), encoding="utf-8")
    print(_as_markdown(reports))
    return (
        0 if all(item["ok"] is not False for report in reports for item in report["figures"]) else 1
    )


def _report(name: str) -> dict[str, Any]:
    module: Any = importlib.import_module(f"bench.{name}_bench")
    report: dict[str, Any] = (
        module.report() if hasattr(module, "report") else as_report(name, module.run())
    )
    return report


def _run_apart(name: str) -> dict[str, Any]:
    print(f"measuring {name} …", file=sys.stderr)
    run = subprocess.run(
        [sys.executable, "-m", "bench", name, "--json"], stdout=subprocess.PIPE, check=False
    )
    if run.returncode:
        return {
            "bench": name,
            "figures": [
                {
                    "name": f"{name} ended with code {run.returncode}",
                    "value": None,
                    "unit": "",
                    "target": "",
                    "ok": False,
                    "note": "see above",
                }
            ],
        }
    result: dict[str, Any] = json.loads(run.stdout)
    return result


def _as_markdown(reports: list[dict[str, Any]]) -> str:
    lines = [
        "# Results",
        "",
        f"Measured by `make bench` on {dt.datetime.now(dt.UTC):%Y-%m-%d} at commit {commit()}.",
        "Machines differ and are noisy: ratios within one run are what counts.",
        "",
        "| bench | figure | value | unit | target | reached | note |",
        "| --- | --- | ---: | --- | --- | --- | --- |",
    ]
    lines += [_row(report["bench"], item) for report in reports for item in report["figures"]]
    return "\n".join(lines) + "\n"


def _row(bench: str, item: dict[str, Any]) -> str:
    reached = {True: "yes", False: "**no**", None: ""}[item["ok"]]
    cells = [bench, item["name"], _number(item["value"]), item["unit"], item["target"], reached]
    return f"| {' | '.join(cells)} | {item['note']} |"


def _number(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:,.0f}" if value >= 1000 else f"{value:.4g}"


if __name__ == "__main__":
    try:
        sys.exit(main())
    except TaplineError as error:  # something that whoever asked can mend
        sys.exit(str(error))
