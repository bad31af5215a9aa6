"""How the devices' own listener is opened, here and on a remote gateway, from the settings."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from functools import partial

from core.admission import places
from core.settings import Settings
from gateway.links.mqtt_sockets import (
    CONNECTIONS_MAX,
    FILES_SHARE,
    ListenerSettings,
    tls_context,
)


def certificate_of(settings: Settings) -> Callable[[], ssl.SSLContext] | None:
    """What the device side shows, on the MQTT port and on `tls://` lines alike."""
    if settings.mqtt_tls_cert is None:
        return None
    return partial(tls_context, listener_settings(settings))


def listener_settings(settings: Settings) -> ListenerSettings:
    """TLS is opened where a certificate is given; plain stays on loopback unless allowed."""
    tls = settings.mqtt_tls_cert is not None
    return ListenerSettings(
        host=settings.mqtt_bind or settings.bind,
        port=settings.mqtt_port,
        tls_port=settings.mqtt_tls_port if tls else None,
        tls_cert=settings.mqtt_tls_cert,
        tls_key=settings.mqtt_tls_key,
        allow_plain=settings.mqtt_allow_plain,
        connections_max=places(CONNECTIONS_MAX, FILES_SHARE),
    )
