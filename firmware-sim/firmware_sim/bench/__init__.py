"""`tilkald bench`: the alarm path of a real service, measured from outside over real sockets.

run                which measurements, in which order
figures            what a measurement found: medians, percentiles, reaches; the machine
report             the table and the file
sized_site         an organisation as large as a measurement needs
service_process    a service for each measurement, and what its process uses
mqtt_device        a lean MQTT device on the codec of `devices.mqtt` (an MQTT library would be
                   measured, not the service: paho takes a millisecond where this takes 50 µs)
presses            connected devices, and what becomes of each press

press_path         a press to its first notice and to its PUBACK, beside a bare mosquitto
all_at_once        a thousand presses at once
heartbeats         twenty thousand devices that only say they are there
nearest            the nearest of ten thousand people
start_with_alarms  a start with ten thousand open alarms
codecs             what each protocol reads a second, of the frames in `codec_frames`
espa_line          a slow ESPA line beside a thousand presses
panels             five hundred supervised DC-09 accounts
"""

from firmware_sim.bench.run import run_bench

__all__ = ["run_bench"]
