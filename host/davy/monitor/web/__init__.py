"""The monitor's web side: a page, REST and server-sent events over the monitor's database, which it only reads."""

from davy.monitor.web.options import WebOptions, check_web_options
from davy.monitor.web.server import WebServer

__all__ = ["WebOptions", "WebServer", "check_web_options"]
