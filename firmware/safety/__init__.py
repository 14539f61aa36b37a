# The decisions: integers only, no allocation in a steady step, no hardware, no clock, no network.
