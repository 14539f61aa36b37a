# Relay, lamp, siren and heater: written when they change, and anew each second whether they changed or not.


class Outputs:
    # drivers: relay, signals and heater, each with set().
    def __init__(self, drivers: dict) -> None:
        self.relay = -1  # as last set; -1: to be written in any case
        self._signals = -1
        self._heater_permille = -1
        self._set_relay = drivers["relay"].set
        self._set_signals = drivers["signals"].set
        self._set_heater = drivers["heater"].set

    def show(self, relay: int, signals: int, heater_permille: int) -> None:
        # The valve before anything that may take time.
        if relay != self.relay:
            self._set_relay(relay)
            self.relay = relay
        if signals != self._signals:
            self._set_signals(signals)
            self._signals = signals
        if heater_permille != self._heater_permille:
            self._heater_permille = heater_permille
            self._set_heater(heater_permille)

    def renew(self) -> None:
        self.relay = self._signals = -1

    def fail_safe(self, relay: int, signals: int) -> None:
        self._set_relay(relay)
        self._set_signals(signals)
