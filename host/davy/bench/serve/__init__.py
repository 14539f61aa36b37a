"""`davy bench serve`: what the benches of a station do now, and what their last units were. It only reads."""

from davy.bench.serve.server import BenchServer

__all__ = ["BenchServer"]
