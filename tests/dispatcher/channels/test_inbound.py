"""A message from a phone: which notice it answers, and what goes back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from alarms.model import Purpose
from core.signals import AlarmKind, AnswerKind, Level
from dispatcher.channels.desk import AnswerOutcome, Source, SourceKind
from dispatcher.channels.gsm import segments
from dispatcher.channels.inbound import ASK_BACK_BURST, TEXT_BACK_BURST, Inbound
from dispatcher.roster.model import Language, Person, Phone
from tests.support.channels import (
    BO,
    IDA,
    Heard,
    RememberingDesk,
    a_notice,
    alarm_of,
    calling,
    elsewhere,
)

HELP = "LEJL 12 HUS 2 1.SAL: 1 kommer, 2 kan ikke."


def two_alarms() -> RememberingDesk:
    second = a_notice(id="alarm_2-1", alarm="alarm_2", letter="B", place=elsewhere())
    return RememberingDesk(standing=[second, a_notice()])


async def text_from(desk: RememberingDesk, text: str, number: str = BO) -> str:
    return await Inbound(desk, Heard()).take(number, text)


async def test_a_yes_to_the_only_notice_accepts_it_from_that_number() -> None:
    desk = RememberingDesk(standing=[a_notice()])
    assert await text_from(desk, "ja") == "Tak. Anna får besked. Svar 3, når du er der."
    assert desk.answers == [("alarm_1-1", AnswerKind.ACCEPT, Source(SourceKind.NUMBER, BO))]


async def test_a_bare_key_names_nothing_when_two_alarms_are_outstanding() -> None:
    desk = two_alarms()
    said = await text_from(desk, "1")
    assert desk.answered == []
    assert said.splitlines() == [
        "Mere end én alarm.",
        "HAL 2: 1B kommer, 2B kan ikke.",
        "LEJL 12 HUS 2 1.SAL: 1A kommer, 2A kan ikke.",
    ]


async def test_a_bare_key_means_the_call_for_help_beside_technical_alarms() -> None:
    """Law 12: a badge nobody charges must not stand in the way of "1: on my way"."""
    silent = a_notice(id="t_1-1", alarm="t_1", letter="T", kind=AlarmKind.TECHNICAL)
    advice = a_notice(id="a_9-1", alarm="a_9", letter="U", level=Level.GREEN)
    desk = RememberingDesk(standing=[silent, advice, a_notice()])
    await text_from(desk, "1")
    assert desk.answered == [("alarm_1-1", AnswerKind.ACCEPT)]
    await text_from(desk, "2t")
    assert desk.answered[1:] == [("t_1-1", AnswerKind.DECLINE)]


async def test_a_bare_key_names_nothing_between_technical_alarms_alone() -> None:
    first = a_notice(id="t_1-1", alarm="t_1", letter="T", kind=AlarmKind.TECHNICAL)
    second = a_notice(id="t_2-1", alarm="t_2", letter="U", kind=AlarmKind.TECHNICAL)
    desk = RememberingDesk(standing=[first, second])
    await text_from(desk, "1")
    assert desk.answered == []


async def test_a_letter_names_its_own_notice() -> None:
    desk = two_alarms()
    said = await text_from(desk, "1B")
    assert desk.answered == [("alarm_2-1", AnswerKind.ACCEPT)]
    assert "Svar 3B" in said


async def test_a_letter_nobody_was_given_is_asked_back() -> None:
    desk = two_alarms()
    assert "1A" in await text_from(desk, "1C")
    assert desk.answered == []


async def test_a_call_and_the_question_after_it_are_one_alarm() -> None:
    again = a_notice(Purpose.ASK_AGAIN, id="alarm_1-2")
    desk = RememberingDesk(standing=[again, a_notice()])
    await text_from(desk, "1")
    assert desk.answered == [("alarm_1-2", AnswerKind.ACCEPT)]


async def test_a_stand_down_is_no_outstanding_notice() -> None:
    down = a_notice(Purpose.STAND_DOWN, id="alarm_2-2", alarm="alarm_2", about="alarm_2-1")
    desk = RememberingDesk(standing=[down, a_notice()])
    await text_from(desk, "1")
    assert desk.answered == [("alarm_1-1", AnswerKind.ACCEPT)]


async def test_what_is_unclear_counts_as_seen_and_is_asked_back() -> None:
    desk = RememberingDesk(standing=[a_notice()])
    assert await text_from(desk, "hvad sker der") == HELP
    assert desk.answered == [("alarm_1-1", AnswerKind.SEEN)]


async def test_no_to_is_it_over_sends_nobody_away() -> None:
    desk = RememberingDesk(standing=[a_notice(Purpose.IS_IT_OVER)])
    assert await text_from(desk, "nej") == "Tak. Vi spørger igen senere."
    assert desk.answered == [("alarm_1-1", AnswerKind.SEEN)]


async def test_five_says_it_is_over_and_a_refusal_says_what_is_missing() -> None:
    desk = RememberingDesk(standing=[a_notice(Purpose.IS_IT_OVER)])
    assert await text_from(desk, "5") == "Tak. Alarmen er afsluttet."
    assert desk.answered == [("alarm_1-1", AnswerKind.OVER)]
    desk.outcome = AnswerOutcome.NOT_YET
    assert await text_from(desk, "5") == "Tak. Alarmen er stadig åben. Svar 3, når du er der."


async def test_a_plain_yes_to_is_it_over_closes_nothing() -> None:
    desk = RememberingDesk(standing=[a_notice(Purpose.IS_IT_OVER)])
    await text_from(desk, "ja")
    assert AnswerKind.OVER not in [answer for _, answer in desk.answered]


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        (AnswerOutcome.STOOD_DOWN, "Afblæst. Du skal ikke komme."),
        (AnswerOutcome.ALREADY, "Vi har dit svar."),
        (AnswerOutcome.CLOSED, "Alarmen er afsluttet."),
        (AnswerOutcome.NOT_YOURS, "Vi kan ikke bruge svaret. Åbn linket."),
    ],
)
async def test_what_became_of_an_answer_is_said(outcome: AnswerOutcome, said: str) -> None:
    desk = RememberingDesk(standing=[a_notice()], outcome=outcome)
    assert await text_from(desk, "1") == said


async def test_another_number_answers_nothing_of_this_one() -> None:
    desk = RememberingDesk(standing=[a_notice()])
    said = await text_from(desk, "1", number=IDA)
    assert desk.answered == []
    assert said == "Ingen åben alarm til dig. Tryk på din alarm."


async def test_an_unknown_number_gets_no_answer_and_is_counted() -> None:
    desk, heard = RememberingDesk(standing=[a_notice()]), Heard()
    assert await Inbound(desk, heard).take("+4520999999", "1") == ""
    assert heard.counted == ["sms_from_unknown_number"]
    assert "+45" not in "".join(heard.details)
    assert (desk.answers, desk.pleas) == ([], [])


async def test_a_plea_from_an_unknown_number_is_raised_with_the_number_to_call_back() -> None:
    """Somebody who may be in need and cannot be placed: raised in doubt; still no answer."""
    desk, heard = RememberingDesk(standing=[a_notice()]), Heard()
    assert await Inbound(desk, heard).take("+4520999999", "hjælp ved bageren") == ""
    assert desk.pleas == [(None, "+4520999999: hjælp ved bageren")]
    assert heard.counted == ["sms_from_unknown_number"]
    assert "+45" not in "".join(heard.details)


async def test_a_yes_that_crosses_a_stand_down_finds_its_alarm() -> None:
    desk = RememberingDesk(stood_down=[a_notice()], outcome=AnswerOutcome.STOOD_DOWN)
    assert await text_from(desk, "1") == "Afblæst. Du skal ikke komme."
    assert desk.answered == [("alarm_1-1", AnswerKind.ACCEPT)]


async def test_a_yes_after_a_no_counts() -> None:
    desk = RememberingDesk(stood_down=[a_notice()])
    assert await text_from(desk, "1") == "Tak. Anna får besked. Svar 3, når du er der."
    assert desk.answered == [("alarm_1-1", AnswerKind.ACCEPT)]


async def test_more_help_from_somebody_stood_down_is_raised_in_that_alarm() -> None:
    desk = RememberingDesk(stood_down=[a_notice()])
    assert await text_from(desk, "4 hjælp") == "Vi tilkalder mere hjælp."
    assert desk.answered == [("alarm_1-1", AnswerKind.MORE_HELP)]


async def test_thanks_for_a_stand_down_are_no_answer() -> None:
    desk = RememberingDesk(stood_down=[a_notice()], outcome=AnswerOutcome.STOOD_DOWN)
    assert await text_from(desk, "ok tak") == "Afblæst. Du skal ikke komme."
    assert desk.answered == [("alarm_1-1", AnswerKind.SEEN)]


async def test_a_bare_key_is_asked_back_when_a_changed_mind_may_be_meant() -> None:
    """Bo has said 2 to the first alarm; the second asked him for "1B"."""
    second = a_notice(id="alarm_2-1", alarm="alarm_2", letter="B", place=elsewhere())
    desk = RememberingDesk(standing=[second], stood_down=[a_notice()])
    said = await text_from(desk, "1")
    assert desk.answered == []
    assert "1A" in said
    assert "1B" in said
    await text_from(desk, "1a")
    await text_from(desk, "1b")
    assert [notice for notice, _ in desk.answered] == ["alarm_1-1", "alarm_2-1"]


async def test_a_bare_key_means_the_alarm_that_waits_beside_one_that_has_been_answered() -> None:
    answered = a_notice(id="alarm_2-1", alarm="alarm_2", letter="B", place=elsewhere())
    desk = RememberingDesk(standing=[a_notice()], stood_down=[answered])
    await text_from(desk, "1")
    assert desk.answered == [("alarm_1-1", AnswerKind.ACCEPT)]


@pytest.mark.parametrize("text", ["1", "2", "3", "5", "tak", "hvad skete der"])
async def test_an_answer_after_the_close_is_told_that_it_is_over(text: str) -> None:
    desk = RememberingDesk(closed=[a_notice()])
    assert await text_from(desk, text) == "Alarmen er afsluttet."
    assert desk.pleas == []


async def test_who_is_called_on_the_badge_only_is_told_to_answer_there() -> None:
    """ "The alarm is over" would be said of an older one while a new one rings."""
    desk = RememberingDesk(closed=[a_notice()], alarm_open=calling(alarm_of("anna"), "bo"))
    assert await text_from(desk, "1") == "En alarm er i gang. Svar på din alarm."
    assert desk.answers == []


async def test_more_help_after_the_close_is_raised_for_who_writes() -> None:
    desk = RememberingDesk(closed=[a_notice()])
    assert await text_from(desk, "4 hjælp") == "Vi tilkalder hjælp til dig."


@pytest.mark.parametrize("text", ["hjælp", "4", "ring 112", "han har en kniv", "help me"])
async def test_a_plea_without_any_alarm_is_raised_for_who_writes(text: str) -> None:
    desk = RememberingDesk()
    assert await text_from(desk, text) == "Vi tilkalder hjælp til dig."
    assert desk.pleas == [("bo", text)]


async def test_a_plea_beside_technical_alarms_is_no_matter_of_theirs() -> None:
    silent = a_notice(id="t_1-1", alarm="t_1", letter="T", kind=AlarmKind.TECHNICAL)
    desk = RememberingDesk(standing=[silent])
    assert await text_from(desk, "hjælp") == "Vi tilkalder hjælp til dig."
    assert (desk.answers, desk.pleas) == ([], [("bo", "hjælp")])


async def test_more_help_is_never_asked_back_between_several_alarms() -> None:
    desk = two_alarms()
    assert await text_from(desk, "mere hjælp!") == "Vi tilkalder mere hjælp."
    assert {notice for notice, _ in desk.answered} == {"alarm_1-1", "alarm_2-1"}
    desk = two_alarms()
    await text_from(desk, "4b")
    assert desk.answered == [("alarm_2-1", AnswerKind.MORE_HELP)]


async def test_what_somebody_who_has_pressed_writes_is_passed_on_as_theirs() -> None:
    """It may say where she is; "1: on my way" would be no answer to her."""
    anna = Person("anna", "Anna", "engvej", (Phone(IDA),))
    desk = RememberingDesk(staff=(anna,), alarm_open=alarm_of("anna"))
    for text in ("i kælderen", "hjælp"):
        assert await text_from(desk, text, IDA) == "Vi siger det videre. Vi har tilkaldt hjælp."
    assert desk.pleas == [("anna", "i kælderen"), ("anna", "hjælp")]


@pytest.mark.parametrize("text", ["Autosvar: jeg kører bil", "Out of office: for help dial 112"])
async def test_a_phone_that_answers_by_itself_has_read_nothing_and_gets_no_answer(
    text: str,
) -> None:
    desk, heard = RememberingDesk(standing=[a_notice()]), Heard()
    assert await Inbound(desk, heard).take(BO, text) == ""
    assert (desk.answers, desk.pleas) == ([], [])
    assert heard.counted == ["sms_automatic_answer"]


async def test_a_shared_phone_speaks_for_whoever_of_its_carriers_is_on_duty() -> None:
    carriers = tuple(Person(p, p.title(), "engvej", (Phone(BO),)) for p in ("ida", "bo"))
    desk = RememberingDesk(staff=carriers, on_shift=("bo",))
    await text_from(desk, "hjælp")
    assert desk.pleas == [("bo", "hjælp")]


async def test_an_answer_counts_even_when_its_writer_has_left_the_site_file() -> None:
    desk = RememberingDesk(standing=[a_notice()], staff=())
    assert await text_from(desk, "1") == "Thank you. Anna is told. Reply 3 when you are there."
    assert desk.answered == [("alarm_1-1", AnswerKind.ACCEPT)]


async def test_the_answer_is_in_the_writers_language() -> None:
    kari = Person("bo", "Kari", "engvej", (Phone(BO),), language=Language.NORWEGIAN)
    desk = RememberingDesk(standing=[a_notice()], staff=(kari,))
    assert await text_from(desk, "2") == "Takk. Vi spør andre."


async def test_a_list_of_many_alarms_stays_within_two_segments() -> None:
    standing = [
        a_notice(id=f"a{i}-1", alarm=f"a{i}", letter="ABCDEFGH"[i], place=elsewhere("x" * 60))
        for i in range(8)
    ]
    said = await text_from(RememberingDesk(standing=standing), "1")
    assert segments(said) <= 2
    assert "1A" in said


async def test_a_phone_that_answers_every_text_is_asked_back_only_so_often() -> None:
    desk, heard = RememberingDesk(standing=[a_notice()]), Heard()
    phone = Inbound(desk, heard)
    said = [await phone.take(BO, "jeg er en robot") for _ in range(3 * ASK_BACK_BURST)]
    assert said == [HELP] * ASK_BACK_BURST + [""] * (2 * ASK_BACK_BURST)
    assert len(desk.answered) == 3 * ASK_BACK_BURST, "read and taken all the same"
    assert heard.counted == ["sms_no_text_back"] * (2 * ASK_BACK_BURST)
    assert await phone.take(BO, "ja") == "Tak. Anna får besked. Svar 3, når du er der."
    assert await phone.take(BO, "4 hjælp") == "Vi tilkalder mere hjælp."
    assert await phone.take(IDA, "hvad?") != "", "another number has its own"
    desk.clock += timedelta(minutes=5)
    assert await phone.take(BO, "hvad sker der") == HELP


@pytest.mark.parametrize("outcome", [AnswerOutcome.ALREADY, AnswerOutcome.STOOD_DOWN])
async def test_an_answer_given_again_and_again_is_thanked_only_so_often(
    outcome: AnswerOutcome,
) -> None:
    desk = RememberingDesk(standing=[a_notice()], outcome=outcome)
    phone = Inbound(desk, Heard())
    said = [await phone.take(BO, "ja") for _ in range(2 * ASK_BACK_BURST)]
    assert [bool(text) for text in said] == [True] * ASK_BACK_BURST + [False] * ASK_BACK_BURST


async def test_every_plea_is_taken_however_many_come_and_no_echo_is_texted_without_end() -> None:
    """Our own "we call more help" sent back by a machine is a plea to us."""
    desk = RememberingDesk(standing=[a_notice()])
    phone = Inbound(desk, Heard())
    said = [await phone.take(BO, "Vi tilkalder mere hjælp.") for _ in range(2 * TEXT_BACK_BURST)]
    assert len(desk.answered) == 2 * TEXT_BACK_BURST
    assert said.count("") == TEXT_BACK_BURST
    assert "" not in said[:TEXT_BACK_BURST]
