"""What a device is and how it speaks. Pure: no socket, no clock, no chance."""
