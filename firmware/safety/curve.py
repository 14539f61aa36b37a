# Curves as integer tables: Rs/R0 in thousandths, falling, against ppm. Spaced so that straight lines between the
# points stay within 1 % of the data sheet's straight lines in log-log. Made by tools/curve_tables.py: do not edit.
from array import array

# MQ-4, CH4; R0 = Rs at 1000 ppm, 20 degC, 65 %RH. Source: data/mq4_curve.csv of the hardware notes.
MQ4_RATIO_PERMILLE = array(
    "i",
    [
        4379, 4174, 3978, 3792, 3614, 3445, 3283, 3129, 2983, 2843, 2710, 2583, 2462, 2346, 2236, 2131,
        2031, 1936, 1845, 1759, 1677, 1598, 1523, 1452, 1384, 1319, 1257, 1198, 1142, 1088, 1037, 989,
        942, 898, 856, 816, 778, 741, 706, 673, 642, 612, 583, 556, 530, 505, 481, 459,
        437, 417, 397, 378, 361, 344, 328, 312, 298, 284, 270, 258, 246, 234, 223, 213,
    ],
)  # fmt: skip
MQ4_PPM = array(
    "i",
    [
        15, 17, 20, 22, 26, 30, 34, 39, 45, 51, 59, 67, 77, 88, 101, 116,
        133, 152, 175, 200, 230, 263, 302, 346, 397, 455, 522, 598, 685, 786, 901, 1033,
        1185, 1360, 1560, 1790, 2054, 2357, 2704, 3103, 3560, 4084, 4686, 5352, 6086, 6921, 7870, 8950,
        10178, 11574, 13161, 14967, 17020, 19355, 22010, 25030, 28463, 32368, 36808, 41858, 47600, 54130, 61556, 70000,
    ],
)  # fmt: skip

# MQ-7, CO; R0 = Rs at 100 ppm, at the end of the 1.4 V phase. Source: data/mq7_curve.csv.
MQ7_RATIO_PERMILLE = array(
    "i",
    [
        26800, 24262, 21964, 19883, 18000, 16295, 14752, 13355, 12090, 10945, 9908, 8970, 8120, 7351, 6655, 6025,
        5454, 4937, 4470, 4046, 3663, 3316, 3002, 2718, 2460, 2227, 2016, 1825, 1652, 1496, 1354, 1226,
        1110, 1005, 910, 823, 745, 675, 611, 553, 501, 453, 410, 371, 336, 304, 276, 249,
        226, 204, 185, 168, 152, 137, 124, 113, 102, 92, 84, 76, 68, 62, 56, 51,
    ],
)  # fmt: skip
MQ7_PPM = array(
    "i",
    [
        1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 4, 4, 5, 6, 7, 8,
        9, 10, 12, 13, 15, 18, 21, 24, 28, 32, 37, 42, 49, 57, 65, 76,
        87, 101, 116, 134, 155, 179, 206, 238, 274, 316, 365, 424, 499, 588, 691, 814,
        958, 1122, 1312, 1533, 1793, 2096, 2450, 2865, 3349, 3916, 4578, 5352, 6258, 7316, 8553, 10000,
    ],
)  # fmt: skip
# Rs/R0 of clean air: what the drift is measured by.
MQ4_CLEAN_PERMILLE = 4380

# Rs against 20 degC, 65 %RH, in thousandths: at 33 %RH and at 85 %RH. Source: data/mq4_climate.csv and
# mq7_climate.csv, moved from the plots' reference of 33 %RH to the gas curves' of 65 %RH.
MQ4_CLIMATE_CDEGC = array("i", [-1000, 500, 2000, 5000])
MQ4_CLIMATE_DRY = array("i", [1410, 1201, 1102, 992])
MQ4_CLIMATE_WET = array("i", [1201, 1041, 936, 793])
MQ7_CLIMATE_CDEGC = array("i", [-1000, 500, 2000, 5000])
MQ7_CLIMATE_DRY = array("i", [1576, 1226, 1094, 947])
MQ7_CLIMATE_WET = array("i", [1280, 1061, 941, 810])

# Current of a TGS5042 against 20 degC, in thousandths. Source: data/tgs5042_temperature.csv.
TGS5042_CDEGC = array("i", [-1000, 0, 1000, 2000, 3000, 4000, 5000])
TGS5042_PERMILLE = array("i", [752, 844, 927, 1000, 1060, 1105, 1132])
