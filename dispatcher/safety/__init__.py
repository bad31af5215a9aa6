"""What watches over people and the service between alarms: timed cases of other kinds. Pure."""
