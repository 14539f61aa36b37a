# The firmware's version.
MAJOR = 0
MINOR = 1
PATCH = 0
TEXT = "%d.%d.%d" % (MAJOR, MINOR, PATCH)
# No clock is believed that shows an earlier time: 2026-11-25 00:00 UTC, in unix seconds.
BUILT_S = 1_795_564_800
