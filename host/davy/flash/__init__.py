"""Putting a release and an identity on a board with the real esptool, and asking the board afterwards whether it is well."""
