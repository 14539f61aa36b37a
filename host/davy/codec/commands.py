"""Commands as they are given."""

from __future__ import annotations

from davy.codec.generated import Command, CommandKind, Setting


def plain_command(target: bytes, kind: CommandKind) -> Command:
    """A command without an argument from a person at a unit's wired line: of no session, and of no id."""
    return Command(target, 0, 0, kind, Setting.NONE, 0)
