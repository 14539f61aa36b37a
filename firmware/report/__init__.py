# All that may wait or fail. Nothing here can delay the safety loop, and nothing it receives opens a valve.
