"""Where the MQTT listener listens: its settings, its sockets and its certificate.

Whatever is wrong here is a setting, so it is a ConfigError that names it.
"""

from __future__ import annotations

import errno
import ipaddress
import socket
import ssl
from dataclasses import dataclass, field
from pathlib import Path

from core.errors import ConfigError
from devices.mqtt.limits import MqttLimits

KEEPALIVE_IDLE_S, KEEPALIVE_EVERY_S, KEEPALIVE_TRIES = 60, 15, 4
"""TCP's own sign of life, for clients that promise none: two minutes until a dead one is known."""


CONNECTIONS_MAX = 25_000
"""Devices of a large organisation, each with a connection of its own."""

FILES_SHARE = 2
"""Devices may take this part of the files the process may open; HTTP ports and lines the rest."""


@dataclass(frozen=True, slots=True)
class ListenerSettings:
    """Where to listen. A port of None is not opened, 0 is any free one.

    Beyond loopback the plain port needs `allow_plain`: passwords and positions go in the clear.
    """

    host: str = "127.0.0.1"
    port: int | None = 1883
    tls_port: int | None = None
    tls_cert: Path | None = None
    tls_key: Path | None = None
    allow_plain: bool = False
    connections_max: int = CONNECTIONS_MAX
    connections_per_peer_max: int = CONNECTIONS_MAX
    """All devices of a site may stand behind one address; lower it where they do not."""
    limits: MqttLimits = field(default_factory=MqttLimits)


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def bound_socket(setting: str, host: str, port: int) -> socket.socket:
    """A bound socket; what accepted sockets inherit from it is set here once."""
    try:
        # "localhost" is two addresses, and port 0 would give each of them another port.
        name = "127.0.0.1" if host == "localhost" else host
        family, kind, proto, _, address = socket.getaddrinfo(
            name, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except OSError as error:
        raise ConfigError(f"MQTT_HOST: {host} is no address here ({error}); e.g. 0.0.0.0") from None
    bound = socket.socket(family, kind, proto)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, KEEPALIVE_IDLE_S)
        bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, KEEPALIVE_EVERY_S)
        bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, KEEPALIVE_TRIES)
        bound.bind(address)
    except OSError as error:
        bound.close()
        raise _unbindable(setting, host, port, error) from None
    return bound


def _unbindable(setting: str, host: str, port: int, error: OSError) -> ConfigError:
    if error.errno == errno.EADDRINUSE:
        problem = f"port {port} on {host} is taken by another program; stop it or use another"
    else:
        problem = f"port {port} on {host} cannot be opened ({error.strerror}); use another"
    return ConfigError(f"{setting}: {problem}, e.g. {setting}={port % 60_000 + 1}")


def tls_context(settings: ListenerSettings) -> ssl.SSLContext:
    cert, key = settings.tls_cert, settings.tls_key
    if cert is None or key is None:
        missing = "MQTT_TLS_CERT" if cert is None else "MQTT_TLS_KEY"
        raise ConfigError(f"{missing}: the TLS port needs it, e.g. {missing}=/etc/tilkald/mqtt.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        # Without a password of our own OpenSSL would ask for one on the terminal.
        context.load_cert_chain(cert, key, password="")
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(
            f"MQTT_TLS_CERT: {cert} with MQTT_TLS_KEY {key} cannot be used ({error}); "
            "both are PEM files, the key unencrypted and of that certificate"
        ) from None
    return context
