"""Hostile packets against the monitor's whole way in: topic, frame, register, seal, database."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from random import Random

from davy.codec import Hello, Result, decode_frame, encode_frame, seal_frame
from davy.monitor import Admit, Received, Store, registry, schema
from protocol import messages
from support.hostile_frames import Originals, hostile, random_frame

BATCH = 250
#: Of a batch: events that are good, and comings again of those and of earlier ones; the rest is hostile.
_NEW, _AGAIN = 40, 60


class StoreJudge:
    """Two enrolled units whose events come once, twice and again, among packets that are no good ones."""

    def __init__(self, seed: int, chunk: int, folder: Path) -> None:
        self._where = f"seed {seed} chunk {chunk}, the store"
        self._dice = Random(f"{seed}:{chunk}:store")
        self._originals = Originals(self._dice)
        self._path = folder / "monitor.db"
        self._events: dict[bytes, bool] = {}  # sealed packet -> whether it was stored
        db = schema.open_database(self._path)
        units = [
            registry.Enrolment(f"88.118.8/GA{at}", f"GA{at}", "virtual", "", "00" * 32, secret)
            for at, secret in enumerate(self._originals.secrets.values())
        ]
        registry.enrol(db, units, 0)
        db.close()

    def run(self, count: int) -> tuple[Counter[str], list[str]]:
        """So many packets: (what became of how many, what should not have been)."""
        store = Store(self._path, Admit.REGISTERED)
        try:
            counts: Counter[str] = Counter()
            failures = self._bind(store)
            while counts.total() < count:
                failures += self._batch(store, counts)
        finally:
            store.close()
        return counts, failures + self._reconcile()

    def _bind(self, store: Store) -> list[str]:
        # A unit's own HELLO, under its seal, binds its chip; from then on its events are believed.
        failures = []
        for at, source in enumerate(self._originals.secrets):
            hello = Hello(0, 1, 0, 1, 0, 1, 1, bytes(8), bytes(16), 0, 0, None, 0, None, f"88.118.8/GA{at}")
            packet = seal_frame(self._originals.keys[source], encode_frame(source, 0, 0, 0, hello))
            (verdict,) = store.ingest([Received(source.hex(), packet, 0)])
            if verdict.result != Result.STORED:
                failures.append(f"{self._where}: a good HELLO was refused: {verdict.reason}")
        return failures

    def _batch(self, store: Store, counts: Counter[str]) -> list[str]:
        dice = self._dice
        new = [self._event() for _ in range(_NEW)]
        known = [*self._events, *new]
        packets = [*new, *(known[int(dice.random() * len(known))] for _ in range(_AGAIN))]
        while len(packets) < BATCH:
            packets.append(hostile(self._originals, dice).data)
        dice.shuffle(packets)
        self._events.update((packet, False) for packet in new)
        failures = []
        batch = [Received(packet[3:11].hex(), packet, 1) for packet in packets]
        for packet, verdict in zip(packets, store.ingest(batch), strict=True):
            counts[verdict.result.name.lower().replace("_", " ")] += 1
            if packet in self._events:
                right = Result.STORED_BEFORE if self._events[packet] else Result.STORED
                self._events[packet] = True
            elif packet in self._originals.known_packets:
                continue  # an old one of a chip that is known: stored or not, it is its own
            else:
                right = Result.REFUSED
            if verdict.result != right:
                failures.append(f"{self._where}: {verdict.result.name}, not {right.name}: {packet.hex()}")
        return failures

    def _event(self) -> bytes:
        source = self._dice.choice(list(self._originals.secrets))
        frame = random_frame(messages.EVENT, source, self._dice, event_uptime_ms=self._dice.getrandbits(40))
        return seal_frame(self._originals.keys[source], frame)

    def _reconcile(self) -> list[str]:
        # What is in the database is each event once, byte for byte, and nothing of a stranger's.
        db = schema.open_readonly(self._path)
        rows = Counter(bytes(row[0]) for row in db.execute("SELECT frame FROM events"))
        db.close()
        bare = {packet[:-16] for packet in self._events}
        failures = [f"{self._where}: stored {n} times: {frame.hex()}" for frame, n in rows.items() if n > 1]
        failures += [f"{self._where}: not stored: {frame.hex()}" for frame in bare - set(rows)]
        strange = set(rows) - bare - self._originals.known_frames
        failures += [f"{self._where}: of nobody: {decode_frame(frame)}" for frame in strange]
        return failures
