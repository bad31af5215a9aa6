"""Every state that was ever released stays readable; what is not says why."""

from __future__ import annotations

import math
from datetime import date, time, timedelta
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alarms.calling import candidates
from alarms.model import Alarm, Cause, Need, Notice, Purpose
from alarms.plan import Callee, Step
from alarms.view import Candidate, Route, View
from alarms.vocabulary import WakeWhy, Who
from core.signals import AlarmKind, Position, ReceiptState
from core.values import replace
from dispatcher.roster.model import Duty, Language, Weekday
from dispatcher.roster.organisation import Organisation
from dispatcher.store.ports import Transaction
from dispatcher.store.states import (
    Unreadable,
    read_alarm,
    read_alarm_of_plan,
    read_notice,
    read_organisation,
    read_transaction,
    storable,
    written,
    written_alarm,
    written_notice,
    written_plan,
)
from tests.dispatcher.store.samples import T, after, alarm, notice, opening, signal

FIXTURES = Path(__file__).parent / "fixtures"


def test_an_alarm_of_version_1_is_read() -> None:
    alarm = read_alarm(1, _fixture("alarm_v1.json"))
    assert (alarm.id, alarm.rev, alarm.kind, alarm.open) == (
        "alm_full",
        7,
        AlarmKind.ATTACK,
        False,
    )
    assert alarm.late == timedelta(minutes=40)
    assert alarm.place.label == "Hall 2"
    assert [step.after for step in alarm.plan.steps] == [timedelta(), timedelta(seconds=20)]
    assert alarm.escalation is not None
    assert alarm.escalation.wake_at == after(20)
    assert alarm.escalation.shift == timedelta(seconds=-3.5)
    (call,) = alarm.escalation.calls
    assert (call.person, call.deadline, call.sent[0].state) == (
        "bo",
        after(71),
        ReceiptState.SENDING,
    )
    assert call.counts, "who was coming in an earlier release is waited for"
    assert alarm.escalation.need == Need()
    assert alarm.closing is not None
    assert alarm.closing.cause is Cause.CALMED_DOWN


def test_a_notice_of_version_1_is_read_as_far_as_it_has_come() -> None:
    state = _fixture("notice_v1.json")
    notice = read_notice(1, state, "sending", "SM1")
    assert (notice.id, notice.purpose, notice.about, notice.letter) == (
        "ntc_full",
        Purpose.STAND_DOWN,
        "ntc_1",
        "B",
    )
    moved = read_notice(1, state, "delivered", "SM2")
    assert moved == replace(notice, state=ReceiptState.DELIVERED, provider_ref="SM2")


def test_a_notice_of_version_2_is_read_with_what_its_columns_say() -> None:
    named = {"id": "ntc_1", "alarm": "alm_1", "channel": "wearable", "address": "badge-bo"}
    read = read_notice(2, _fixture("notice_v2.json"), "pending", "", **named)
    assert read == notice()
    assert read_notice(2, written_notice(notice()), "pending", "", **named) == notice()


def test_an_alarm_and_the_plan_it_runs_are_read_together() -> None:
    state, plan = _fixture("alarm_v2_plan_apart.json"), _fixture("plan_v2.json")
    assert read_alarm_of_plan(2, state, plan) == alarm()
    digest, written_now = written_plan(alarm().plan)
    assert read_alarm_of_plan(2, written_alarm(alarm()), written_now) == alarm()
    assert digest == written_plan(alarm("alm_2").plan)[0]


@pytest.mark.parametrize("plan", [None, b"", b"{", b'{"id":"red"}'])
def test_an_alarm_whose_plan_cannot_be_read_says_so(plan: bytes | None) -> None:
    with pytest.raises(Unreadable, match="plan"):
        read_alarm_of_plan(2, written_alarm(alarm()), plan)


def test_a_default_that_stored_states_leave_out_never_changes() -> None:
    """Else what an earlier release stored would be read as something else."""
    released = msgspec.json.decode(_fixture("defaults.json"))
    now = _defaults(Alarm, Notice, Organisation, Transaction)
    changed = {name: value for name, value in now.items() if released.get(name, value) != value}
    assert changed == {}, "another default is a new version, with a reader that sets the old one"
    new = {name: value for name, value in now.items() if name not in released}
    assert new == {}, "from now on stored states may leave these out: add them to defaults.json"


def _defaults(*kept: type) -> dict[str, object]:
    """The default of each field of each value that is kept, as JSON says it."""
    found: dict[str, object] = {}
    for of in msgspec.inspect.multi_type_info(kept):
        _find_defaults(of, found)
    # Which version wrote a state, its own column says.
    del found["Alarm.version"]
    plain: dict[str, object] = msgspec.json.decode(msgspec.json.encode(found))
    return plain


def _find_defaults(of: object, found: dict[str, object]) -> None:
    match of:
        case msgspec.inspect.StructType(cls=cls, fields=fields):
            for one in fields:
                name = f"{cls.__name__}.{one.name}"
                if name not in found:
                    found[name] = _default_of(one)
                    _find_defaults(one.type, found)
        case msgspec.inspect.VarTupleType(item_type=item):
            _find_defaults(item, found)
        case (
            msgspec.inspect.TupleType(item_types=several) | msgspec.inspect.UnionType(types=several)
        ):
            for item in several:
                _find_defaults(item, found)


def _default_of(one: msgspec.inspect.Field) -> object:
    if one.default_factory is not msgspec.NODEFAULT:
        return msgspec.to_builtins(one.default_factory())
    return "required" if one.required else msgspec.to_builtins(one.default)


def test_a_configuration_of_version_1_is_read() -> None:
    organisation = read_organisation(1, _fixture("organisation_v1.json"))
    assert organisation.version == 4
    (site,) = organisation.sites
    assert (site.language, site.words) == (Language.NORWEGIAN, (("level_red", "Akutalarm"),))
    night, once = organisation.shifts
    assert (night.start, night.days, night.duty) == (time(23), (Weekday.SAT,), Duty.SLEEPING)
    assert once.date == date(2026, 11, 21)
    assert organisation.walks[0].seconds == 35.5
    assert organisation.assignments[0].end == after(3600)


@pytest.mark.parametrize("state", [b"", b"{", b"[]", b'{"id": 5}', b"\xff", b"null"])
def test_what_cannot_be_read_says_why(state: bytes) -> None:
    for version in (1, 2, 3, 0, -1):
        with pytest.raises(Unreadable) as why:
            read_alarm(version, state)
        assert str(why.value)


def test_a_token_a_later_release_added_is_unreadable_and_not_a_crash() -> None:
    state = _fixture("alarm_v1.json").replace(b'"attack"', b'"flood"')
    with pytest.raises(Unreadable, match="flood"):
        read_alarm(1, state)


def test_version_1_named_whom_a_step_calls_in_one_text() -> None:
    first = _fixture("alarm_v1.json")
    assert read_alarm(1, first) == read_alarm(2, _fixture("alarm_v2.json"))
    one_by_name = first.replace(b'"call": "leader"', b'"call": "person:bo"')
    nearest, bo = read_alarm(1, one_by_name).plan.steps
    assert (nearest.call, bo.call) == (Callee(Who.NEAREST), Callee(Who.PERSON, "bo"))
    configured = read_organisation(1, _fixture("organisation_v1.json"))
    assert configured == read_organisation(2, _fixture("organisation_v2.json"))


def test_what_version_1_called_nobody_by_is_read_and_calls_somebody() -> None:
    first = _fixture("alarm_v1.json").replace(b'"call": "leader"', b'"call": "the cavalry"')
    call = read_alarm(1, first).plan.steps[1].call
    assert call not in [Callee(who) for who in Who]
    bo = Candidate("bo", "Bo", 35.0, (Route("sms", "+4520000001"),))
    view = View(T, T, nearest=(bo,))
    assert candidates(Step(timedelta(), call, ("sms",)), view) == (bo,)


def test_a_journal_of_version_1_is_read() -> None:
    line = written(opening())
    one_text = line.replace(b'{"who":"nearest"}', b'"nearest"')
    assert one_text != line
    assert read_transaction(one_text) == read_transaction(line) == opening()


TOKENS = [
    (b'"wake_why": "step 1"', b'"wake_why": "tea time"'),
    (b'"source": "beacon"', b'"source": "satellite"'),
]


@pytest.mark.parametrize(("ours", "theirs"), TOKENS)
def test_a_reason_or_a_source_of_another_release_is_kept_as_it_stands(
    ours: bytes, theirs: bytes
) -> None:
    state = _fixture("alarm_v1.json")
    assert ours in state
    read = read_alarm(1, state.replace(ours, theirs))
    token = theirs.rpartition(b": ")[2]
    assert token in written(read)
    assert read_alarm(1, written(read)) == read


def test_why_an_alarm_of_an_earlier_release_wakes_is_read_without_what_it_is_about() -> None:
    running = read_alarm(1, _fixture("alarm_v1.json")).escalation
    assert running is not None
    assert (running.wake_why, running.wake_of) == (WakeWhy.STEP, "")


def test_a_stand_down_of_another_release_is_read_with_its_reason() -> None:
    state = _fixture("notice_v1.json")
    notice = read_notice(1, state.replace(b'"reason": "enough"', b'"reason": "fog"'), "sent", "")
    assert notice.reason == "fog"
    assert not notice.reason.untold


def test_a_field_a_later_release_added_is_read_past() -> None:
    state = _fixture("alarm_v1.json").replace(b'"rev":', b'"colour": "red", "rev":')
    assert read_alarm(1, state) == read_alarm(1, _fixture("alarm_v1.json"))


@given(st.text(alphabet=st.characters()), st.integers(), st.floats(), st.floats())
def test_whatever_a_device_says_can_be_kept_and_read_back(
    text: str, seq: int, lat: float, lon: float
) -> None:
    odd = replace(signal().reading, text=text, seq=seq, position=Position(lat, lon))
    unit = replace(opening(), signals=(replace(signal(), reading=odd),))
    kept = storable(unit)
    assert msgspec.json.decode(written(kept), type=Transaction) == kept
    assert storable(kept) == kept
    (reading,) = (one.reading for one in kept.signals)
    if abs(seq) < 2**63:
        assert reading.seq == seq
    if math.isfinite(lat) and math.isfinite(lon):
        assert reading.position == Position(lat, lon)


def _fixture(name: str) -> bytes:
    return (FIXTURES / name).read_bytes()
