"""Two-point gas calibration of a unit: clean air, span gas, and the number that goes into the unit."""
