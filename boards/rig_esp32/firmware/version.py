# Of the rig's firmware.
MAJOR, MINOR, PATCH = 0, 1, 0
