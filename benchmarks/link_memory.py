"""What the link needs in memory: connection, TLS, subscription and a publish, on the unix port of MicroPython.

Two heaps. MicroPython's own: the smallest in which it works, less the smallest in which the same program without a connection
does; pointers are twice as wide as on an ESP32, where the same objects take about 1/1.85. The C library's, where mbedTLS
lives here as on an ESP32: the most it holds at once, counted by heap_watch.c, which needs a C compiler; its buffers (16 KiB in, 4 KiB
out) are the same on both, its structures smaller there.

What cannot be measured here: what lwIP and the Wi-Fi driver hold, and whether an ESP32's heap still has holes of that size.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from davy.board.interpreter import micropython_command
from davy.image.compile import compile_mpy
from davy.monitor.broker import EmbeddedBroker
from davy.paths import FIRMWARE, ROOT

sys.path.insert(0, str(ROOT / "host" / "tests"))

from support import tls_peer

WIDER = 1.85
ESP32_GC_KIB = 168  # an ESP32's heap once it has grown (davy/board/process.py)
ESP32_TLS_KIB = (20, 35)  # of a socket, and at the peak: the hardware notes
PROGRAM = """
import asyncio, gc, os, select, socket, sys, tls
from report import records, stream
from report.mqtt import MqttClient
def read(name):
    with open({folder!r} + "/" + name, "rb") as file:
        return file.read()
async def main():
    context = stream.trusting((read("cert.der"), read("key.der"), read("ca.der")))
    channel = socket.socket()
    channel.connect(socket.getaddrinfo("127.0.0.1", {port})[0][-1])
    channel.setblocking(False)
    client = MqttClient("davy-measured", lambda topic, payload: None)
    await client.connect(stream.secured(channel, {host!r}, context), 20_000)
    asyncio.create_task(client.receive())
    await client.subscribe("davy/1/x/down")
    await client.publish("davy/1/x/up", bytes(150), 1)
    print("session", os.getenv("DAVY_HEAP_PEAK"))
    await client.close()
gc.collect()
os.getenv("DAVY_HEAP_MARK")
if {connect}:
    asyncio.run(main())
print("done")
"""


def run(tree: Path, connect: bool, heap_kib: int, preload: Path | None = None) -> list[str]:
    """Lines that the program printed; none when it did not come to its end."""
    environment = {**os.environ, "LD_PRELOAD": str(preload)} if preload is not None else None
    start = f"import sys; sys.path[:] = ['.frozen', {str(tree)!r}]; import measured_{'with' if connect else 'without'}"
    command = [*micropython_command(f"{heap_kib}K"), "-c", start]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, timeout=60)
    lines = done.stdout.splitlines()
    return lines if lines[-1:] == ["done"] else []


def lay_out(tree: Path, words: dict[str, object]) -> None:
    """The link's modules and the two programs, as bytecode."""
    (tree / "report").mkdir(parents=True)
    for name in ("__init__", "mqtt", "records", "stream"):
        source = (FIRMWARE / "report" / f"{name}.py").read_bytes()
        (tree / "report" / f"{name}.mpy").write_bytes(compile_mpy(f"report/{name}.py", source))
    for name, connect in (("measured_with", True), ("measured_without", False)):
        source = PROGRAM.format(**words, connect=connect).encode()
        (tree / f"{name}.mpy").write_bytes(compile_mpy(f"{name}.py", source))


def least_kib(tree: Path, connect: bool) -> int:
    """The smallest heap of MicroPython in which the program comes to its end, by halving."""
    low, high = 8, 512
    if not run(tree, connect, high):
        raise RuntimeError("it does not work at all")
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if run(tree, connect, middle) else (middle, high)
    return high


def watcher(folder: Path) -> Path | None:
    """heap_watch.c, compiled; None without a compiler."""
    compiler = shutil.which("cc")
    if compiler is None:
        return None
    target = folder / "heap_watch.so"
    source = Path(__file__).with_name("heap_watch.c")
    subprocess.run([compiler, "-O2", "-shared", "-fPIC", "-fno-builtin", str(source), "-o", str(target)], check=True)
    return target


def main() -> None:
    broker = EmbeddedBroker()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        maker = tls_peer.make(folder)
        server = tls_peer.Server(maker, tls_peer.forward(broker.port))
        tree = folder / "tree"
        lay_out(tree, {"folder": str(folder), "port": server.port, "host": tls_peer.HOST})
        least, bare = least_kib(tree, True), least_kib(tree, False)
        narrow = (least - bare) / WIDER
        print(f"MicroPython's heap: {least} KiB with the session, {bare} without: {least - bare} KiB")
        print(f"  about {narrow:.0f} KiB on an ESP32 = {narrow / ESP32_GC_KIB:.0%} of the {ESP32_GC_KIB} it grows to")
        watch = watcher(folder)
        if watch is None:
            print("the C library's heap: not measured, no C compiler (cc) is here")
        else:
            lines = [line for line in run(tree, True, 512, watch) if line.startswith("session")]
            most, held = (int(word) / 1024 for word in lines[0].split()[1:])
            print(f"the C library's heap: {most:.1f} KiB at the most, {held:.1f} in the session")
            socket_kib, peak_kib = ESP32_TLS_KIB
            print(
                f"  {most / peak_kib:.2f} and {held / socket_kib:.2f} of the {peak_kib} and {socket_kib} KiB noted for an ESP32"
            )
        server.close()
    broker.stop()


if __name__ == "__main__":
    main()
