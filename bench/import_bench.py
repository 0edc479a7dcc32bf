"""How long a million contacts take to come in, in how much memory, and how long others wait."""

from __future__ import annotations

import os
import random
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from bench.audience import OtherWriter, peak_mb
from bench.figures import Figure, at_most, seen

ROWS = int(os.environ.get("BENCH_IMPORT_ROWS", "1000000"))
SECONDS_FOR_A_MILLION = 60
HOLD_MS = LONGEST_WAIT_MS = 100
AREAS = [area for area in range(201, 990) if area % 100 != 11]


def run() -> list[Figure]:
    """Import `ROWS` made-up rows into a fresh data folder, while another process writes too."""
    with tempfile.TemporaryDirectory(prefix="tapline-bench-import-") as folder:
        os.environ["TAPLINE_DATA_DIR"] = folder
        from tapline.cli import set_up_django

        set_up_django()
        return _measure(Path(folder))


def _measure(folder: Path) -> list[Figure]:
    from django.core.management import call_command

    from tapline.contacts.importing import ImportOptions, answer, import_file
    from tapline.workspaces.tree import create_workspace

    call_command("migrate", interactive=False, verbosity=0)
    workspace = create_workspace("Bench")
    path = folder / "contacts.csv"
    _write_rows(path)
    before_mb = peak_mb()
    agreed = answer("web form", datetime(2026, 1, 1, tzinfo=UTC), "Yes, text me offers.")
    options = ImportOptions(by="bench", answer=agreed, tags=("bench",))
    others = OtherWriter()
    others.start()
    cpu_began = time.process_time()
    try:
        report = import_file(workspace, path, options)
    finally:
        others.stop()
    assert report.created + report.duplicates == ROWS, report.as_dict()
    cpu_seconds = time.process_time() - cpu_began
    per_million = report.seconds * 1_000_000 / ROWS
    return [
        at_most(
            "a million contacts", per_million, "s", SECONDS_FOR_A_MILLION, f"{ROWS:,} rows moved"
        ),
        seen("CPU time of a million", cpu_seconds * 1_000_000 / ROWS, "s"),
        seen("rows", ROWS / report.seconds, "rows/s"),
        seen("peak memory above the start", peak_mb() - before_mb, "MB"),
        at_most("longest hold of the writer", report.longest_hold_seconds * 1000, "ms", HOLD_MS),
        seen("others' writes, 99th percentile", others.percentile_ms(0.99), "ms"),
        at_most(
            "others' writes, slowest",
            others.percentile_ms(1.0),
            "ms",
            LONGEST_WAIT_MS,
            f"{len(others.waits_ms)} writes",
        ),
    ]


def _write_rows(path: Path) -> None:
    """Write numbers of the range reserved for fiction first, then other made-up ones."""
    source = random.Random(1)
    cities = ["Boston", "Chicago", "Denver", "El Paso", "Fresno"]
    with path.open("w", encoding="utf-8") as file:
        file.write("phone,first_name,last_name,city,language,zone,tags\n")
        for row in range(ROWS):
            area, rest = AREAS[row % len(AREAS)], row // len(AREAS)
            # 55501xx serves 100 per area; a million needs more, and nothing is ever sent.
            number = f"({area}) 555-{100 + rest:04}"
            city = source.choice(cities)
            file.write(f"{number},Name{row % 5000},Made-Up,{city},en,America/New_York,vip\n")
