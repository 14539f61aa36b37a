# machine.RTC: the calendar clock.
import wall

# By name: a type checker takes utime for the shadow's own.
_built_in = __import__("utime")


class RTC:
    def __init__(self, id=0):
        if id != 0:
            raise ValueError("RTC(%d) doesn't exist" % id)

    def datetime(self, fields=None):
        # (year, month, day, weekday, hour, minute, second, microsecond); the weekday given is not looked at.
        if fields is None:
            year, month, day, hour, minute, second, weekday = _built_in.gmtime(wall.now_s() + wall.UNIX_2000_S)[:7]
            return (year, month, day, weekday, hour, minute, second, 0)
        if len(fields) != 8:
            raise ValueError("requested length 8 but object has length %d" % len(fields))
        year, month, day, _, hour, minute, second, _ = fields
        wall.set_s(wall.unix_of(year, month, day, hour, minute, second) - wall.UNIX_2000_S)
        return None
