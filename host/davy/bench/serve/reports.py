"""Where the report of a run lies: only what the history names, and only within the folder of records."""

from __future__ import annotations

from pathlib import Path

from davy.bench.serve.units import record_of


def path_of(records: Path, run_id: str) -> Path | None:
    """The file, or None: for a run that is not known, and for a name that leads out of the folder, by whatever way.

    Raises units.HistoryAway.
    """
    record = record_of(records, run_id)
    if record is None:
        return None
    root = records.resolve()
    # The history is a file that others may write as well: what it names is a claim.
    try:
        path = (root / record).with_suffix(".html")
        found = path.resolve(strict=True)
    except (OSError, ValueError, RuntimeError):
        return None
    return path if found == path and found.is_relative_to(root) and found.is_file() else None
