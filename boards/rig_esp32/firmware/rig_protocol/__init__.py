# The contract between a bench and its rig, imported by both sides.
