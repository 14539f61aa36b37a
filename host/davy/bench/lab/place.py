"""Holding a place: taken by name or by tags, in turn, and given back whatever happens."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from threading import Event
from typing import Any

from davy.bench.errors import BenchError
from davy.bench.lab.address import LabAddress, address_of
from davy.bench.lab.guard import Guard, give_back
from davy.bench.lab.holder import Holder, this_process
from davy.bench.lab.need import generated
from davy.bench.lab.session import Refused, Session, holder_of
from davy.bench.lab.wanted import Wanted
from davy.errors import InputError

_LOOK_EACH_S = 0.5
_WAITING = 0  # of labgrid's ReservationState
_ALLOCATED = 1


class Held:
    """A place that is ours. `address` says where its bench is."""

    def __init__(self, session: Session, name: str, holder: Holder) -> None:
        self.session, self.name, self.holder = session, name, holder
        self._changes = session.changes
        self.address: LabAddress = address_of(name, self._resources())

    def check(self) -> None:
        """Raises BenchError (place) when the place, or what belongs to it, is no longer there; costs nothing.

        To be asked before a verdict: what happened on a bench that somebody else may have had says nothing about a device.
        """
        if self.session.lost:
            raise BenchError(
                "place", f"place {self.name}", "its coordinator has gone, and with it whose the place is",
                "run again when labgrid-coordinator is there",
            )  # fmt: skip
        changes = self.session.changes
        if changes == self._changes:
            return
        place = self.session.place(self.name)
        if place is None or place.acquired != str(self.holder):
            whose = holder_of(place) if place is not None else None
            raise BenchError(
                "place", f"place {self.name}", f"was taken away, and is {'held by ' + whose.said() if whose else 'free'}", "run again"
            )  # fmt: skip
        if address_of(self.name, self._resources()) != self.address:
            raise BenchError("place", f"place {self.name}", "its exporter offers another bench now", "run again")
        self._changes = changes

    def _resources(self) -> list[tuple[str, str, dict[str, Any]]]:
        """(name in the place, class, parameters) of each."""
        place = self.session.place(self.name)
        offered = dict(self.session.resources())
        found = []
        for path in place.acquired_resources if place is not None else ():
            entry = offered.get(tuple(path))
            if entry is None or not entry.avail:
                raise BenchError(
                    "place", f"place {self.name}", f"its exporter {path[0]} no longer offers {path[2]} {path[1]}/{path[3]}",
                    "is labgrid-exporter running there, and the part plugged in?",
                )  # fmt: skip
            match = place.getmatch(tuple(path))
            found.append((match.rename or path[3], path[2], dict(entry.args)))
        return found


@contextlib.contextmanager
def hold(wanted: Wanted, wait_s: float = 0.0, tell: Callable[[str], None] = lambda _: None) -> Iterator[Held]:
    """A place, for as long as the context lasts. `tell` hears of the wait, a line each time that something changed.

    Raises InputError for a place or tags that are not there, BenchError (place) when it is not free within wait_s, when its
    exporter is not there, and when the coordinator cannot be reached.
    """
    holder = this_process()
    with Session(wanted.coordinator, holder) as session, contextlib.closing(Guard(wanted.coordinator, holder)) as guard:
        _check_wanted(session, wanted)
        with _reservation(session, wanted) as token:
            name = _turn(session, wanted, token, wait_s, tell)
            guard.hold(name)
            _acquire(session, name)
        try:
            if not session.place(name).acquired_resources:
                raise BenchError(
                    "place", f"place {name}", "nothing of it is there", "is labgrid-exporter running at the bench?"
                )
            yield Held(session, name, holder)
        finally:
            if _release(session, wanted, holder, name):
                guard.free(name)


def _check_wanted(session: Session, wanted: Wanted) -> None:
    there = {str(each.name): each.tags for each in session.places()}
    if not wanted.place and not wanted.tags:
        raise InputError("labgrid", "neither a place nor tags", f"name one of: {', '.join(there) or 'none is made'}")
    if wanted.place and wanted.place not in there:
        raise InputError(
            wanted.said(), "the coordinator has none of that name", f"it has: {', '.join(there) or 'none'}"
        )
    if not any(wanted.fits(name, tags) for name, tags in there.items()):
        raise InputError(
            wanted.said(), "the coordinator has none", "labgrid-client -p PLACE set-tags KEY=VALUE gives tags"
        )


@contextlib.contextmanager
def _reservation(session: Session, wanted: Wanted) -> Iterator[str]:
    """A place in the queue. It is given up as soon as the place is ours: an old one would keep others out for a minute."""
    filters = {"main": generated().Reservation.Filter(filter=wanted.filters())}
    try:
        answer = session.request("CreateReservation", "CreateReservationRequest", filters=filters, prio=0.0)
    except Refused as error:
        raise InputError(wanted.said(), str(error), "tags are lower-case words") from error
    token = str(answer.reservation.token)
    try:
        yield token
    finally:
        with contextlib.suppress(Refused, BenchError):  # it expires by itself, too
            session.request("CancelReservation", "CancelReservationRequest", token=token)


def _turn(session: Session, wanted: Wanted, token: str, wait_s: float, tell: Callable[[str], None]) -> str:
    """Wait until it is our turn; the place's name."""
    end_s = time.monotonic() + wait_s
    said = ""
    pause = Event()
    while True:
        try:
            reservation = session.request("PollReservation", "PollReservationRequest", token=token).reservation
        except Refused as error:
            raise BenchError("place", wanted.said(), f"our turn was lost: {error}", "run again") from error
        if reservation.state == _ALLOCATED:
            return str(reservation.allocations["main"])
        if reservation.state != _WAITING:
            raise BenchError("place", wanted.said(), "our turn was lost", "run again")
        why, hint = who_has(session, wanted)
        if time.monotonic() >= end_s:
            raise BenchError("place", wanted.said(), why, hint)
        if why != said:
            tell(f"waiting for {wanted.said()}: {why}")
            said = why
        pause.wait(_LOOK_EACH_S)


def who_has(session: Session, wanted: Wanted) -> tuple[str, str]:
    """Why it is not to be had now, and what helps."""
    held = [
        (str(each.name), holder)
        for each in session.places()
        if wanted.fits(each.name, each.tags) and (holder := holder_of(each)) is not None
    ]
    if not held:
        return "somebody reserved it", "wait_s in the bench file waits for it"
    why = ", ".join(
        f"{'' if wanted.place else name + ' '}held by {holder.said()}"
        + (", which is dead" if holder.life() == "dead" else "")
        for name, holder in held
    )
    dead = [name for name, holder in held if holder.life() == "dead"]
    return why, (
        f"davy bench places --release {dead[0]} takes it back" if dead else "wait_s in the bench file waits for it"
    )


def _acquire(session: Session, name: str) -> None:
    try:
        session.request("AcquirePlace", "AcquirePlaceRequest", placename=name)
    except Refused as error:
        using = sorted(
            {str(entry.acquired) for path, entry in session.resources() if _of(session, name, path) and entry.acquired}
        )
        raise BenchError(
            "place", f"place {name}", f"{error}" + (f": used by {', '.join(using)}" if using else ""),
            "is labgrid-exporter running at the bench, and does no other place match its parts?",
        ) from error  # fmt: skip


def _of(session: Session, name: str, path: tuple[str, str, str, str]) -> bool:
    return bool(session.place(name).hasmatch(path))


def _release(session: Session, wanted: Wanted, holder: Holder, name: str) -> bool:
    """Whether it went back. Never raises: how a run ended is more than that; what did not go back is left to the guard."""
    with contextlib.suppress(BenchError, Refused):
        if session.lost:
            give_back(wanted.coordinator, holder, name)
        else:
            session.request("ReleasePlace", "ReleasePlaceRequest", placename=name, fromuser=str(holder))
        return True
    return False
