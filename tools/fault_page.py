"""Write docs/faults.md out of davy.codec.fault_table.

    python tools/fault_page.py [--check]

`--check` writes nothing and exits with 1 when the page is stale.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from davy.codec.fault_table import FAULT_TABLE

TARGET = Path(__file__).resolve().parent.parent / "docs" / "faults.md"


def render() -> str:
    """The page's text."""
    rows = "".join(
        f"| {bit.value} | `{bit.name.lower()}` | {entry.meaning} | {entry.found} | {entry.effect} | {entry.remedy} |\n"
        for bit, entry in FAULT_TABLE.items()
    )
    return f"""# Faults
Made from `host/davy/codec/fault_table.py` by `python tools/fault_page.py`: change that, not this page.
Each has a bit in the state report's `faults`, and an event when it comes and when it goes. Whatever else the device
expresses, the yellow lamp shows that a fault is there. A fault is never a number: a reading that is one has no value.

| bit | fault | what it means | how and how soon it is found | what the device does | what to do |
|---|---|---|---|---|---|
{rows}"""


def main() -> int:
    """Exit status: 0 written or fresh, 1 stale."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="only look whether the page is fresh")
    if not parser.parse_args().check:
        TARGET.write_text(render(), encoding="utf-8")
        return 0
    if not TARGET.exists() or TARGET.read_text(encoding="utf-8") != render():
        print(f"{TARGET.name} is stale; run python tools/fault_page.py", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
