# Checks that take long: of files, memory and time bases. They run beside the safety loop and only tell it what they found.
