"""The access point of a virtual board, with its name and time servers, and the way from it to real brokers on this machine."""

from __future__ import annotations

from dataclasses import dataclass, field

from davy.board import name_server, time_server

#: Virtual milliseconds: joining, a round trip to the broker, and the monitor's answer after the broker's.
JOIN_MS = 1_800
JOIN_FAIL_MS = 2_600
BEACON_LOSS_MS = 3_000
ROUND_TRIP_MS = 8
REPLY_MS = 20

CONNECT_TIMEOUT_S = 5.0
#: Wall seconds that virtual time is held for an answer, and once an answer stayed away.
PATIENCE_S = 5.0
SHORT_PATIENCE_S = 0.05
#: Wall seconds without a byte after which a peer that speaks TLS is taken to have said its piece.
QUIET_S = 0.01
#: Send buffer of a connection: lwIP's TCP_SND_BUF as the ESP32 port has it [S]. What the peer does not take fills it.
SEND_BUFFER_BYTES = 5_744
#: How much may be on its way to the program: lwIP's TCP_WND as ESP-IDF sets it [R]; boards/virtual/shadow/receive_buffer.py has it too.
RECEIVE_WINDOW_BYTES = 5_760
#: The access point's own address, where its name server listens, and that of the time server behind it.
GATEWAY = "192.0.2.1"
TIME_SERVER = "198.51.100.123"
STRANGER = "192.0.2.66"
#: What a server in the mood "late" adds, virtual ms.
LATE_MS = 5_000

ECONNREFUSED = 111
ECONNRESET = 104


@dataclass
class AccessPoint:
    """A WPA2 access point. `hosts` maps a name that the board looks up to a real (address, port).

    `monitored`: a monitor listens behind the broker, and virtual time waits for its acknowledgements.
    `dns` and `ntp`: the moods of its two servers (name_server.Mood, time_server.Mood); `time_host` is the time server's name.
    `epoch_s`: unix seconds of the virtual wall clock when the board's clock is 0: 2026-12-01, so that runs are repeatable.
    """

    hosts: dict[str, tuple[str, int]] = field(default_factory=dict)
    ssid: str = "davy"
    key: str = "davy-virtual"
    up: bool = True
    monitored: bool = True
    late_answers: int = 0
    dns: name_server.Mood = "good"
    ntp: time_server.Mood = "good"
    time_host: str = "ntp.davy.lan"
    epoch_s: int = 1_796_083_200
    refused_datagrams: list[str] = field(default_factory=list)

    def datagram(self, host: str, port: int, data: bytes, now_ms: int) -> tuple[int, str, bytes] | None:
        """What the server at an address answers: (after so many virtual ms, from which address, bytes). None for silence.

        A datagram that no server takes is noted in `refused_datagrams`. In the mood "stranger" somebody else answers.
        """
        try:
            if (host, port) == (GATEWAY, name_server.PORT):
                mood: str = self.dns
                answer = name_server.reply(data, self.resolve, mood)
            elif (host, port) == (TIME_SERVER, time_server.PORT):
                mood = self.ntp
                answer = time_server.reply(data, self.epoch_s * 1000 + now_ms, mood)
            else:
                return None
        except (name_server.BadQuestion, time_server.BadRequest) as error:
            self.refused_datagrams.append(str(error))
            return None
        if answer is None:
            return None
        return ROUND_TRIP_MS + (LATE_MS if mood == "late" else 0), STRANGER if mood == "stranger" else host, answer

    def resolve(self, name: str) -> str | None:
        """An address out of TEST-NET-2 for a known name: the board never sees this machine's own."""
        if self.up and name == self.time_host:
            return TIME_SERVER
        names = sorted(self.hosts)
        return f"198.51.100.{names.index(name) + 1}" if self.up and name in names else None

    def real_address(self, address: str) -> tuple[str, int] | None:
        """Where a connection to `address` (a name, or what resolve gave) really goes."""
        if address in self.hosts:
            return self.hosts[address]
        for name in self.hosts:
            if self.resolve(name) == address:
                return self.hosts[name]
        return None
