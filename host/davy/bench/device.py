"""The device on a bench, as far as its lines tell: who it is, how it is, what it told, and what it is asked for."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from davy import codec
from davy.bench.clock import Clock, wait_until
from davy.bench.errors import BenchError
from davy.bench.lines import FrameLine
from davy.identity import expected_proof

_SOURCE = b"davybnch"
_ANYONE = bytes(8)
_ANSWER_WITHIN_S = 1.0
_TRIES = 4
_MOST_FRAMES = 20_000

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class KnownUnit:
    """The unit that should be in the fixture. `secret` b"" when the bench does not have its CA: then nothing can be sealed."""

    identifier: str
    serial: str
    nvs: bytes | None = field(default=None, repr=False)
    secret: bytes = field(default=b"", repr=False)


class Device:
    """Everything it says is kept with the bench's time at which it was read; `line` of a test that needs the exact time is the rig."""

    def __init__(
        self,
        line: FrameLine,
        clock: Clock,
        unit: KnownUnit,
        answer_within_s: float = _ANSWER_WITHIN_S,
        last_command_id: int = 0,
    ) -> None:
        """`answer_within_s`: of the clock, until a question is asked again. Commands are counted from `last_command_id` on."""
        self._line, self.clock = line, clock
        self._answer_within_s = answer_within_s
        self.unit = unit
        self.heard: list[tuple[float, codec.Decoded]] = []
        self._seq = 0
        self._command_id = last_command_id
        self._key = codec.seal_key(unit.secret) if unit.secret else b""
        self.source: bytes | None = None

    def listen(self) -> list[codec.Decoded]:
        """Take in what has come."""
        frames = self._line.frames()
        now_s = self.clock.now_s()
        self.heard += [(now_s, frame) for frame in frames]
        del self.heard[:-_MOST_FRAMES]
        if frames:
            self.source = frames[-1].source
        return frames

    def messages(self, kind: type[Answer], since_s: float = float("-inf")) -> list[Answer]:
        """Messages of one kind, oldest first, heard from since_s on."""
        self.listen()
        return [frame.message for at_s, frame in self.heard if at_s >= since_s and isinstance(frame.message, kind)]

    def told(self, kind: type[Answer], since_s: float) -> list[tuple[float, Answer]]:
        """Messages of one kind, and when each was said on the bench's clock, as far as the uptimes of what came in one look tell."""
        self.listen()
        newest: dict[tuple[float, int], int] = {}
        for at_s, frame in self.heard:
            key = (at_s, frame.session)
            newest[key] = max(newest.get(key, 0), frame.uptime_ms)
        found = [
            (at_s - (newest[at_s, frame.session] - frame.uptime_ms) / 1000, frame.message)
            for at_s, frame in self.heard
            if at_s >= since_s and isinstance(frame.message, kind)
        ]
        found = [(said_s, message) for said_s, message in found if said_s >= since_s]
        return sorted(found, key=lambda each: each[0])

    def ask(
        self, message: codec.Message, wanted: type[Answer], fits: Callable[[Answer], bool] = lambda _: True
    ) -> Answer | None:
        """Send until an answer of that kind comes; None when there was none to a few tries."""
        found: list[Answer] = []

        def answered() -> bool:
            found.extend(
                frame.message for frame in self.listen() if isinstance(frame.message, wanted) and fits(frame.message)
            )
            return bool(found)

        self.listen()
        for _ in range(_TRIES):
            self.send(message)
            if wait_until(self.clock, answered, self._answer_within_s):
                return found[0]
        return None

    def hello(self) -> codec.Hello:
        """Who it says it is. Raises BenchError when it is silent."""
        return self._must(codec.Query(_ANYONE, codec.QueryKind.HELLO), codec.Hello)

    def state(self) -> codec.State:
        """How it is now. Raises BenchError when it is silent."""
        return self._must(codec.Query(_ANYONE, codec.QueryKind.STATE), codec.State)

    def _must(self, question: codec.Message, wanted: type[Answer]) -> Answer:
        answer = self.ask(question, wanted)
        if answer is None:
            raise BenchError(
                "device",
                f"device {self.unit.serial}",
                "says nothing on its line",
                "is it powered, flashed and plugged in?",
            )
        return answer

    def proves_itself(self) -> bool:
        """Whether it answers a challenge with its own secret's proof. ValueError without the secret."""
        if not self.unit.secret:
            raise ValueError("the unit's secret is not known here")
        source = self.source_id()
        nonce = secrets.token_bytes(16)
        proof = self.ask(codec.Challenge(source, nonce), codec.Proof, lambda each: each.nonce == nonce)
        return proof is not None and hmac.compare_digest(proof.proof, expected_proof(self.unit.secret, source, nonce))

    @property
    def uptime_ms(self) -> int:
        """Of the device when it spoke last, 0 before it ever did."""
        return self.heard[-1][1].uptime_ms if self.heard else 0

    @property
    def session(self) -> int:
        """Of the device when it spoke last, 0 before it ever did."""
        return self.heard[-1][1].session if self.heard else 0

    def source_id(self) -> bytes:
        """The chip's 8 bytes. Raises BenchError when it is silent."""
        if self.source is None:
            self.hello()
        assert self.source is not None
        return self.source

    def command(
        self,
        kind: codec.CommandKind,
        setting: codec.Setting = codec.Setting.NONE,
        argument: int = 0,
        *,
        sealed: bool = False,
    ) -> int:
        """A command over the line, as from a person at it; or sealed, as from the monitor. Its id (0 of a person's).

        What becomes of it is an EVENT.
        """
        source = self.source_id()
        if not sealed:
            self.send(codec.plain_command(source, kind))
            return 0
        self._command_id += 1
        session = self.heard[-1][1].session
        self.send(codec.Command(source, session, self._command_id, kind, setting, argument), self._key)
        return self._command_id

    def events(self, kind: codec.EventKind, since_s: float = float("-inf")) -> list[codec.Event]:
        """Events of a kind that it told, each once."""
        self.listen()
        found = {
            (frame.session, frame.message.number): frame.message
            for at_s, frame in self.heard
            if at_s >= since_s and isinstance(frame.message, codec.Event) and frame.message.kind == kind
        }
        return list(found.values())

    def send(self, message: codec.Message, key: bytes = b"") -> None:
        """Say something, sealed where there is a key."""
        self._seq += 1
        frame = codec.encode_frame(_SOURCE, 0, self._seq, 0, message)
        self._line.send(codec.seal_frame(key, frame) if key else frame)
