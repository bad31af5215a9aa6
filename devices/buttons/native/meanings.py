"""What native devices' words mean, as literal tables: a new word is a new row."""

from __future__ import annotations

from core.signals import AlarmKind, SignalType

TYPES: dict[str, SignalType] = {token.value: token for token in SignalType}

KINDS: dict[str, AlarmKind] = {token.value: token for token in AlarmKind}

ALARM_ALIASES: dict[str, AlarmKind | None] = {
    "sos": AlarmKind.SOS,
    "panic": AlarmKind.ATTACK,
    "panik": AlarmKind.ATTACK,
    "panikk": AlarmKind.ATTACK,
    "overfald": AlarmKind.ATTACK,
    "overfall": AlarmKind.ATTACK,
    "emergency": None,
    "help": None,
    "hjælp": None,
    "hjelp": None,
    "press": None,
    "pressed": None,
    "button": None,
    "nød": None,
    "knap": None,
    "knapp": None,
    "tryk": None,
    "trykk": None,
}
"""Types people and products write where the contract says `alarm`; None: the kind stays open."""

ALARM_WORDS: tuple[str, ...] = (
    "alarm",
    "sos",
    "help",
    "hjælp",
    "hjaelp",
    "hjelp",
    "panic",
    "panik",
    "emergency",
    "overfald",
    "overfall",
    "attack",
    "assist",
    "mayday",
)
"""A word that makes unreadable bytes a call for help, compared without case, anywhere in them."""

HARMLESS_WORDS: tuple[str, ...] = (
    *("beat", "ping", "pong", "keepalive", "keep", "alive", "hello", "ready", "ok", "idle"),
    *("status", "state", "info", "log", "debug", "event", "events", "message", "data", "report"),
    *("telemetry", "sensor", "sensors", "measurement", "temperature", "humidity", "motion"),
    *("config", "configuration", "settings", "version", "firmware", "update", "ota", "sync"),
    *("boot", "reboot", "restart", "reset", "start", "stop", "power", "sleep", "wake", "uptime"),
    *("online", "offline", "connected", "disconnected", "connect", "attach", "detach", "network"),
    *("wifi", "rssi", "signal", "gsm", "lte", "ble", "beacon", "beacons", "gps", "fix", "sys"),
    *("sms", "pos", "ios"),
    *("charge", "charging", "charger", "charged", "voltage", "time", "clock", "stats", "metrics"),
    *("ack", "received", "accepted", "arrived", "nobody", "yet", "not", "sent", "closed"),
    *("page", "stand", "down", "file", "wire", "cell", "full", "basic", "topic", "diagnostics"),
)
"""Words a device may say at any time without meaning a press. As a `type`, alone or joined, they
are kept and shown and call nobody; as a whole message they are a sign of life."""

KINDS_THAT_ARE_TYPES = (AlarmKind.TAMPER.value, AlarmKind.TECHNICAL.value, AlarmKind.UNKNOWN.value)
"""Tokens of both lists: as a `type` they mean the type."""
