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
RUN_TESTING = 7
RUN_END_OF_SERVICE = 8
RUN_TAMPER = 9

# Positions of the fault bits.
FAULT_METHANE_SENSOR = 0
FAULT_CO_SENSOR = 1
FAULT_VALVE_FEEDBACK = 2
FAULT_LOOP_DEADLINE = 3
FAULT_SETTINGS = 4
FAULT_INTERNAL = 5
FAULT_LATCH_STORE = 6
FAULT_EVENT_OVERFLOW = 7
FAULT_CLIMATE = 8
FAULT_ADC_REFERENCE = 9
FAULT_RELAY = 10
FAULT_VALVE_COIL = 11
FAULT_VALVE_CURRENT = 12
FAULT_VALVE_LEAKING = 13
FAULT_IMAGE = 14
FAULT_RAM = 15
FAULT_CLOCK = 16
FAULTS = 17

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
EVENT_MUTED = 12
EVENT_MUTE_ENDED = 13
EVENT_SELF_TEST = 14
EVENT_COMMAND = 15
EVENT_TAMPER = 16
EVENT_END_OF_SERVICE = 17

# What may be asked of the device from outside. Nothing here opens a valve or releases a latch.
COMMAND_NONE = 0
COMMAND_CLOSE_VALVE = 1
COMMAND_MUTE = 2
COMMAND_SELF_TEST = 3
COMMAND_IDENTIFY = 4

# What became of a command.
RESULT_DONE = 0
RESULT_ALARM = 1  # refused while an alarm is expressed or latched
RESULT_BUSY = 2  # refused while it tests or settles
RESULT_NOTHING = 3  # there is nothing to do
RESULT_UNKNOWN = 4

# Self-test: how it stands, and the items, by bit.
TEST_NONE = 0
TEST_RUNNING = 1
TEST_PASSED = 2
TEST_FAILED = 3
ITEM_METHANE = 0
ITEM_CO = 1
ITEM_VALVE = 2
ITEM_RELAY = 3
ITEM_STORE = 4
ITEM_REFERENCE = 5
ITEM_CLIMATE = 6
ITEM_MEMORY = 7  # settings, image, RAM and clock, checked anew
ITEM_VALVE_MOVES = 8
ITEMS = 9

# Ticks wrap here, as time.ticks_ms on the port; also the largest integer that does not allocate.
TICKS_MASK = 0x3FFFFFFF
