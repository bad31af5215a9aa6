"""Law 6: anyone may raise. More help is heard on every way in, wherever its sender stands."""

from __future__ import annotations

import pytest

from alarms.model import Cause, Notice
from core.errors import ChannelError
from core.signals import AnswerKind, Reading, SignalType
from core.values import replace
from dispatcher.channels.desk import AnswerOutcome, Source, SourceKind
from dispatcher.channels.inbound import Inbound
from dispatcher.roster.model import Phone
from tests.support.channels import Heard
from tests.support.office import Office, home, office

BO = "+4500000001"
STATES = ("called", "declined", "coming", "stood down", "closed", "never called")
WAYS = ("message", "page", "console", "badge", "badge without its notice")


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("way", WAYS)
async def test_more_help_is_never_lost(way: str, state: str) -> None:
    if (way, state) == ("page", "never called"):
        return  # a page is opened from a notice
    async with office() as house:
        notice = await _bo_stands(house, state)
        before = _wanted(house)
        await _asks(house, way, notice)
        raised = [one for one, wanted in _wanted(house).items() if wanted > before.get(one, 0)]
        assert raised, f"more help by {way} from somebody {state} was lost"


async def test_a_page_whose_number_has_changed_since_asks_for_more_help_and_for_no_less() -> None:
    async with office() as house:
        notice = await _bo_stands(house, "coming")
        assert notice is not None
        numbers = {"bo": (Phone("+4520009999"),)}
        people = tuple(replace(p, phones=numbers.get(p.id, p.phones)) for p in home().people)
        house.pictures.configure(replace(home(), version=2, people=people))
        page, before = Source(SourceKind.LINK, notice.id), _wanted(house)
        outcome = await house.engine.answer(notice.id, AnswerKind.WITHDRAW, page)
        assert outcome is AnswerOutcome.NOT_YOURS
        assert await house.engine.answer(notice.id, AnswerKind.MORE_HELP, page) is (
            AnswerOutcome.COUNTED
        )
        assert _wanted(house)[notice.alarm] > before[notice.alarm]


def _wanted(house: Office) -> dict[str, int]:
    """How many people each open alarm wants; a new one counts from none."""
    running = ((alarm.id, alarm.escalation) for alarm in house.engine.open_alarms())
    return {alarm: state.responders for alarm, state in running if state is not None}


async def _bo_stands(house: Office, state: str) -> Notice | None:
    """Anna has pressed, Bo was called by phone; the notice."""
    if state == "never called":
        return None
    house.wearable.fails = ChannelError("no connection", temporary=True)
    await house.take(house.press())
    await house.until(house.sms.arrived)
    notice, alarm = house.sms.sent[0], house.alarm
    source = Source(SourceKind.NUMBER, BO)
    match state:
        case "declined":
            await house.engine.answer(notice.id, AnswerKind.DECLINE, source)
        case "coming":
            await house.engine.answer(notice.id, AnswerKind.ACCEPT, source)
        case "stood down":
            await house.engine.volunteer(alarm.id, "ida", AnswerKind.ACCEPT)
        case "closed":
            await house.engine.close_alarm(alarm.id, alarm.rev, "lone", Cause.CALMED_DOWN)
    return notice


async def _asks(house: Office, way: str, notice: Notice | None) -> None:
    more = AnswerKind.MORE_HELP
    match way:
        case "message":
            assert await Inbound(house.engine, Heard()).take(BO, "4 hjælp")
        case "page":
            assert notice is not None
            await house.engine.answer(notice.id, more, Source(SourceKind.LINK, notice.id))
        case "console":
            await house.engine.volunteer(notice.alarm if notice else "gone", "bo", more)
        case _:
            named = notice.id if notice is not None and way == "badge" else None
            reading = Reading("native", "badge-bo", SignalType.ANSWER, seq=9, authenticated=True)
            signal = replace(house.press("bo", 9), reading=reading)
            await house.take(replace(signal, reading=replace(reading, answer=more, notice=named)))
