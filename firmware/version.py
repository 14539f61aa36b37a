# The firmware's version.
MAJOR = 0
MINOR = 1
PATCH = 0
TEXT = "%d.%d.%d" % (MAJOR, MINOR, PATCH)
