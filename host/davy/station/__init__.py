"""The production station: N fixtures at once, serials given once, every attempt in a chained log."""
