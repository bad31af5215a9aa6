"""A gateway on another machine: it spools what it hears and hands it over.

    its machine                                        the dispatcher's machine
    lines, listener → intake → SpooledDesk → Spool ─┐
                         wearer, colleagues ← ring  ├─ Uplink ── HTTPS ── RemoteGateways → intake
                         listener ← tells ──────────┘                     (tell, health, scan)

Two requests carry everything, and both begin at the gateway, so nothing need reach into its house.
`up` hands over: what the spool holds, who was heard, how the lines are; the answer names what is
committed. `down` is held open: what devices are told, and the configuration. `gateway.handover` is
what the two say to each other, and all they share. Cut off, the `ring` lets `alarms/` decide.
"""
