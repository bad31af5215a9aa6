"""The far ends of lines: call systems, panels, receivers and boards as they really speak.

Each family has one file with its far end, pure: bytes and time in, bytes out (`ports.Speaker`).
`cables` carries them over ptys and sockets that can be unplugged, `far_end` drives one speaker on
one cable, `table` knows which speaker belongs at the other end of a line. They are written with
the encoders of `devices`, so a slip in a codec shows on both sides; programs others wrote are set
against the same codecs in `tests/interplay`.
"""
