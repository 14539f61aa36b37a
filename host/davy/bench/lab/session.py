"""A connection to labgrid's coordinator, on labgrid's own client, kept by a thread so that updates come in while a test runs.

Nothing here waits for ever: labgrid's client would, for a coordinator that is there but does not answer.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import logging
import threading
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any

from davy.bench.errors import BenchError
from davy.bench.lab.holder import Holder, parse
from davy.bench.lab.need import generated, labgrid

DEFAULT_PORT = 20408
_ANSWER_WITHIN_S = 15.0  # an acquire waits for the exporter, for which the coordinator allows 10 s
#: The last four as labgrid's own client has them: a coordinator that went without a word is noticed in 20 s.
_CHANNEL = (
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.keepalive_time_ms", 7_500),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.http2.ping_timeout_ms", 10_000),
    ("grpc.http2.max_pings_without_data", 0),
)
_HINT = "is labgrid-coordinator running there? Nothing is said about the device"


class Refused(Exception):
    """The coordinator's no, in its own words."""


class Session:
    """A context. Raises BenchError (place) when the coordinator cannot be reached, or goes away later."""

    def __init__(self, coordinator: str, holder: Holder) -> None:
        self.coordinator, self.holder = coordinator, holder
        self.client: Any = None
        #: Counts what the coordinator has told: as long as it stays, everything is as it was.
        self.changes = 0
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, name="labgrid session", daemon=True)

    def __enter__(self) -> Session:
        self._thread.start()
        try:
            client_module, proxy = labgrid("remote.client"), labgrid("util.proxy").proxymanager
            address = proxy.get_grpc_address(self.coordinator, default_port=DEFAULT_PORT)
            _quiet(client_module.__file__)
            self.client = self.wait(self._started(client_module, address))
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the connection; never raises, the coordinator may be long gone."""
        if not self._thread.is_alive():
            return
        if self.client is not None:
            ended = asyncio.run_coroutine_threadsafe(_ended(self.client), self.loop)
            concurrent.futures.wait([ended], _ANSWER_WITHIN_S)
            self.client = None
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(_ANSWER_WITHIN_S)

    @property
    def lost(self) -> bool:
        """Whether the coordinator has gone; it stays so: what it knew of who holds what is gone with it."""
        return self.client is None or bool(self.client.stopping.is_set())

    def place(self, name: str) -> Any:
        """labgrid's Place of that exact name, or None."""
        return self.client.places.get(name)

    def places(self) -> list[Any]:
        """All of labgrid's Places, by name."""
        return sorted(dict(self.client.places).values(), key=lambda each: str(each.name))

    def resources(self) -> list[tuple[tuple[str, str, str, str], Any]]:
        """What exporters offer now: (exporter, group, class, name) and labgrid's ResourceEntry, whose data changes with it."""
        return [
            ((exporter, group, entry.cls, name), entry)
            for exporter, groups in sorted(dict(self.client.resources).items())
            for group, entries in sorted(dict(groups).items())
            for name, entry in sorted(dict(entries).items())
            if entry.data
        ]

    def request(self, method: str, message: str, **fields: Any) -> Any:
        """A call of the coordinator's, and its answer; what it changed is known here by then. Raises Refused or BenchError."""
        grpc = labgrid("remote.client").grpc
        call = getattr(self.client.stub, method)
        try:
            return self.wait(_asked(self.client, call, getattr(generated(), message)(**fields)))
        except grpc.aio.AioRpcError as error:
            if error.code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED):
                raise self.gone() from error
            raise Refused(error.details()) from error

    def wait(self, coroutine: Coroutine[Any, Any, Any], within_s: float = _ANSWER_WITHIN_S) -> Any:
        """Run it in the session's thread."""
        future = asyncio.run_coroutine_threadsafe(coroutine, self.loop)
        try:
            found = future.result(within_s)
        except concurrent.futures.TimeoutError as error:
            future.cancel()
            raise BenchError(
                "place", f"coordinator {self.coordinator}", f"no answer in {within_s:.0f} s", _HINT
            ) from error
        if found is _GONE:
            raise self.gone()
        return found

    async def _started(self, module: Any, address: str) -> Any:
        client = module.ClientSession(address, self.loop)
        # Of its own: gRPC would lay two sessions of one process over one connection, which the coordinator takes for one client.
        await client.channel.close()
        client.channel = module.grpc.aio.insecure_channel(address, options=_CHANNEL)
        client.stub = module.labgrid_coordinator_pb2_grpc.CoordinatorStub(client.channel)
        # The names that labgrid asks for: what the coordinator knows us by is HOST/USER.
        host, _, user = str(self.holder).partition("/")
        client.gethostname, client.getuser = _always(host), _always(user)
        for hears in ("on_resource_changed", "on_place_changed", "on_place_deleted"):
            setattr(client, hears, self._counted(getattr(client, hears)))
        try:
            await client.start()
        except module.ServerError:
            await client.close()
            return _GONE
        return client

    def _counted(self, hear: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., Coroutine[Any, Any, None]]:
        async def heard(*told: Any) -> None:
            await hear(*told)
            self.changes += 1

        return heard

    def gone(self) -> BenchError:
        """What is to be said of a coordinator that is not there."""
        return BenchError("place", f"coordinator {self.coordinator}", "cannot be reached", _HINT)


_GONE = object()


async def _asked(client: Any, call: Callable[[Any], Any], message: Any) -> Any:
    answer = await call(message)
    if not await client.sync_with_coordinator():
        return _GONE
    return answer


async def _ended(client: Any) -> None:
    client.stopping.set()  # before stop(): it asserts that there is a reason
    await client.stop()
    await client.close()


def _always(value: str) -> Callable[[], str]:
    return lambda: value


def _quiet(path: str) -> None:
    """labgrid's client tells the root logger what this room raises as an error; once is enough."""

    def not_the_client(record: logging.LogRecord) -> bool:
        return record.pathname != path

    root = logging.getLogger()
    if not any(getattr(each, "__name__", "") == "not_the_client" for each in root.filters):
        root.addFilter(not_the_client)


def holder_of(place: Any) -> Holder | None:
    """Who has it, None when it is free."""
    return parse(place.acquired) if place.acquired else None
