# The dates of a certificate against the board's calendar clock, with mbedTLS's words. The unix port's mbedTLS looks at this
# machine's clock; the ESP32 port's at the one that machine.RTC sets.
import wall

_SEQUENCE = 0x30
_UTC_TIME = 0x17
_EXPLICIT_0 = 0xA0


def _element(data, at):
    # (tag, start, end) of the DER element at a place.
    length, start = data[at + 1], at + 2
    if length & 0x80:
        count = length & 0x7F
        length = int.from_bytes(data[start : start + count], "big")
        start += count
    return data[at], start, start + length


def _unix_s(data, at):
    # (unix seconds, end) of an UTCTime or GeneralizedTime; RFC 5280, 4.1.2.5.
    tag, start, end = _element(data, at)
    text = bytes(data[start:end]).decode()
    if tag == _UTC_TIME:
        text = ("20" if int(text[:2]) < 50 else "19") + text
    fields = [int(text[:4])] + [int(text[place : place + 2]) for place in range(4, 14, 2)]
    return wall.unix_of(*fields), end


def validity(der):
    # (not before, not after) in unix seconds.
    _, at, _ = _element(der, 0)
    _, at, _ = _element(der, at)  # into the part that is signed
    if der[at] == _EXPLICIT_0:
        at = _element(der, at)[2]
    for _ in range(3):  # serial number, algorithm, issuer
        at = _element(der, at)[2]
    _, at, _ = _element(der, at)
    first, at = _unix_s(der, at)
    return first, _unix_s(der, at)[0]


def problem(der):
    # "" when the certificate is good by now.
    first, last = validity(der)
    now = wall.now_s() + wall.UNIX_2000_S
    if now > last:
        return "The certificate validity has expired\n"
    if now < first:
        return "The certificate validity starts in the future\n"
    return ""
