"""The seeded world: a whole site on virtual time, faults and crashes, every law after every event.

simulate   one seed, so many days: the same seed gives the same world, event by event
process    the dispatcher as one process that may die at any point; the real core and store
lines      what lies between: devices, channels, providers, each with its bad days
people     who presses, answers, ignores, vanishes, arrives, presses too
laws       what must hold after every event, each with its number and its claim
witness    what really happened, seen from outside the process
"""

from firmware_sim.world.report import Report
from firmware_sim.world.simulate import Setting, run_simulate, simulate

__all__ = ["Report", "Setting", "run_simulate", "simulate"]
