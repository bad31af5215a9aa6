"""Topics: the standard's own examples, and an index that agrees with the plain rule."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import PeerError
from devices.mqtt.topics import SubscriptionIndex, check_filter, check_topic, matches

MATCHING = [
    ("sport/tennis/player1/#", "sport/tennis/player1"),
    ("sport/tennis/player1/#", "sport/tennis/player1/ranking"),
    ("sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon"),
    ("sport/#", "sport"),
    ("#", "sport/tennis"),
    ("#", "/"),
    ("sport/tennis/+", "sport/tennis/player1"),
    ("sport/+", "sport/"),
    ("+", "sport"),
    ("+/+", "/finance"),
    ("/+", "/finance"),
    ("+/tennis/#", "sport/tennis"),
    ("$SYS/#", "$SYS/monitor"),
    ("$SYS/monitor/+", "$SYS/monitor/Clients"),
    ("a.b/+", "a.b/c"),
    ("a\nb/+", "a\nb/\n"),
]
NOT_MATCHING = [
    ("sport/tennis/+", "sport/tennis/player1/ranking"),
    ("sport/+", "sport"),
    ("+", "/finance"),
    ("#", "$SYS/monitor"),
    ("+/monitor/Clients", "$SYS/monitor/Clients"),
    ("sport", "Sport"),
    ("sport", "sport/"),
    ("a.b/+", "axb/c"),
    ("sport/#", "sports"),
]


@pytest.mark.parametrize(("topic_filter", "topic"), MATCHING)
def test_a_filter_takes_these(topic_filter: str, topic: str) -> None:
    assert matches(topic_filter, topic)
    assert index_of(topic_filter).match(topic) == {topic_filter: 1}


@pytest.mark.parametrize(("topic_filter", "topic"), NOT_MATCHING)
def test_a_filter_leaves_these(topic_filter: str, topic: str) -> None:
    assert not matches(topic_filter, topic)
    assert index_of(topic_filter).match(topic) == {}


@pytest.mark.parametrize("good", ["#", "+", "/", "a//b", "+/+/#", "a b/ø", "$SYS/+"])
def test_a_well_formed_filter_is_accepted(good: str) -> None:
    check_filter(good)


@pytest.mark.parametrize("bad", ["", "a#", "#/a", "a/#/b", "a+", "+a/b", "a/b+", "##", "a\0b"])
def test_a_malformed_filter_is_refused(bad: str) -> None:
    with pytest.raises(PeerError):
        check_filter(bad)


@pytest.mark.parametrize("bad", ["", "a/#", "+/b", "a\0b", "x" * 65_536, "å" * 40_000])
def test_a_malformed_topic_is_refused(bad: str) -> None:
    with pytest.raises(PeerError):
        check_topic(bad)


def test_a_subscriber_with_several_matching_filters_is_named_once_with_the_highest_qos() -> None:
    index: SubscriptionIndex[str] = SubscriptionIndex()
    index.add("a/b", "anna", 0)
    index.add("a/+", "anna", 1)
    index.add("#", "anna", 0)
    assert index.match("a/b") == {"anna": 1}


def test_an_identical_filter_replaces_the_first() -> None:
    index: SubscriptionIndex[str] = SubscriptionIndex()
    for topic_filter in ("a/b", "a/+"):
        index.add(topic_filter, "anna", 1)
        index.add(topic_filter, "anna", 0)
    assert index.match("a/b") == {"anna": 0}


def test_a_filter_taken_back_leaves_nothing_behind() -> None:
    index: SubscriptionIndex[str] = SubscriptionIndex()
    for topic_filter in ("a/b", "a/+/c", "a/#", "#", "+"):
        index.add(topic_filter, "anna", 1)
    for topic_filter in ("a/b", "a/+/c", "a/#", "#", "+", "never/there", "nor/+/this"):
        index.remove(topic_filter, "anna")
        index.remove(topic_filter, "anna")
    assert index._exact == {}
    assert index._root.below == {}


levels = st.sampled_from(("a", "b", "", "$x", "+"))
topics = st.lists(levels.filter(lambda level: level != "+"), min_size=1, max_size=4)
filters = st.builds(
    lambda names, rest: "/".join([*names, "#"] if rest else names) or "/",
    st.lists(levels, min_size=1, max_size=4),
    st.booleans(),
)


@settings(deadline=None)
@given(st.lists(filters, max_size=10), st.lists(filters, max_size=5), topics)
def test_the_index_agrees_with_the_plain_rule(
    added: list[str], removed: list[str], names: list[str]
) -> None:
    index: SubscriptionIndex[str] = SubscriptionIndex()
    topic = "/".join(names) or "/"
    for topic_filter in added:
        index.add(topic_filter, topic_filter, 1)
    for topic_filter in removed:
        index.remove(topic_filter, topic_filter)
    left = [name for name in dict.fromkeys(added) if name not in removed]
    assert sorted(index.match(topic)) == sorted(name for name in left if matches(name, topic))


def index_of(topic_filter: str) -> SubscriptionIndex[str]:
    index: SubscriptionIndex[str] = SubscriptionIndex()
    index.add(topic_filter, topic_filter, 1)
    return index
