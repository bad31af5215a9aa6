"""`tilkald bench`: the alarm path of a real service, measured from outside over real sockets.

run        which measurements, in which order; the table and the file
town       an organisation as large as a measurement needs
device     a lean MQTT device on the codec of `devices.mqtt` (an MQTT library would be measured
           rather than the service: paho takes a millisecond where this takes 50 µs)
crew       the devices of a town, and what becomes of each press
path       a press to its first notice and to its PUBACK, beside a bare mosquitto
crowd      a thousand presses at once
beats      twenty thousand devices that only say they are there
choosing   the nearest of ten thousand people
starting   a start with ten thousand open alarms
devices    the lines of a building: codecs (`devices_codecs`, their frames `devices_frames`), a slow
           ESPA line beside a crowd (`devices_espa`), supervised panels (`devices_panels`)
figures    medians, percentiles, reaches; the machine
"""

from firmware_sim.bench.run import run_bench

__all__ = ["run_bench"]
