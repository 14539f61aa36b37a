# Runs first. Outputs to their safe level, before anything else can fail: valve shut, siren off.
import json

try:
    with open("/board.json") as file:
        board = json.load(file)
    from drivers.pins import Output

    Output(board["valve"]["relay_pin"], board["valve"]["relay_active"])
    Output(board["siren"]["pin"], board["siren"]["active"])
except (OSError, ValueError, KeyError) as error:
    # Pins stay inputs, and are held at their safe level outside the chip.
    print("davy: board.json cannot be used (%r); outputs stay inputs, the valve stays shut" % (error,))
