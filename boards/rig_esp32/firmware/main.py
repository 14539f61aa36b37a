# Wiring only: the rig's data -> drivers -> outputs and inputs -> the console.
from assembly import start

start()
