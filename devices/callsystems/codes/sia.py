"""SIA event codes (DC-03): what each pair of letters says, as one table, and a block read.

A block is `N` or `O` (new, old) and packets separated by `/`: modifiers (`ti12:30`, `ri1`, `id5`)
and codes with the number of what they speak of (`PA501`), a text after either (`^Hall^`, and in the
wild `*'Hall'NM`). Some diallers leave the `/` out; both are read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from core.signals import AlarmKind as K
from devices.callsystems.codes.meaning import (
    About,
    Event,
    Meaning,
    alarm,
    battery,
    cancel,
    note,
    proof,
    restored,
    shown,
    tamper,
    technical,
    tried,
    unknown,
)

LIST = "DC-03 (list in siadc09)"
BOTH = "DC-03 (lists in siadc09 and pysiaalarm)"
VENDOR = "pysiaalarm sia_codes.py (a vendor's own)"
U, AREA = About.USER, About.AREA

# `cause` of a row is the code of the trouble it ends, or that it shares with another code. Which
# belong together is our reading of their names; one without it may be closed by a person only.
MEANINGS: dict[str, Meaning] = {
    "AA": alarm(K.UNKNOWN, "alarm - panel substitution", BOTH),
    "AB": cancel("abort", BOTH),
    "AN": restored(K.TECHNICAL, "analog restoral", BOTH, cause="AS"),
    "AR": restored(K.TECHNICAL, "AC restoral", BOTH, cause="AT"),
    "AS": technical("analog service", BOTH),
    "AT": technical("AC trouble", BOTH),
    "BA": alarm(K.UNKNOWN, "burglary alarm", BOTH),
    "BB": technical("burglary bypass", BOTH),
    "BC": cancel("burglary cancel", BOTH, U),
    "BD": technical("swinger trouble", BOTH),
    "BE": restored(K.TECHNICAL, "swinger trouble restore", BOTH, cause="BD"),
    "BG": alarm(K.UNKNOWN, "unverified event burglary", BOTH),
    "BH": restored(K.UNKNOWN, "burglary alarm restore", BOTH),
    "BJ": restored(K.TECHNICAL, "burglary trouble restore", BOTH, cause="BT"),
    "BM": alarm(K.UNKNOWN, "burglary alarm cross point", BOTH),
    "BR": restored(K.UNKNOWN, "burglary restoral", BOTH),
    "BS": technical("burglary supervisory", BOTH),
    "BT": technical("burglary trouble", BOTH),
    "BU": restored(K.TECHNICAL, "burglary unbypass", BOTH, cause="BB"),
    "BV": alarm(K.UNKNOWN, "burglary verified", BOTH, AREA),
    "BX": tried("burglary test", BOTH),
    "BZ": technical("missing supervision", BOTH),
    "CA": note("automatic closing", BOTH, AREA),
    "CD": technical("closing delinquent", BOTH, AREA),
    "CE": note("closing extend", BOTH, U),
    "CF": note("forced closing", BOTH, U),
    "CG": note("close area", BOTH, U),
    "CI": technical("fail to close", BOTH, AREA),
    "CJ": note("late close", BOTH, AREA),
    "CK": note("early close", BOTH, U),
    "CL": note("closing report", BOTH, U),
    "CM": alarm(K.UNKNOWN, "missing alarm recent closing", BOTH),
    "CO": note("command sent", BOTH),
    "CP": note("automatic closing", BOTH, U),
    "CQ": note("remote closing", BOTH, U),
    "CR": note("recent closing", BOTH, U),
    "CS": note("closing keyswitch", BOTH),
    "CT": technical("late to open", BOTH, AREA),
    "CW": note("was force armed", BOTH, AREA),
    "CX": note("custom function executed", BOTH),
    "CZ": note("point closing", BOTH),
    "DA": note("card assigned", BOTH, U),
    "DB": note("card deleted", BOTH, U),
    "DC": note("access closed", BOTH),
    "DD": note("access denied", BOTH),
    "DE": note("request to enter", BOTH),
    "DF": technical("door forced", BOTH),
    "DG": note("access granted", BOTH),
    "DH": restored(K.TECHNICAL, "door left open restoral", BOTH, cause="DM"),
    "DI": note("access denied - passback", BOTH),
    "DJ": technical("door forced trouble", BOTH, cause="DF"),
    "DK": note("access lockout", BOTH),
    "DL": technical("door left open alarm", BOTH, cause="DM"),
    "DM": technical("door left open trouble", BOTH),
    "DN": note("door left open non-alarm non-trouble", BOTH),
    "DO": note("access open", BOTH),
    "DP": note("access denied unauthorized time", BOTH),
    "DQ": note("access denied unauthorized arming state", BOTH),
    "DR": restored(K.TECHNICAL, "door restoral", BOTH, cause="DF"),
    "DS": note("door station", BOTH),
    "DT": technical("access trouble", BOTH),
    "DU": note("dealer ID", BOTH),
    "DV": note("access denied unauthorized entry level", BOTH),
    "DW": note("access denied interlock", BOTH),
    "DX": note("request to exit", BOTH),
    "DY": note("door locked", BOTH),
    "DZ": note("access denied door secured", BOTH),
    "EA": alarm(K.UNKNOWN, "exit alarm", BOTH),
    "EE": note("exit error", BOTH, U),
    "EJ": restored(K.TAMPER, "expansion tamper restore", BOTH, cause="ES"),
    "EM": technical("expansion device missing", BOTH),
    "EN": restored(K.TECHNICAL, "expansion missing restore", BOTH, cause="EM"),
    "ER": restored(K.TECHNICAL, "expansion restoral", BOTH, cause="ET"),
    "ES": tamper("expansion device tamper", BOTH),
    "ET": technical("expansion trouble", BOTH),
    "EX": technical("external device condition", BOTH),
    "EZ": alarm(K.UNKNOWN, "missing alarm exit error", BOTH),
    "FA": alarm(K.FIRE, "fire alarm", BOTH),
    "FB": technical("fire bypass", BOTH),
    "FC": cancel("fire cancel", BOTH),
    "FG": alarm(K.FIRE, "unverified event - fire", BOTH),
    "FH": restored(K.FIRE, "fire alarm restore", BOTH),
    "FI": proof("fire test begin", BOTH, AREA),
    "FJ": restored(K.TECHNICAL, "fire trouble restore", BOTH, cause="FT"),
    "FK": note("fire test end", BOTH, AREA),
    "FL": note("fire alarm silenced", BOTH),
    "FM": alarm(K.FIRE, "fire alarm, cross point", BOTH),
    "FQ": restored(K.TECHNICAL, "fire supervisory trouble restore", BOTH, cause="FW"),
    "FR": restored(K.FIRE, "fire restoral", BOTH),
    "FS": technical("fire supervisory", BOTH),
    "FT": technical("fire trouble", BOTH),
    "FU": restored(K.TECHNICAL, "fire unbypass", BOTH, cause="FB"),
    "FV": restored(K.TECHNICAL, "fire supervision restore", BOTH, cause="FS"),
    "FW": technical("fire supervisory trouble", BOTH),
    "FX": tried("fire test", BOTH),
    "FY": technical("missing fire trouble", BOTH),
    "FZ": technical("missing fire supervision", BOTH),
    "GA": alarm(K.UNKNOWN, "gas alarm", BOTH),
    "GB": technical("gas bypass", BOTH),
    "GH": restored(K.UNKNOWN, "gas alarm restore", BOTH),
    "GJ": restored(K.TECHNICAL, "gas trouble restore", BOTH, cause="GT"),
    "GR": restored(K.UNKNOWN, "gas restoral", BOTH),
    "GS": technical("gas supervisory", BOTH),
    "GT": technical("gas trouble", BOTH),
    "GU": restored(K.TECHNICAL, "gas unbypass", BOTH, cause="GB"),
    "GX": tried("gas test", BOTH),
    "HA": alarm(K.ATTACK, "hold-up alarm", BOTH),
    "HB": technical("holdup bypass", BOTH),
    "HH": restored(K.ATTACK, "holdup alarm restore", BOTH),
    "HJ": restored(K.TECHNICAL, "holdup trouble restore", BOTH, cause="HT"),
    "HR": restored(K.ATTACK, "holdup restoral", BOTH),
    "HS": technical("holdup supervisory", BOTH),
    "HT": technical("holdup trouble", BOTH),
    "HU": restored(K.TECHNICAL, "holdup unbypass", BOTH, cause="HB"),
    "IA": technical("equipment failure condition", BOTH),
    "IR": restored(K.TECHNICAL, "equipment fail restoral", BOTH, cause="IA"),
    "JA": technical("user code tamper", BOTH, AREA),
    "JD": note("date changed", BOTH, U),
    "JH": note("holiday changed", BOTH, U),
    "JK": alarm(K.MISSED_CHECK_IN, "latchkey alert", BOTH, U),
    "JL": note("log threshold", BOTH),
    "JO": technical("log overflow", BOTH),
    "JP": note("user on premises", BOTH, U),
    "JR": note("schedule executed", BOTH, AREA),
    "JS": note("schedule changed", BOTH, U),
    "JT": note("time changed", BOTH, U),
    "JV": note("user code changed", BOTH, U),
    "JX": note("user code deleted", BOTH, U),
    "JY": note("user code added", BOTH, U),
    "JZ": note("user level set", BOTH, U),
    "KA": alarm(K.FIRE, "heat alarm", BOTH),
    "KB": technical("heat bypass", BOTH),
    "KH": restored(K.FIRE, "heat alarm restore", BOTH),
    "KJ": restored(K.TECHNICAL, "heat trouble restore", BOTH, cause="KT"),
    "KR": restored(K.FIRE, "heat restoral", BOTH),
    "KS": technical("heat supervisory", BOTH),
    "KT": technical("heat trouble", BOTH),
    "KU": restored(K.TECHNICAL, "heat unbypass", BOTH, cause="KB"),
    "LB": note("local program", BOTH),
    "LD": technical("local program denied", BOTH),
    "LE": note("listen-in ended", BOTH),
    "LF": note("listen-in begin", BOTH),
    "LR": restored(K.TECHNICAL, "phone line restoral", BOTH, cause="LT"),
    "LS": note("local program success", BOTH),
    "LT": technical("phone line trouble", BOTH),
    "LU": technical("local program fail", BOTH),
    "LX": note("local programming ended", BOTH),
    "MA": alarm(K.MEDICAL, "medical alarm", BOTH),
    "MB": technical("medical bypass", BOTH),
    "MH": restored(K.MEDICAL, "medical alarm restore", BOTH),
    "MI": alarm(K.UNKNOWN, "canned message", BOTH),
    "MJ": restored(K.TECHNICAL, "medical trouble restore", BOTH, cause="MT"),
    "MR": restored(K.MEDICAL, "medical restoral", BOTH),
    "MS": technical("medical supervisory", BOTH),
    "MT": technical("medical trouble", BOTH),
    "MU": restored(K.TECHNICAL, "medical unbypass", BOTH, cause="MB"),
    "NA": alarm(K.NO_MOTION, "no activity", BOTH),
    "NC": technical("network condition", BOTH),
    "NF": note("forced perimeter arm", BOTH, AREA),
    "NL": note("perimeter armed", BOTH, AREA),
    "NM": note("perimeter armed, user defined", BOTH, AREA),
    "NR": restored(K.TECHNICAL, "network restoral", BOTH, cause="NT"),
    "NS": restored(K.NO_MOTION, "activity resumed", BOTH),
    "NT": technical("network failure", BOTH),
    "OA": note("automatic opening", BOTH, AREA),
    "OC": cancel("cancel report", BOTH, U),
    "OG": note("open", BOTH, AREA),
    "OH": cancel("early to open from alarm", BOTH, U),
    "OI": technical("fail to open", BOTH, AREA),
    "OJ": note("late open", BOTH, U),
    "OK": note("early open", BOTH, U),
    "OL": cancel("late to open from alarm", BOTH, U),
    "OP": note("opening report", BOTH, U),
    "OQ": note("remote opening", BOTH, U),
    "OR": cancel("disarm from alarm", BOTH, U),
    "OS": note("opening keyswitch", BOTH),
    "OT": technical("late to close", BOTH, U),
    "OU": technical("output state - trouble", BOTH),
    "OV": restored(K.TECHNICAL, "output state - restore", BOTH, cause="OU"),
    "OZ": note("point opening", BOTH),
    "PA": alarm(K.ATTACK, "panic alarm", BOTH),
    "PB": technical("panic bypass", BOTH),
    "PH": restored(K.ATTACK, "panic alarm restore", BOTH),
    "PJ": restored(K.TECHNICAL, "panic trouble restore", BOTH, cause="PT"),
    "PR": restored(K.ATTACK, "panic restoral", BOTH),
    "PS": technical("panic supervisory", BOTH),
    "PT": technical("panic trouble", BOTH),
    "PU": restored(K.TECHNICAL, "panic unbypass", BOTH, cause="PB"),
    "QA": alarm(K.SOS, "emergency alarm", BOTH),
    "QB": technical("emergency bypass", BOTH),
    "QH": restored(K.SOS, "emergency alarm restore", BOTH),
    "QJ": restored(K.TECHNICAL, "emergency trouble restore", BOTH, cause="QT"),
    "QR": restored(K.SOS, "emergency restoral", BOTH),
    "QS": technical("emergency supervisory", BOTH),
    "QT": technical("emergency trouble", BOTH),
    "QU": restored(K.TECHNICAL, "emergency unbypass", BOTH, cause="QB"),
    "RA": technical("remote programmer call failed", BOTH),
    "RB": note("remote program begin", BOTH),
    "RC": note("relay close", BOTH),
    "RD": technical("remote program denied", BOTH),
    "RN": note("remote reset", BOTH),
    "RO": note("relay open", BOTH),
    "RP": proof("automatic test", BOTH),
    "RR": restored(K.TECHNICAL, "power up", BOTH),
    "RS": note("remote program success", BOTH),
    "RT": technical("data lost", BOTH),
    "RU": technical("remote program fail", BOTH),
    "RX": proof("manual test", BOTH, U),
    "RY": technical("test off normal", BOTH),
    "SA": alarm(K.FIRE, "sprinkler alarm", BOTH),
    "SB": technical("sprinkler bypass", BOTH),
    "SC": note("change of state", BOTH),
    "SH": restored(K.FIRE, "sprinkler alarm restore", BOTH),
    "SJ": restored(K.TECHNICAL, "sprinkler trouble restore", BOTH, cause="ST"),
    "SR": restored(K.FIRE, "sprinkler restoral", BOTH),
    "SS": technical("sprinkler supervisory", BOTH),
    "ST": technical("sprinkler trouble", BOTH),
    "SU": restored(K.TECHNICAL, "sprinkler unbypass", BOTH, cause="SB"),
    "TA": tamper("tamper alarm", BOTH),
    "TB": technical("tamper bypass", BOTH),
    "TC": proof("all points tested", BOTH),
    "TE": restored(K.TECHNICAL, "test end", BOTH, cause="TS"),
    "TH": restored(K.TAMPER, "tamper alarm restore", BOTH, cause="TA"),
    "TJ": restored(K.TAMPER, "tamper trouble restore", BOTH, cause="TT"),
    "TP": tried("walk test", BOTH),
    "TR": restored(K.TAMPER, "tamper restoral", BOTH, cause="TA"),
    "TS": technical("test start", BOTH),
    "TT": tamper("tamper trouble", BOTH),
    "TU": restored(K.TECHNICAL, "tamper unbypass", BOTH, cause="TB"),
    "TW": note("area watch start", BOTH),
    "TX": proof("test report", BOTH),
    "TZ": note("area watch end", BOTH),
    "UA": alarm(K.UNKNOWN, "untyped zone alarm", BOTH),
    "UB": technical("untyped zone bypass", BOTH),
    "UG": alarm(K.UNKNOWN, "unverified event - untyped", BOTH),
    "UH": restored(K.UNKNOWN, "untyped alarm restore", BOTH),
    "UJ": restored(K.TECHNICAL, "untyped trouble restore", BOTH, cause="UT"),
    "UR": restored(K.UNKNOWN, "untyped zone restoral", BOTH),
    "US": technical("untyped zone supervisory", BOTH),
    "UT": technical("untyped zone trouble", BOTH),
    "UU": restored(K.TECHNICAL, "untyped zone unbypass", BOTH, cause="UB"),
    "UX": alarm(K.UNKNOWN, "undefined alarm", BOTH),
    "UY": technical("untyped missing trouble", BOTH),
    "UZ": alarm(K.UNKNOWN, "untyped missing alarm", BOTH),
    "VI": note("printer paper in", BOTH),
    "VO": technical("printer paper out", BOTH),
    "VR": restored(K.TECHNICAL, "printer restore", BOTH, cause="VT"),
    "VT": technical("printer trouble", BOTH),
    "VX": note("printer test", BOTH),
    "VY": note("printer online", BOTH),
    "VZ": technical("printer offline", BOTH),
    "WA": technical("water alarm", BOTH),
    "WB": technical("water bypass", BOTH),
    "WH": restored(K.TECHNICAL, "water alarm restore", BOTH, cause="WA"),
    "WJ": restored(K.TECHNICAL, "water trouble restore", BOTH, cause="WT"),
    "WR": restored(K.TECHNICAL, "water restoral", BOTH, cause="WA"),
    "WS": technical("water supervisory", BOTH),
    "WT": technical("water trouble", BOTH),
    "WU": restored(K.TECHNICAL, "water unbypass", BOTH, cause="WB"),
    "XA": note("extra account report", BOTH),
    "XE": note("extra unspecified", BOTH),
    "XF": note("extra unspecified RF", BOTH),
    "XH": restored(K.TECHNICAL, "RF interference restoral", BOTH, cause="XQ"),
    "XI": note("sensor reset", BOTH),
    "XJ": restored(K.TAMPER, "RF receiver tamper restoral", BOTH, cause="XS"),
    "XL": technical("low received signal strength", BOTH),
    "XM": alarm(K.UNKNOWN, "missing alarm cross point", BOTH),
    "XQ": technical("RF interference", BOTH),
    "XR": restored(K.TECHNICAL, "transmitter battery restoral", BOTH, cause="XT"),
    "XS": tamper("RF receiver tamper", BOTH),
    "XT": battery("transmitter battery trouble", BOTH),
    "XW": note("forced point", BOTH),
    "XX": technical("fail to test", BOTH),
    "YA": technical("bell fault", BOTH),
    "YB": note("busy seconds", BOTH),
    "YC": technical("communications fail", BOTH),
    "YD": technical("receiver line card trouble", BOTH),
    "YE": restored(K.TECHNICAL, "receiver line card restored", BOTH, cause="YD"),
    "YF": technical("parameter checksum fail", BOTH),
    "YG": note("parameter changed", BOTH),
    "YH": restored(K.TECHNICAL, "bell restored", BOTH, cause="YA"),
    "YI": technical("overcurrent trouble", BOTH),
    "YJ": restored(K.TECHNICAL, "overcurrent restore", BOTH, cause="YI"),
    "YK": restored(K.TECHNICAL, "communications restoral", BOTH, cause="YC"),
    "YM": battery("system battery missing", BOTH),
    "YN": technical("invalid report", BOTH),
    "YO": note("unknown message", BOTH),
    "YP": technical("power supply trouble", BOTH),
    "YQ": restored(K.TECHNICAL, "power supply restored", BOTH, cause="YP"),
    "YR": restored(K.TECHNICAL, "system battery restoral", BOTH, cause="YT"),
    "YS": technical("communications trouble", BOTH, cause="YC"),
    "YT": battery("system battery trouble", BOTH),
    "YU": technical("diagnostic error", BOTH),
    "YW": technical("watchdog reset", BOTH),
    "YX": technical("service required", BOTH),
    "YY": note("status report", BOTH),
    "YZ": restored(K.TECHNICAL, "service completed", BOTH, cause="YX"),
    "ZA": technical("freeze alarm", BOTH),
    "ZB": technical("freeze bypass", BOTH),
    "ZH": restored(K.TECHNICAL, "freeze alarm restore", BOTH, cause="ZA"),
    "ZJ": restored(K.TECHNICAL, "freeze trouble restore", BOTH, cause="ZT"),
    "ZR": restored(K.TECHNICAL, "freeze restoral", BOTH, cause="ZA"),
    "ZS": technical("freeze supervisory", BOTH),
    "ZT": technical("freeze trouble", BOTH),
    "ZU": restored(K.TECHNICAL, "freeze unbypass", BOTH, cause="ZB"),
    "AF": note("arming event", VENDOR),
    "CB": note("arming event", VENDOR),
    "CC": note("arming event", VENDOR),
    "JC": restored(K.TECHNICAL, "user code tamper canceled", VENDOR, cause="JA"),
    "NB": note("arming event", VENDOR),
    "ND": note("arming event", VENDOR),
    "NE": note("arming event", VENDOR),
    "NO": note("arming event", VENDOR),
    "NP": note("arming event", VENDOR),
    "OB": note("arming event", VENDOR),
    "PC": note("photo on demand enabled", VENDOR),
    "PD": note("photo on demand disabled", VENDOR),
    "PE": note("photo by scenario enable", VENDOR),
    "PF": technical("malfunction", VENDOR),
    "PG": note("photo by scenario disable", VENDOR),
    "PO": restored(K.TECHNICAL, "malfunction restore", VENDOR, cause="PF"),
    "SM": technical("malfunction", VENDOR),
    "XC": restored(K.TECHNICAL, "malfunction restore", VENDOR),
    "ZY": note("a device was switched on", VENDOR),
    "ZZ": note("a device was switched off", VENDOR),
}

EVENTS_MAX = 32
"""Codes read from one message; what is beyond them is named as odd."""

_PACKET = re.compile(
    r"(?P<modifier>[a-z]{2})(?P<value>[0-9:.\-]*)"
    r"|(?P<code>[A-Z]{2})(?P<number>[0-9A-Fa-f]*)"
)
_TEXT = re.compile(r"\^([^^]*)\^?|\*'([^']*)'(?:NM)?|\*\"([^\"]*)\"(?:NM)?|\*([0-9.\-]+[A-Za-z_]*)")


def events(blocks: str, device: str, own: Mapping[str, Meaning]) -> list[Event]:
    """What the blocks of one message say, without their account. Linear in their length.

    An ASCII block (`A`) is the text of what came before it; alone it could be a call for help.
    """
    found: list[Event] = []
    for block in blocks.split("|"):
        if block[:1] in ("N", "O"):
            found += _block(block[1:], device, own)
        elif block[:1] == "A":
            _add_text(found, block[1:], device)
        elif block.strip() and block[:1] not in ("#", "&", "@"):
            found.append(_unread(block, device))
    if len(found) <= EVENTS_MAX:
        return found
    return [*found[:EVENTS_MAX], _unread(f"{len(found) - EVENTS_MAX} more codes", device)]


def _block(block: str, device: str, own: Mapping[str, Meaning]) -> list[Event]:
    found: list[Event] = []
    area, user, at = "", "", 0
    rest: list[str] = []
    while at < len(block):
        packet = _PACKET.match(block, at)
        if packet is None:
            rest.append(block[at])
            at += 1
            continue
        at = packet.end()
        text = _TEXT.match(block, at)
        at = text.end() if text else at
        said = shown(next(filter(None, text.groups()), "")) if text else ""
        if packet["code"]:
            found.append(_event(packet["code"], packet["number"], area, user, said, device, own))
            continue
        if packet["modifier"] == "ri":
            area = said or packet["value"]
        elif packet["modifier"] == "id":
            user = said or packet["value"]
    if not found:
        return [_unread(block, device)]
    if beside := "".join(rest).strip("/ "):
        found[-1] = _with_odd(found[-1], f"code: more beside it ({shown(beside, 40)})")
    return found


def _event(
    code: str,
    number: str,
    area: str,
    user: str,
    said: str,
    device: str,
    own: Mapping[str, Meaning],
) -> Event:
    meaning = own.get(code) or MEANINGS.get(code) or unknown(code, device, may_call=True)
    by = f"user {user.lstrip('0')}" if user.strip("0") and meaning.about is not U else ""
    return Event(meaning, code, number, area, ", ".join(filter(None, (said, by))))


def _add_text(found: list[Event], text: str, device: str) -> None:
    if not found:
        found.append(_unread(f"A{text}", device))
        return
    last = found[-1]
    said = shown(", ".join(filter(None, (last.said, text))))
    found[-1] = Event(last.meaning, last.code, last.number, last.area, said, last.odd)


def _with_odd(event: Event, odd: str) -> Event:
    return Event(event.meaning, event.code, event.number, event.area, event.said, (*event.odd, odd))


def _unread(block: str, device: str) -> Event:
    code = shown(block, 40)
    return Event(unknown(code, device, may_call=True), code)
