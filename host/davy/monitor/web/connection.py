"""One HTTP connection with bounded patience: for a request that does not come, and for a client that does not read."""

from __future__ import annotations

import asyncio
import socket
import struct

from uvicorn.protocols.http.h11_impl import H11Protocol

from davy.monitor.web.refusals import Refusals

REQUEST_S = 10.0
#: With so much unread (asyncio's high-water mark, 64 KiB) for so long, a client has left for all we care.
STALL_S = 10.0
_AT_ONCE = struct.pack("ii", 1, 0)


def patient_protocol(
    refusals: Refusals, *, request_s: float = REQUEST_S, stall_s: float = STALL_S
) -> type[H11Protocol]:
    """The protocol class that uvicorn makes one of for each connection."""

    class Patient(H11Protocol):
        _waiting: asyncio.TimerHandle | None = None
        _stalled: asyncio.TimerHandle | None = None

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            self._waiting = self.loop.call_later(request_s, self._drop, "request not sent in time")

        def connection_lost(self, exc: Exception | None) -> None:
            for timer in (self._waiting, self._stalled):
                if timer is not None:
                    timer.cancel()
            super().connection_lost(exc)

        def data_received(self, data: bytes) -> None:
            before = self.cycle
            if self._waiting is None and (before is None or before.response_complete):
                self._waiting = self.loop.call_later(request_s, self._drop, "request not sent in time")
            super().data_received(data)
            came = self.cycle is not None and not self.cycle.more_body
            if self._waiting is not None and came and (self.cycle is not before or not self.cycle.response_complete):
                self._waiting.cancel()
                self._waiting = None

        def send_400_response(self, msg: str) -> None:
            refusals.count("no HTTP", self._address())
            super().send_400_response(msg)

        def pause_writing(self) -> None:
            super().pause_writing()
            if self._stalled is None:
                self._stalled = self.loop.call_later(stall_s, self._drop, "reads too slowly")

        def resume_writing(self) -> None:
            super().resume_writing()
            if self._stalled is not None:
                self._stalled.cancel()
                self._stalled = None

        def _drop(self, reason: str) -> None:
            refusals.count(reason, self._address())
            # With a reset: else the kernel would go on holding what was never read.
            self.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
            self.transport.abort()

        def _address(self) -> str:
            return self.client[0] if self.client else "an unknown client"

    return Patient
