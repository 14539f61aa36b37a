# Numbers that the safety core speaks in. The wire protocol uses the same; a test compares them.

# Status of a reading. Only OK goes with a number.
OK = 0
WARMING = 1
OPEN = 2
SHORT = 3
SATURATED = 4  # over the sensor's range: no number, and an alarm
STUCK = 5
JUMP = 6
HEATER = 7
SILENT = 8
UNCALIBRATED = 9
ABSENT = 10

# Alarm level of a gas.
NORMAL = 0
WARNING = 1
CRITICAL = 2

# Gases, as events name them.
NO_GAS = 0
METHANE = 1
CO = 2

# Valve, as read back.
VALVE_CLOSED = 0
VALVE_OPEN = 1
VALVE_OPENING = 2
VALVE_CLOSING = 3
VALVE_CHECKING = 4
VALVE_NOT_CONNECTED = 5
VALVE_FAILURE = 6
VALVE_UNKNOWN = 7

# Expressed state: the most urgent that holds.
RUN_STARTING = 0
RUN_PREHEAT = 1
RUN_NORMAL = 2
RUN_WARNING = 3
RUN_CRITICAL = 4
RUN_LATCHED = 5
RUN_FAULT = 6

# Positions of the fault bits.
FAULT_METHANE_SENSOR = 0
FAULT_CO_SENSOR = 1
FAULT_VALVE_FEEDBACK = 2
FAULT_LOOP_DEADLINE = 3
FAULT_SETTINGS = 4
FAULT_INTERNAL = 5
FAULT_LATCH_STORE = 6
FAULT_EVENT_OVERFLOW = 7

# Kinds of events.
EVENT_BOOT = 1
EVENT_ALARM = 2
EVENT_CLEAR = 3
EVENT_FAULT = 4
EVENT_FAULT_CLEARED = 5
EVENT_VALVE = 6
EVENT_LATCHED = 7
EVENT_RELEASED = 8
EVENT_PREHEAT_DONE = 9
EVENT_BUTTON = 10
EVENT_LOSS = 11

# Ticks wrap here, as time.ticks_ms on the port; also the largest integer that does not allocate.
TICKS_MASK = 0x3FFFFFFF
