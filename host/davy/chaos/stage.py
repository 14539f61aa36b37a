"""Everything that plays in a run: started, hurt, healed and ended here. What happens when is the run's own matter."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from davy.board.network import AccessPoint
from davy.chaos.board_life import BoardLife
from davy.chaos.broker_process import Broker
from davy.chaos.database import bound_sources, heard_sources
from davy.chaos.hurts import KINDS, STRANGER
from davy.chaos.monitor_process import Monitor
from davy.chaos.nursery import Child, Nursery
from davy.chaos.plan import IMPOSTOR, REVOKED, TWIN, UNIT, UNKNOWN, Plan
from davy.chaos.proxy import Loop, Proxy
from davy.chaos.record import BoardRecord
from davy.chaos.stranger import Stranger
from davy.chaos.world import BROKER_NAME, World

CLEAN_PPM = 2.0
#: Bytes a wall second to a board beyond a burst. What a virtual board has not read yet lies in its heap; an ESP32 has a TCP window
#: beside it that holds the sender back.
_BOARD_RATE = 12_000
#: A board whose power went at a flash operation gets it back after so long, wall s.
_FLASH_CUT_S = 0.1
_COMMAND_S = 10.0

Say = Callable[[str], None]


class Lane:
    """What runs one after another share: the nursery, and the loop of the proxies."""

    def __init__(self) -> None:
        self.nursery = Nursery()
        self.loop = Loop()

    def close(self) -> None:
        self.nursery.close()
        self.loop.close()

    def __enter__(self) -> Lane:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@dataclass(frozen=True)
class Sabotage:
    """What a test breaks, to see it found: `module:function` called in the monitor's process first. "" for nothing."""

    monitor: str = ""


UNTOUCHED = Sabotage()


class Stage:
    """A context: on entering all is running, on leaving nothing is."""

    def __init__(self, plan: Plan, world: World, folder: Path, lane: Lane, say: Say, sabotage: Sabotage) -> None:
        self.plan = plan
        self._world = world
        self._folder = folder
        self._lane = lane
        self._say = say
        world.new_database(folder / "events.sqlite")
        self.broker = Broker(plan.broker, lane.nursery, world.folder, folder, plan.tls, plan.persistence)
        self.boards_network = Proxy(lane.loop, self.broker.port, plan.seed, _BOARD_RATE)
        self.monitor_network = Proxy(lane.loop, self.broker.port, plan.seed + 1)
        self.monitor = Monitor(
            lane.nursery,
            world.folder,
            folder,
            self.monitor_network.port,
            plan.tls,
            plan.program,
            sabotage.monitor,
        )
        self.lives = [self._life(number) for number in range(len(plan.cast))]
        self._started = [False] * len(self.lives)
        self._off_until_s: list[float | None] = [None] * len(self.lives)
        self._children: list[Child] = []
        self.stranger: Stranger | None = None

    def __enter__(self) -> Stage:
        self.broker.start()
        self.monitor.start()
        if any(KINDS[step.what].where == STRANGER for step in self.plan.steps):
            self.stranger = self._new_stranger()
        self.tick()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for life in self.lives:
            life.end()
        if self.stranger is not None:
            self.stranger.leave()
        self.monitor.end()
        for child in self._children:
            child.kill()
        self.broker.close()
        self.boards_network.close()
        self.monitor_network.close()

    @property
    def records(self) -> list[BoardRecord]:
        return [life.record for life in self.lives]

    @property
    def db(self) -> Path:
        return self.monitor.db

    def bound(self) -> dict[str, str | None]:
        """The chip that the monitor takes for each unit, None where there is none yet."""
        return bound_sources(self.db)

    def owes_a_hearing(self) -> bool:
        """Whether a board that is nobody has not been refused yet, or a command not been answered."""
        heard, open_commands = heard_sources(self.db)
        strange = (
            {UNKNOWN, REVOKED, TWIN} if self.plan.tls else {UNKNOWN, REVOKED, TWIN, IMPOSTOR}
        )  # TLS lets no impostor in
        powered = [life.record for life in self.lives if life.board.powered]
        return open_commands or any(each.part in strange and each.source not in heard for each in powered)

    def tick(self) -> None:
        """To be called often: who waits for something gets it; who died of itself is noted."""
        now_s = time.monotonic()
        for number, life in enumerate(self.lives):
            if not self._started[number]:
                if life.record.part != TWIN or self.bound().get(life.record.identifier) is not None:
                    self._started[number] = True
                    life.do(lambda own: own.board.power_on())
                    life.start()
                continue
            off_until_s = self._off_until_s[number]
            if life.board.powered:
                if off_until_s is not None and now_s >= off_until_s:
                    self._off_until_s[number] = None
            elif off_until_s is None:
                self._off_until_s[number] = now_s + _FLASH_CUT_S
            elif now_s >= off_until_s:
                life.do(lambda own: own.board.power_on())
        self.monitor.look()
        if self.broker.died():
            self._say(f"{self.plan.broker} ended by itself, and is started again")
            self.broker.start()

    def keep_off(self, number: int, for_s: float) -> None:
        """The power of this board comes back so much later, and not before."""
        self._off_until_s[number] = time.monotonic() + for_s

    def child(self, role: str, arguments: list[str], log: str) -> None:
        """One more process, that ends with the run."""
        self._children.append(self._lane.nursery.start(role, arguments, self._folder / log))

    def heal(self) -> None:
        """Everything is well from now on, and stays so."""
        if self.stranger is not None:
            self.stranger.leave()
            self.stranger = None
        self.monitor.free_disk()
        for child in sorted(self._children, key=lambda each: each.role == "davy"):
            if child.role == "davy":
                child.wait(_COMMAND_S)  # somebody's command, on its way into the database
            child.kill()
        self.broker.start()
        self.boards_network.heal(forget_connections=self.boards_network.corrupted > 0 and not self.plan.tls)
        self.monitor_network.heal(forget_connections=self.monitor_network.corrupted > 0 and not self.plan.tls)
        self.monitor.start()
        for life in self.lives:
            life.do(_well)

    # How it is made

    def _life(self, number: int) -> BoardLife:
        member = self._world.cast(self.plan.cast)[number]
        return BoardLife(
            self._world.spec,
            self._world.image,
            member.nvs.read_bytes(),
            BoardRecord(member.part, member.identifier, ""),
            self._folder / f"flash-{number}.bin",
            seed=self.plan.seed * 16 + number,
            speed=self.plan.speed,
            access_point=AccessPoint({BROKER_NAME: ("127.0.0.1", self.boards_network.port)}, epoch_s=int(time.time())),
        )

    def _new_stranger(self) -> Stranger:
        units = [life.record for life in self.lives if life.record.part == UNIT]
        return Stranger(
            self.broker.port,
            self._world.folder,
            self.plan.tls,
            self.plan.seed,
            [record.source for record in units],
            [record.identifier for record in units],
        )


def _well(own: BoardLife) -> None:
    own.plant.force_ppm("methane", CLEAN_PPM)
    own.plant.set_sensor_fault("methane", None)
    own.board.set_tamper(False)
    own.board.set_wifi(True)
    own.board.power_on()
