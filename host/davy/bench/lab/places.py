"""The places of a coordinator, who has each, and taking back what a dead client holds."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from davy.bench.errors import BenchError
from davy.bench.lab.address import BENCH_CLASS
from davy.bench.lab.guard import give_back
from davy.bench.lab.holder import Life, this_process
from davy.bench.lab.session import Session, holder_of
from davy.errors import InputError

_LIVES: dict[Life, str] = {
    "alive": "its process runs",
    "dead": "its process is dead: --release takes the place back",
    "elsewhere": "its process cannot be seen from here",
    "person": "by labgrid-client",
}


@dataclass(frozen=True)
class PlaceState:
    """`offered`: a bench of an exporter that is there now. `holder` is empty, and `life` None, for a free place.

    `changed`: since when it is so. `reserved`: somebody is about to take it.
    """

    name: str
    tags: dict[str, str]
    offered: bool
    holder: str
    life: Life | None
    changed: datetime.datetime
    reserved: bool

    def said(self) -> str:
        """How it stands, in a line."""
        if self.life is None:
            free = "reserved" if self.reserved else "free"
            return free if self.offered else f"{free}, but no exporter offers its bench"
        return f"held by {self.holder} since {self.changed:%Y-%m-%d %H:%M}; {_LIVES[self.life]}"


def list_places(coordinator: str) -> list[PlaceState]:
    """All of them, by name. Raises BenchError (place) when the coordinator cannot be reached."""
    with Session(coordinator, this_process()) as session:
        found = []
        benches = [path for path, entry in session.resources() if path[2] == BENCH_CLASS and entry.avail]
        for place in session.places():
            holder = holder_of(place)
            found.append(
                PlaceState(
                    name=place.name,
                    tags=dict(place.tags),
                    offered=any(place.hasmatch(path) for path in benches),
                    holder=holder.said() if holder else "",
                    life=holder.life() if holder else None,
                    changed=datetime.datetime.fromtimestamp(place.changed).astimezone(),
                    reserved=bool(place.reservation),
                )
            )
        return found


def take_back(coordinator: str, name: str, *, force: bool = False) -> str:
    """Give a place back that its holder left; who that was.

    Without `force`, only from a process that is certainly dead. Raises InputError for a place that is not there or not held, and
    BenchError (place) when the holder may live.
    """
    with Session(coordinator, this_process()) as session:
        place = session.place(name)
        if place is None:
            there = ", ".join(str(each.name) for each in session.places())
            raise InputError(f"place {name}", "the coordinator has none of that name", f"it has: {there or 'none'}")
        holder = holder_of(place)
        if holder is None:
            raise InputError(f"place {name}", "nobody holds it", "nothing is to be done")
        life = holder.life()
        if life != "dead" and not force:
            raise BenchError(
                "place",
                f"place {name}",
                f"held by {holder.said()}, {_LIVES[life]}",
                "end that run; or, when you are sure that nobody works there, --force",
            )
    # Only from that holder: whoever took the place meanwhile keeps it.
    give_back(coordinator, holder, name)
    return holder.said()
