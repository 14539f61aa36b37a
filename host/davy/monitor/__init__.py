"""The monitor: from MQTT to SQLite, acknowledged after the commit."""

from davy.monitor.broker import EmbeddedBroker
from davy.monitor.service import MonitorService
from davy.monitor.store import Received, Store, StoredEvent, StoreUnavailable, Verdict

__all__ = ["EmbeddedBroker", "MonitorService", "Received", "Store", "StoreUnavailable", "StoredEvent", "Verdict"]
