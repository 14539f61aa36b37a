# Runs after boot.py: wiring only. The board's data -> drivers -> the safety loop on its timer -> reports.
from wiring import start

start()
