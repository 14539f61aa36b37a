# Shadow of `network`: a station whose access point the supervisor plays.
import kernel
import machine

STA_IF = 0
AP_IF = 1
STAT_IDLE = 1000
STAT_CONNECTING = 1001
STAT_GOT_IP = 1010
STAT_NO_AP_FOUND = 201
STAT_WRONG_PASSWORD = 202
STAT_BEACON_TIMEOUT = 200
STAT_ASSOC_FAIL = 203
STAT_HANDSHAKE_TIMEOUT = 204
AUTH_OPEN = 0
AUTH_WPA2_PSK = 3

_WLAN_JOIN = 6
_WLAN_LEAVE = 7
_IN_WLAN = 3

_state = [STAT_IDLE, -60]  # status, RSSI in dBm
_lost: list = []  # called when the station leaves STAT_GOT_IP


def on_lost(callback):
    _lost.append(callback)


def _changed(body):
    was = _state[0]
    _state[0] = body[0] | body[1] << 8
    if was == STAT_GOT_IP and _state[0] != STAT_GOT_IP:
        for callback in _lost:
            callback()


kernel.inputs[_IN_WLAN] = _changed


class WLAN:
    IF_STA = STA_IF
    IF_AP = AP_IF
    PM_NONE = 0
    PM_PERFORMANCE = 1
    PM_POWERSAVE = 2

    def __init__(self, interface=STA_IF):
        if interface != STA_IF:
            raise OSError(-2, "the virtual board has a station interface only")

    def active(self, *on):
        if not on:
            return kernel.wifi_active
        if kernel.wifi_active and not on[0]:
            self.disconnect()
        kernel.wifi_active = bool(on[0])
        return kernel.wifi_active

    def connect(self, ssid=None, key=None, *, bssid=None):
        if not kernel.wifi_active:
            raise OSError(0x3002, "Wifi Not Started")
        if _state[0] == STAT_CONNECTING:
            raise OSError(0x3007, "Wifi Internal State Error")
        _state[0] = STAT_CONNECTING
        name = (ssid or "").encode()
        secret = (key or "").encode()
        kernel.sync(_WLAN_JOIN, bytes((len(name),)) + name + secret)

    def disconnect(self):
        if not kernel.wifi_active:
            raise OSError(0x3002, "Wifi Not Started")
        if _state[0] != STAT_IDLE:
            _changed(bytes((STAT_IDLE & 255, STAT_IDLE >> 8)))
            kernel.sync(_WLAN_LEAVE)

    def isconnected(self):
        return _state[0] == STAT_GOT_IP

    def status(self, what=None):
        if what == "rssi":
            return _state[1]
        return _state[0]

    def ifconfig(self, *_):
        return ("192.0.2.10", "255.255.255.0", "192.0.2.1", "192.0.2.1")

    def config(self, *query, **settings):
        if query == ("mac",):
            return machine.unique_id()
        if query:
            raise ValueError("unknown config param")
        return None


def hostname(*name):
    return "davy"


def country(*code):
    return "XX"
