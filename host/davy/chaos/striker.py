"""A step of a plan becomes what it says: to a board, to a process, to the network, to the disk, or by the stranger."""

from __future__ import annotations

import functools
from collections.abc import Callable

from davy.chaos.board_life import BoardLife
from davy.chaos.hurts import KINDS, STRANGER
from davy.chaos.plan import Step
from davy.chaos.proxy import Proxy, Weather
from davy.chaos.stage import CLEAN_PPM, Stage

_GAS_PPM = 15_000.0
_LATE_GAS_MS = 30_000
#: A short press long enough for a board that is behind: both its ends must not come with the same look.
_PRESS_MS, _LONG_PRESS_MS = 800, 5_000

Heal = Callable[[], None]


class Striker:
    """Does the steps of a plan on its stage."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    def strike(self, step: Step) -> Heal | None:
        """Make it happen. Gives what heals it, None when there is nothing to heal."""
        if step.what.startswith("boards_"):
            return self._network(self._stage.boards_network, step)
        if step.what.startswith("monitor_"):
            return self._network(self._stage.monitor_network, step)
        if step.what.startswith("command_"):
            self._command(step)
            return None
        if KINDS[step.what].where == STRANGER:
            if self._stage.stranger is not None:
                self._stage.stranger.play(step.what)
            return None
        heal: Heal | None = getattr(self, f"_{step.what}")(step)
        return heal

    # By hand, by gas, by a part that fails

    def _tamper(self, step: Step) -> Heal:
        life = self._life(step)
        life.do(lambda own: own.board.set_tamper(True))
        return lambda: life.do(lambda own: own.board.set_tamper(False))

    def _button(self, step: Step) -> None:
        self._life(step).do(lambda own: own.board.press_button(_PRESS_MS))

    def _long_press(self, step: Step) -> None:
        self._life(step).do(lambda own: own.board.press_button(_LONG_PRESS_MS))

    def _gas(self, step: Step) -> Heal:
        life = self._life(step)
        life.do(lambda own: own.plant.force_ppm("methane", _GAS_PPM))
        return lambda: life.do(lambda own: own.plant.force_ppm("methane", CLEAN_PPM))

    def _commission(self, step: Step) -> None:
        self._life(step).do(lambda own: own.board.at(step.number * 1000, lambda: own.board.press_button(_PRESS_MS)))

    def _late_gas(self, step: Step) -> None:
        def order(own: BoardLife) -> None:
            own.board.at(step.number * 1000, lambda: own.plant.force_ppm("methane", _GAS_PPM))
            own.board.at(step.number * 1000 + _LATE_GAS_MS, lambda: own.plant.force_ppm("methane", CLEAN_PPM))

        self._life(step).do(order)

    def _sensor_open(self, step: Step) -> Heal:
        life = self._life(step)
        life.do(lambda own: own.plant.set_sensor_fault("methane", "open"))
        return lambda: life.do(lambda own: own.plant.set_sensor_fault("methane", None))

    def _wifi(self, step: Step) -> Heal:
        life = self._life(step)
        life.do(lambda own: own.board.set_wifi(False))
        return lambda: life.do(lambda own: own.board.set_wifi(True))

    def _power_cut(self, step: Step) -> None:
        self._keep_off(step)
        self._life(step).do(lambda own: own.board.power_cut())

    def _flash_cut(self, step: Step) -> None:
        self._life(step).do(lambda own: own.board.cut_at_flash_operation(step.number))

    def _boot_cut(self, step: Step) -> None:
        def cut(own: BoardLife) -> None:
            own.board.power_cut()
            own.board.cut_at_flash_operation(step.number)

        self._keep_off(step)
        self._life(step).do(cut)

    def _command(self, step: Step) -> None:
        word = step.what.removeprefix("command_")
        value = [f"mqtt_state_ms={step.number * 1000}"] if word == "set" else []
        arguments = ["command", "--db", str(self._stage.db), self._life(step).record.identifier, word, *value]
        self._stage.child("davy", arguments, "commands.log")

    # Broker, monitor, database, network

    def _kill_broker(self, step: Step) -> Heal:
        self._stage.broker.kill()
        return self._stage.broker.start

    def _kill_monitor(self, step: Step) -> Heal:
        self._stage.monitor.kill()
        return self._stage.monitor.start

    def _kill_both(self, step: Step) -> Heal:
        self._stage.broker.kill()
        self._stage.monitor.kill()

        def start() -> None:
            self._stage.broker.start()
            self._stage.monitor.start()

        return start

    def _disk_full(self, step: Step) -> Heal:
        self._stage.monitor.fill_disk(step.number)
        return self._stage.monitor.free_disk

    def _locked(self, step: Step) -> None:
        self._stage.child("lock", [str(self._stage.db), str(step.lasts_ms / 1000)], "lock.log")

    def _network(self, proxy: Proxy, step: Step) -> Heal | None:
        how = step.what.partition("_")[2]
        if how == "drop":
            proxy.drop()
            return None
        weathers = {
            "refuse": Weather(refuse=True),
            "silent": Weather(silent=True),
            "delay": Weather(delay_ms=step.number),
            "throttle": Weather(rate=step.number),
            "cut": Weather(cut_after=step.number),
            "corrupt": Weather(corrupt_every=step.number),
        }
        proxy.tell(weathers[how])
        return functools.partial(proxy.heal, how == "corrupt" and not self._stage.plan.tls)

    def _life(self, step: Step) -> BoardLife:
        assert step.board is not None
        return self._stage.lives[step.board]

    def _keep_off(self, step: Step) -> None:
        assert step.board is not None
        self._stage.keep_off(step.board, step.lasts_ms / 1000)
