"""`python -m davy` is `davy`."""

from davy.cli.main import main

main()
