"""What a TLS handshake costs in its single calls: the longest beside the whole, done at once and record by record.

A client on the unix port of MicroPython, with the firmware's own report/records.py, against OpenSSL. Processor time of each
call, the quickest of several handshakes. The virtual board's shadow of `tls` spreads an ESP32's second by these shares.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from davy.board.interpreter import micropython_command
from davy.paths import FIRMWARE, ROOT

sys.path.insert(0, str(ROOT / "host" / "tests"))

from support import tls_peer

#: Prints one JSON line a handshake: [records of the call, microseconds] of each.
CLIENT = """
import json, select, socket, sys, time
sys.path.append({firmware!r})
import tls
from report.records import OneRecord
def read(name):
    with open({folder!r} + "/" + name, "rb") as file:
        return file.read()
class Seen(OneRecord):
    log = []
    def readinto(self, buf):
        if {at_once}:
            self._may_read = True
        count = super().readinto(buf)
        if count and len(buf) != 5:
            self.log.append("in %d" % buf[0])
        return count
    def write(self, data):
        if {at_once}:
            self._may_write = True
        count = super().write(data)
        if count:
            self.log.append("out %d" % (data[5] if data[0] == 22 else -data[0]))
        return count
def call(function, argument):
    del Seen.log[:]
    began = time.ticks_us()
    result = function(argument)
    return result, time.ticks_diff(time.ticks_us(), began)
def wait(stream, mask):
    poller = select.poll()
    poller.register(stream, mask)
    poller.poll(1000)
for _ in range({rounds}):
    context = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT)
    context.load_cert_chain(read("cert.der"), read("key.der"))
    context.load_verify_locations(read("ca.der"))
    channel = socket.socket()
    channel.connect(socket.getaddrinfo("127.0.0.1", {port})[0][-1])
    channel.setblocking(False)
    stream = context.wrap_socket(Seen(channel), server_hostname={host!r}, do_handshake_on_connect=False)
    calls = []
    while True:
        count, us = call(stream.write, b"hello")
        calls.append((list(Seen.log), us))
        if count:
            break
        wait(stream, select.POLLOUT)
    while stream.read(5) is None:
        wait(stream, select.POLLIN)
    stream.close()
    print(json.dumps(calls))
"""


def handshakes(maker: tls_peer.Maker, at_once: bool, rounds: int) -> list[list[tuple[list[str], int]]]:
    """The calls of each handshake: what passed in it, and its microseconds."""
    server = tls_peer.Server(maker, tls_peer.echo)
    script = CLIENT.format(
        firmware=str(FIRMWARE), folder=str(maker.folder), at_once=at_once, rounds=rounds, port=server.port,
        host=tls_peer.HOST,
    )  # fmt: skip
    done = subprocess.run([*micropython_command("4M"), "-c", script], capture_output=True, text=True, check=False)
    server.close()
    if done.returncode != 0:
        raise RuntimeError(done.stdout + done.stderr)
    return [json.loads(line) for line in done.stdout.splitlines()]


def quickest(made: list[list[tuple[list[str], int]]]) -> list[tuple[list[str], int]]:
    """Each call at its quickest: a busy machine only adds. Handshakes that were cut another way by the network are left out."""
    usual = statistics.mode(len(calls) for calls in made)
    alike = [calls for calls in made if len(calls) == usual]
    return [(same[0][0], min(us for _, us in same)) for same in zip(*alike, strict=True)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=40, help="handshakes each way (40)")
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as name:
        maker = tls_peer.make(Path(name))
        for words, at_once in (("at once", True), ("record by record", False)):
            calls = quickest(handshakes(maker, at_once, rounds))
            whole = sum(us for _, us in calls)
            longest = max(us for _, us in calls)
            print(f"{words}: {whole / 1000:.1f} ms of processor time, the longest call {longest / whole:.1%} of it")
    print("record by record (messages: 11 certificate, 12 key exchange, 14 hello done, 16 ours)")
    for records, us in calls:
        if us / whole >= 0.005:
            print(f"  {us / whole:6.1%}  {', '.join(records)}")


if __name__ == "__main__":
    main()
