"""A double of Twilio's messaging API: its REST shape, signatures, callbacks, phones and faults."""

from firmware_sim.twilio_double.faults import Faults, Refusal
from firmware_sim.twilio_double.phones import Phone, Unexpected
from firmware_sim.twilio_double.server import TwilioDouble
from firmware_sim.twilio_double.shape import Message

__all__ = ["Faults", "Message", "Phone", "Refusal", "TwilioDouble", "Unexpected"]
