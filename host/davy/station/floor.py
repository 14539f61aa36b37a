"""The fixtures of a station side by side: a thread and a process each, until one verdict cannot be recorded."""

from __future__ import annotations

import threading
from collections.abc import Callable

from davy.station.desk import NotRecorded
from davy.station.tally import Tally
from davy.station.worker import Desk, View, Worker


class Floor:
    """Start and stop from one thread. `on_change` is called from the fixtures' threads, one at a time."""

    def __init__(self, desk: Desk, on_change: Callable[[View], None]) -> None:
        self._desk = desk
        self._on_change = on_change
        self._mutex = threading.Lock()
        self._threads: dict[int, threading.Thread] = {}
        self._workers = {fixture.number: Worker(fixture, desk, self._changed) for fixture in desk.config.fixtures}
        self.tally = Tally()
        #: Why the station takes no further unit. A bug's exception is kept here too, and raised by `end`.
        self.trouble: BaseException | None = None

    def views(self) -> list[View]:
        """In order of fixtures."""
        return [worker.view for worker in self._workers.values()]

    def busy(self) -> list[int]:
        """Numbers of the fixtures at work."""
        return [number for number, thread in self._threads.items() if thread.is_alive()]

    def start(self, number: int) -> bool:
        """False when there is no such fixture, it is at work, or the station takes no further unit."""
        fixture = next((each for each in self._desk.config.fixtures if each.number == number), None)
        if fixture is None or number in self.busy() or self.trouble is not None:
            return False
        worker = self._workers[number] = Worker(fixture, self._desk, self._changed)
        thread = self._threads[number] = threading.Thread(target=self._work, args=(worker,), name=str(fixture))
        thread.start()
        return True

    def stop(self, number: int) -> bool:
        """Whether there was something to stop."""
        if number not in self.busy():
            return False
        self._workers[number].stop()
        return True

    def stop_all(self) -> None:
        """Every fixture at work."""
        for number in self.busy():
            self.stop(number)

    def end(self) -> None:
        """Stop all and wait for their ends. Raises what a bug raised in a fixture's thread."""
        self.stop_all()
        for thread in self._threads.values():
            thread.join()
        if self.trouble is not None and not isinstance(self.trouble, NotRecorded):
            raise self.trouble

    def _work(self, worker: Worker) -> None:
        try:
            end = worker.run()
        except BaseException as error:
            with self._mutex:
                self.trouble = self.trouble or error
            return
        with self._mutex:
            self.tally.take(worker.view.fixture, end)

    def _changed(self, view: View) -> None:
        with self._mutex:
            self._on_change(view)
