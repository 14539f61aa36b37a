"""Which place a run wants: the `labgrid` part of a bench file."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from davy.errors import InputError

_KEYS = ("coordinator", "place", "tags", "wait_s")
#: labgrid's own variable, which its programs take as well.
_COORDINATOR = "LG_COORDINATOR"
_ADDRESS = re.compile(r"\[[0-9A-Fa-f:.]+\](:\d+)?|[^\s:/]+(:\d+)?")
#: As the coordinator wants them: a key it takes for something else, or not at all, would fit no place for ever.
_TAG_KEY, _TAG_VALUE = re.compile(r"[a-z][a-z0-9_]+"), re.compile(r"[a-z0-9_]+")
_LONGEST_WAIT_S = 86_400.0


@dataclass(frozen=True)
class Wanted:
    """A place of a coordinator (HOST[:PORT]): the one of that name, or any that has all the tags."""

    coordinator: str
    place: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)

    def filters(self) -> dict[str, str]:
        """As a reservation asks for it: labgrid gives each place its name as a tag."""
        return {"name": self.place} if self.place else dict(self.tags)

    def fits(self, name: str, tags: Mapping[str, str]) -> bool:
        """Whether a place would do."""
        return name == self.place if self.place else self.tags.items() <= tags.items()

    def said(self) -> str:
        """For a person."""
        return (
            f"place {self.place}"
            if self.place
            else "a place with " + " ".join(f"{k}={v}" for k, v in self.tags.items())
        )


def wanted_of(told: Any, where: str) -> tuple[Wanted, float]:
    """The place, and for how many seconds a run waits for it (0 without `wait_s`). `told` is what stands under `labgrid`.

    Raises InputError, whose place is `where`.
    """
    if not isinstance(told, dict):
        raise InputError(where, "labgrid is no table", "coordinator: HOST:PORT and place: NAME below it")
    for key in told:
        if key not in _KEYS:
            raise InputError(where, f"labgrid has no {key}", f"one of {', '.join(_KEYS)}")
    coordinator = told.get("coordinator") or os.environ.get(_COORDINATOR, "")
    if not isinstance(coordinator, str) or not _ADDRESS.fullmatch(coordinator):
        raise InputError(where, f"labgrid.coordinator is {coordinator!r}", f"HOST or HOST:PORT; or ${_COORDINATOR}")
    place, tags, wait_s = told.get("place", ""), told.get("tags", {}), told.get("wait_s", 0)
    if not isinstance(tags, dict) or not all(
        _TAG_KEY.fullmatch(str(key)) and _TAG_VALUE.fullmatch(str(value)) for key, value in tags.items()
    ):
        raise InputError(where, f"labgrid.tags is {tags!r}", "words in lower case, as in {board: devkit_mq}")
    if not isinstance(place, str) or bool(place) == bool(tags):
        raise InputError(where, "labgrid names a place, or tags of one", "place: NAME, or tags: {KEY: VALUE}")
    if isinstance(wait_s, bool) or not isinstance(wait_s, int | float) or not 0 <= wait_s <= _LONGEST_WAIT_S:
        raise InputError(where, f"labgrid.wait_s is {wait_s!r}", f"seconds, 0 to {_LONGEST_WAIT_S:.0f}")
    return Wanted(coordinator, place, {str(key): str(value) for key, value in tags.items()}), float(wait_s)
