"""The monitor: from MQTT to SQLite, acknowledged after the commit; who is believed, and what they are told."""

from davy.monitor.broker import EmbeddedBroker
from davy.monitor.packets import Received, StoredEvent, Verdict
from davy.monitor.peers import Admit
from davy.monitor.service import MonitorService
from davy.monitor.store import Store, StoreUnavailable
from davy.monitor.tls import TlsFolder

__all__ = [
    "Admit",
    "EmbeddedBroker",
    "MonitorService",
    "Received",
    "Store",
    "StoreUnavailable",
    "StoredEvent",
    "TlsFolder",
    "Verdict",
]
