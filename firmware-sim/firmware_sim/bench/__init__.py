"""`tilkald bench`: the alarm path of a real service, measured from outside over real sockets.

run                which measurements, of which version, in which order
versions           this code, and another commit's beside it
pairs              the ratio of two versions, its noise, and which row got slower
figures            what a measurement found: medians, percentiles, reaches; the machine
report             the table, the file, the verdict of a check

sized_site         an organisation as large as a measurement needs
service_process    a service for each run, and what its process uses
mqtt_device        a lean MQTT device on the codec of `devices.mqtt` (an MQTT library would be
                   measured, not the service: paho takes a millisecond where this takes 50 µs)
presses            connected devices, and what becomes of each press; who presses is connected in a
                   process of its own, `presser`
programs           other programs, started for a block
relay              a bare mosquitto between two devices
inside             what is measured in process, by each version's own bench (`inside_program`)

press_path         a press to its first notice, its PUBACK and its end, at ten a second
all_at_once        a thousand presses at once
heartbeats         twenty thousand devices that only say they are there
nearest            the nearest of ten thousand people
start_with_alarms  a start with ten thousand open alarms
codec_speed        what each protocol reads a second, of the frames in `codec_frames`
espa_line          a slow ESPA line beside a thousand presses
panels             five hundred supervised DC-09 accounts
"""

from firmware_sim.bench.run import Wanted, run_bench

__all__ = ["Wanted", "run_bench"]
