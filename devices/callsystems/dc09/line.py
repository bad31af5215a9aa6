"""A DC-09 port opened: its accounts, their keys and how long each may be silent."""

from __future__ import annotations

from datetime import timedelta

from devices.callsystems.codes.own_codes import own_codes
from devices.callsystems.dc09.accounts import Accounts
from devices.callsystems.dc09.session import Dc09Session
from devices.callsystems.dc09.settings import PROTOCOL, Account, Settings, keys_of
from devices.family import Port
from devices.line_settings import LineSettings


def opened(settings: LineSettings) -> Port:
    accounts, datagrams = Accounts(_agreed(settings)), settings.datagrams
    return Port(
        lambda: Dc09Session(accounts, supervises=False, datagrams=datagrams),
        own=Dc09Session(accounts, supervises=True),
    )


def _agreed(settings: LineSettings) -> Settings:
    """`key` holds for every account, `key.1234` and `silent_s.1234` for one.

    Only an account that is named is watched for silence: nobody knows when another must speak.
    """
    keys = {name.upper(): key for name, key in settings.each("key", "ACCOUNT").items()}
    silences = {name.upper(): s for name, s in settings.each("silent_s", "ACCOUNT").items()}
    key, own = settings.text("key", ""), own_codes(settings)
    other = Account(keys=keys_of(key) if key else (), own=own)
    listed = []
    for account in dict.fromkeys((*keys, *silences)):
        of_its_own = keys_of(keys[account]) if account in keys else other.keys
        said = LineSettings(PROTOCOL, {"silent_s": silences.get(account, "")})
        allowed = said.seconds("silent_s", timedelta()) or None
        listed.append(Account(account, of_its_own, allowed, own))
    return Settings(
        accounts=tuple(listed),
        other=other,
        only_listed=settings.flag("only_listed"),
        check_time=settings.one_of("check_time", "true", ("true", "false")) == "true",
        decimal_length=settings.flag("decimal_length"),
    )
