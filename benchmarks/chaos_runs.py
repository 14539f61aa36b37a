"""A thousand seeded runs of `davy chaos`: events lost, stored twice, taken from a stranger, on mosquitto and on amqtt.

Half an hour on two cores with --lanes 3. A run that fails is told with the command that repeats it.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from rich.console import Console

from davy.chaos import BROKERS, Outcome, run_many
from davy.chaos.broker_process import mosquitto_path
from davy.chaos.summary import table, verdict
from davy.paths import FIRMWARE


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--lanes", type=int, default=3)
    parser.add_argument("--plain", action="store_true", help="without TLS")
    parser.add_argument("--keep", type=Path, help="folder for what failed")
    parser.add_argument("--firmware", type=Path, default=FIRMWARE, help="another tree than the shipped one")
    options = parser.parse_args()
    brokers = BROKERS if mosquitto_path() is not None else ("amqtt",)
    if len(brokers) == 1:
        print("mosquitto is not installed: amqtt only")
    ended = 0

    def heard(outcome: Outcome) -> None:
        nonlocal ended
        ended += 1
        for violation in outcome.violations[:3]:
            print(f"seed {outcome.plan.seed} ({outcome.plan.broker}): {violation.verdict}: {violation.words[:200]}")
        if outcome.violations:
            print(f"  repeat: {outcome.repeat}")
        if ended % 50 == 0:
            print(f"{ended} runs", flush=True)

    with tempfile.TemporaryDirectory() as name:
        report = run_many(
            Path(name),
            runs=options.runs,
            seed=options.seed,
            brokers=brokers,
            tls=not options.plain,
            lanes=options.lanes,
            keep=options.keep,
            firmware=options.firmware,
            on_outcome=heard,
        )
    console = Console(width=100)
    console.print(table(report))
    print(verdict(report))
    sys.exit(1 if report.failed else 0)


if __name__ == "__main__":
    main()
