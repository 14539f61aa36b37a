# The only code that touches the chip. One small class a part; nothing is made at import.
