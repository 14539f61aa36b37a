"""Coverage-guided fuzzing (atheris, libFuzzer) of all that a stranger's bytes can reach in the protocol.

Each input is taken as a bare frame, as one with its CRC made right, as a sealed packet and as a stretch of a serial line, by the
host's decoder and the board's. A crash is whatever is raised, and two answers to one input; its bytes are written beside
the corpus, which starts with the golden vectors and is kept in build/fuzz from run to run.

Exit status 0 nothing found, 1 a crash, 2 no atheris. Needs: pip install atheris
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import importlib.util
import re
import subprocess
import sys
from pathlib import Path

from davy.paths import ROOT

FOLDER = ROOT / "build" / "fuzz"
INSTRUMENTED = ["davy.codec", "protocol"]
#: Two of the longest frames as lines, and some.
LONGEST_BYTES = 700
#: The first word by which this program starts itself.
_INSIDE = "--inside"
_LAST_LINES = 40


def fuzz(words: list[str]) -> None:
    """In a process of its own: libFuzzer ends it."""
    atheris = importlib.import_module("atheris")
    sys.path.insert(0, str(ROOT / "host" / "tests"))
    with atheris.instrument_imports(include=INSTRUMENTED):
        target = importlib.import_module("support.fuzz_target")
    atheris.Setup([sys.argv[0], *words], target.take)
    atheris.Fuzz()


def lay_corpus(folder: Path) -> int:
    """The golden vectors as files, beside what earlier runs have found; gives how many there are."""
    sys.path.insert(0, str(ROOT / "host" / "tests"))
    target = importlib.import_module("support.fuzz_target")
    folder.mkdir(parents=True, exist_ok=True)
    for data in target.corpus():
        (folder / hashlib.sha1(data).hexdigest()).write_bytes(data)
    return len(list(folder.iterdir()))


def main() -> int:
    """The exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=600, help="of fuzzing (600)")
    parser.add_argument("--seed", type=int, default=1, help="of libFuzzer's dice (1)")
    options = parser.parse_args()
    if options.seconds < 1:
        parser.error(f"--seconds: {options.seconds} is not 1 or more")
    if importlib.util.find_spec("atheris") is None:
        print(f"atheris is not installed in {sys.prefix}; pip install atheris (CPython 3.11 to 3.13)", file=sys.stderr)
        return 2
    began_with = lay_corpus(FOLDER / "corpus")
    words = [
        str(FOLDER / "corpus"),
        f"-max_total_time={options.seconds}",
        f"-max_len={LONGEST_BYTES}",
        f"-artifact_prefix={FOLDER}/",
        f"-seed={options.seed}",
        "-timeout=10",
        "-use_value_profile=1",
        "-print_final_stats=1",
    ]
    command = [sys.executable, __file__, _INSIDE, *words]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    ) as child:
        assert child.stdout is not None
        lines = []
        for line in child.stdout:
            lines.append(line)
            if "pulse" in line:
                print(line.rstrip(), file=sys.stderr)
    said = "".join(lines)
    written = re.findall(r"Test unit written to (\S+)", said)
    if child.returncode and not written:
        raise RuntimeError(f"libFuzzer ended with {child.returncode}: {said}")
    runs = re.findall(r"stat::number_of_executed_units: (\d+)", said)
    covered = re.findall(r"cov: (\d+) ft: (\d+) corp: (\d+)", said)
    if runs and covered:
        edges, features, inputs = covered[-1]
        print(f"{int(runs[-1]):,} inputs, seed {options.seed}: {edges} edges, {features} features covered")
        print(
            f"corpus: {began_with} inputs at the start, {inputs} of use at the end ({FOLDER.relative_to(ROOT)}/corpus)"
        )
    if written:
        print("".join(lines[-_LAST_LINES:]))
        print(f"a crash: its bytes are in {Path(written[-1]).relative_to(ROOT)}")
        return 1
    print(f"{options.seconds} s: no crash, and one answer of both decoders to each")
    return 0


if __name__ == "__main__":
    if sys.argv[1:2] == [_INSIDE]:
        fuzz(sys.argv[2:])
    sys.exit(main())
