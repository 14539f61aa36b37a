"""Write what follows from firmware/protocol/messages.py: the host's typed messages, PROTOCOL.md, the golden vectors.

    python tools/generate_protocol.py [--check]

`--check` writes nothing and exits with 1 when a file on disk is stale.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

import protocol_fast
import protocol_page
import protocol_vectors
import protocol_words

from protocol import messages

ROOT = Path(__file__).resolve().parent.parent


_HEAD = '''"""The messages as typed tuples. Generated from firmware/protocol/messages.py by tools/generate_protocol.py: do not edit."""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

'''
_ENUM_CLASSES = {
    "status": "Status",
    "level": "Level",
    "gas": "Gas",
    "valve": "ValveState",
    "run_state": "RunState",
    "event": "EventKind",
    "tier": "Tier",
    "result": "Result",
    "command": "CommandKind",
    "query": "QueryKind",
    "outcome": "Outcome",
    "test": "SelfTest",
    "product": "Product",
    "clock": "Clock",
    "setting": "Setting",
}


def render_classes() -> str:
    """The module's text."""
    parts = [_HEAD]
    for table, class_name in _ENUM_CLASSES.items():
        parts.append(f'\nclass {class_name}(IntEnum):\n    """Values of the enum `{table}`."""\n\n')
        parts += [f"    {name.upper()} = {value}\n" for value, name in enumerate(messages.ENUMS[table])]
        parts.append("\n")
    parts.append('\nclass Fault(IntEnum):\n    """Positions of the bits in the field `faults`."""\n\n')
    parts += [f"    {name.upper()} = {value}\n" for value, name in enumerate(messages.FAULT_BITS)]
    parts.append('\n\nclass Capability(IntEnum):\n    """Positions of the bits in the field `capabilities`."""\n\n')
    parts += [f"    {name.upper()} = {value}\n" for value, name in enumerate(messages.CAPABILITIES)]
    parts.append('\n\nclass SelfTestItem(IntEnum):\n    """Positions of the bits in the field `test_failed`."""\n\n')
    parts += [f"    {name.upper()} = {value}\n" for value, name in enumerate(messages.TEST_ITEMS)]
    parts.append("\n")
    for message_type, fields in messages.FIELDS.items():
        name = messages.NAMES[message_type]
        parts.append(f'\nclass {name.capitalize()}(NamedTuple):\n    """{protocol_words.MEANINGS[message_type]}"""\n\n')
        for field, kind, unit, _low, _high, invalid, _since, _enum in fields:
            meaning = protocol_words.FIELDS[message_type][field]
            python = "bytes" if kind in messages.BYTES else "str" if kind == "text" else "int"
            parts.append(f"    {field}: {python}{' | None' if invalid is not None else ''}\n")
            parts.append(f'    """{meaning}{f" ({unit})" if unit else ""}"""\n')
        parts.append("\n")
    names = [messages.NAMES[message_type].capitalize() for message_type in messages.FIELDS]
    parts.append(f"\nMessage = {' | '.join(names)}\n")
    ids = ", ".join(f"{message_type}: {name}" for message_type, name in zip(messages.FIELDS, names, strict=True))
    parts.append(f"CLASSES: dict[int, type[Message]] = {{{ids}}}\n")
    return "".join(parts)


def formatted(text: str) -> str:
    """Python source in the house format."""
    ruff = Path(sys.executable).with_name("ruff")
    command = [str(ruff), "format", "--stdin-filename", "generated.py", "-"]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=True, cwd=ROOT).stdout


def generated() -> dict[Path, str]:
    """Each generated file with the text it should have."""
    return {
        ROOT / "host/davy/codec/generated.py": formatted(render_classes()),
        ROOT / "host/davy/codec/fast.py": formatted(protocol_fast.render()),
        ROOT / "firmware/protocol/PROTOCOL.md": protocol_page.render(),
        ROOT / "firmware/protocol/vectors.json": protocol_vectors.render(),
    }


def main() -> int:
    """Exit status: 0 written or fresh, 1 stale."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="only look whether the files are fresh")
    check = parser.parse_args().check
    stale = 0
    for path, text in generated().items():
        if not check:
            path.write_text(text)
        elif not path.exists() or path.read_text() != text:
            print(f"{path.relative_to(ROOT)} is stale; run python tools/generate_protocol.py", file=sys.stderr)
            stale = 1
    return stale


if __name__ == "__main__":
    sys.exit(main())
