"""Who is on shift, where, and how far from the alarm. Pure."""
