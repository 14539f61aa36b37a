# The wire contract, imported by the board and by the host.
