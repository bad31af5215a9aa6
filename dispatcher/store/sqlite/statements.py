"""Every statement of the SQLite store, as the driver runs it.

Written by `python -m dispatcher.store.sqlite.composed` from the schema; change it there, not here.
"""

from __future__ import annotations

from collections.abc import Mapping

from core.signals import ReceiptState

INSERT_ONCE = """INSERT INTO once (name) VALUES (:name) ON CONFLICT (name) DO NOTHING"""
INSERT_SIGNAL = """INSERT INTO signals (identity, id, site, device, type, boot, epoch, seq,
    at_us, wall_us, state) VALUES (:identity, :id, :site, :device, :type,
    :boot, :epoch, :seq, :at_us, :wall_us, :state) ON CONFLICT (identity) DO
    NOTHING"""
INSERT_ALARM = """INSERT INTO alarms (id, site, rev, open, wake_at_us, entries, head,
    state_version, state, plan_digest) VALUES (:id, :site, :rev, :open,
    :wake_at_us, :entries, :head, :state_version, :state, :plan_digest) ON
    CONFLICT (id) DO NOTHING"""
INSERT_PLAN = """INSERT INTO plans (digest, state) VALUES (:digest, :state) ON CONFLICT
    (digest) DO NOTHING"""
INSERT_CASE = """INSERT INTO cases (kind, id, site, rev, wake_at_us, wake_why,
    state_version, state) VALUES (:kind, :id, :site, :rev, :wake_at_us,
    :wake_why, :state_version, :state) ON CONFLICT (kind, id) DO NOTHING"""
INSERT_NOTICE = """INSERT INTO notices (id, alarm, channel, address, provider_ref, receipt,
    moved_at_us, detail, state_version, state) VALUES (:id, :alarm,
    :channel, :address, :provider_ref, :receipt, :moved_at_us, :detail,
    :state_version, :state) ON CONFLICT (id) DO NOTHING"""
INSERT_LINK = """INSERT INTO links (token_hash, notice, person, alarm) VALUES
    (:token_hash, :notice, :person, :alarm) ON CONFLICT (token_hash) DO
    NOTHING"""
INSERT_ENTRY = """INSERT INTO timeline (alarm, number, at_us, wall_us, what, digest,
    previous, hash) VALUES (:alarm, :number, :at_us, :wall_us, :what,
    :digest, :previous, :hash)"""
INSERT_BODY = """INSERT INTO timeline_bodies (entry, salt, body) VALUES (:entry, :salt,
    :body)"""
INSERT_RAW = """INSERT INTO raw (at_us, protocol, sender, why, content) VALUES (:at_us,
    :protocol, :sender, :why, :content)"""
WRITE_PRESENCE = """INSERT INTO presence (person, here, at_us, until_us) VALUES (:person,
    :here, :at_us, :until_us) ON CONFLICT (person) DO UPDATE SET here =
    excluded.here, at_us = excluded.at_us, until_us = excluded.until_us
    WHERE excluded.at_us >= presence.at_us"""
WRITE_CLOCK = """INSERT INTO clock (id, service_us, wall_us, boottime_s, boot) VALUES
    (:id, :service_us, :wall_us, :boottime_s, :boot) ON CONFLICT (id) DO
    UPDATE SET service_us = excluded.service_us, wall_us = excluded.wall_us,
    boottime_s = excluded.boottime_s, boot = excluded.boot WHERE
    excluded.service_us >= clock.service_us"""
UPDATE_ALARM = """UPDATE alarms SET site=:site, rev=:rev, open=:open,
    wake_at_us=:wake_at_us, state_version=:state_version, state=:state,
    plan_digest=:plan_digest WHERE alarms.id = :seen_id AND alarms.rev =
    :seen_rev"""
UPDATE_ALARM_AND_HEAD = """UPDATE alarms SET site=:site, rev=:rev, open=:open,
    wake_at_us=:wake_at_us, entries=:entries, head=:head,
    state_version=:state_version, state=:state, plan_digest=:plan_digest
    WHERE alarms.id = :seen_id AND alarms.rev = :seen_rev"""
UPDATE_CASE = """UPDATE cases SET site=:site, rev=:rev, wake_at_us=:wake_at_us,
    wake_why=:wake_why, state_version=:state_version, state=:state WHERE
    cases.kind = :seen_kind AND cases.id = :seen_id AND cases.rev =
    :seen_rev"""
ALARM_REV = """SELECT alarms.rev FROM alarms WHERE alarms.id = :id"""
NOTE_PROVIDER_REF = """UPDATE notices SET provider_ref=:provider_ref WHERE notices.id = :notice
    AND notices.provider_ref = ''"""
TRIM_RAW_OF_SENDER = """DELETE FROM raw WHERE raw.protocol = :protocol AND raw.sender = :sender
    AND raw.number <= (SELECT raw.number FROM raw WHERE raw.protocol =
    :protocol AND raw.sender = :sender ORDER BY raw.number DESC LIMIT 1
    OFFSET :most)"""
COUNT_RAW = """SELECT count(*) AS count_1 FROM raw"""
TRIM_RAW = """DELETE FROM raw WHERE raw.number IN (SELECT raw.number FROM raw ORDER BY
    raw.number LIMIT :surplus OFFSET 0)"""
HEAD = """SELECT timeline.number, timeline.hash FROM timeline WHERE timeline.alarm
    = :alarm ORDER BY timeline.number DESC LIMIT 1 OFFSET 0"""
NOTE_HEAD = """UPDATE alarms SET entries=:entries, head=:head WHERE alarms.id = :alarm"""
ERASE_BODIES = """DELETE FROM timeline_bodies WHERE timeline_bodies.entry IN (SELECT
    timeline.entry FROM timeline WHERE timeline.alarm = :alarm)"""
INSERT_ORGANISATION = """INSERT INTO organisations (version, at_us, "by", state_version, state)
    VALUES (:version, :at_us, :by, :state_version, :state)"""
NEWEST_ORGANISATION_VERSION = """SELECT max(organisations.version) AS max_1 FROM organisations"""
WRITE_STAFF_TOKEN = """INSERT INTO staff_tokens (token_hash, person, at_us) VALUES
    (:token_hash, :person, :at_us) ON CONFLICT (token_hash) DO UPDATE SET
    person = excluded.person, at_us = excluded.at_us WHERE excluded.at_us >=
    staff_tokens.at_us"""
INSERT_RESTORE = """INSERT INTO restores (at_us, confirmed_by, confirmed_at_us) VALUES
    (:at_us, :confirmed_by, :confirmed_at_us)"""
CONFIRM_RESTORE = """UPDATE restores SET confirmed_by=:by, confirmed_at_us=:at_us WHERE
    restores.confirmed_by IS NULL"""
OPEN_ALARMS = """SELECT alarms.number, alarms.id, alarms.site, alarms.rev, alarms.open,
    alarms.wake_at_us, alarms.entries, alarms.head, alarms.state_version,
    alarms.state, alarms.plan_digest, plans.state AS plan_state FROM alarms
    LEFT OUTER JOIN plans ON plans.digest = alarms.plan_digest WHERE
    alarms.open = 1 ORDER BY alarms.number"""
ALL_ALARMS = """SELECT alarms.number, alarms.id, alarms.site, alarms.rev, alarms.open,
    alarms.wake_at_us, alarms.entries, alarms.head, alarms.state_version,
    alarms.state, alarms.plan_digest, plans.state AS plan_state FROM alarms
    LEFT OUTER JOIN plans ON plans.digest = alarms.plan_digest ORDER BY
    alarms.number"""
ALARM = """SELECT alarms.number, alarms.id, alarms.site, alarms.rev, alarms.open,
    alarms.wake_at_us, alarms.entries, alarms.head, alarms.state_version,
    alarms.state, alarms.plan_digest, plans.state AS plan_state FROM alarms
    LEFT OUTER JOIN plans ON plans.digest = alarms.plan_digest WHERE
    alarms.id = :id"""
ALARM_NUMBER = """SELECT alarms.number FROM alarms WHERE alarms.id = :id"""
ALARMS_BEFORE = """SELECT alarms.number, alarms.id, alarms.site, alarms.rev, alarms.open,
    alarms.wake_at_us, alarms.entries, alarms.head, alarms.state_version,
    alarms.state, alarms.plan_digest, plans.state AS plan_state FROM alarms
    LEFT OUTER JOIN plans ON plans.digest = alarms.plan_digest WHERE
    alarms.number < :before ORDER BY alarms.number DESC LIMIT :most OFFSET 0"""
OPEN_CASES = """SELECT cases.number, cases.kind, cases.id, cases.site, cases.rev,
    cases.wake_at_us, cases.wake_why, cases.state_version, cases.state FROM
    cases WHERE cases.wake_at_us IS NOT NULL ORDER BY cases.number"""
CASE = """SELECT cases.number, cases.kind, cases.id, cases.site, cases.rev,
    cases.wake_at_us, cases.wake_why, cases.state_version, cases.state FROM
    cases WHERE cases.kind = :kind AND cases.id = :id"""
UNFINISHED_NOTICES = """SELECT notices.number, notices.id, notices.alarm, notices.channel,
    notices.address, notices.provider_ref, notices.receipt,
    notices.moved_at_us, notices.detail, notices.state_version,
    notices.state FROM notices WHERE notices.receipt = 'pending' OR
    notices.receipt = 'sending' OR notices.receipt = 'maybe_sent' ORDER BY
    notices.number"""
NOTICES_OF_OPEN_ALARMS = """SELECT notices.number, notices.id, notices.alarm, notices.channel,
    notices.address, notices.provider_ref, notices.receipt,
    notices.moved_at_us, notices.detail, notices.state_version,
    notices.state FROM notices JOIN alarms ON alarms.id = notices.alarm
    WHERE alarms.open = 1 ORDER BY alarms.number, notices.number"""
NOTICES_OF_ALARM = """SELECT notices.number, notices.id, notices.alarm, notices.channel,
    notices.address, notices.provider_ref, notices.receipt,
    notices.moved_at_us, notices.detail, notices.state_version,
    notices.state FROM notices WHERE notices.alarm = :alarm ORDER BY
    notices.number"""
NOTICE = """SELECT notices.number, notices.id, notices.alarm, notices.channel,
    notices.address, notices.provider_ref, notices.receipt,
    notices.moved_at_us, notices.detail, notices.state_version,
    notices.state FROM notices WHERE notices.id = :id"""
NOTICE_BY_PROVIDER = """SELECT notices.number, notices.id, notices.alarm, notices.channel,
    notices.address, notices.provider_ref, notices.receipt,
    notices.moved_at_us, notices.detail, notices.state_version,
    notices.state FROM notices WHERE notices.channel = :channel AND
    notices.provider_ref = :provider_ref AND notices.provider_ref != ''
    ORDER BY notices.number DESC LIMIT 1 OFFSET 0"""
LINKS_OF_OPEN_ALARMS = """SELECT links.token_hash, links.notice, links.person, links.alarm FROM
    links JOIN alarms ON alarms.id = links.alarm WHERE alarms.open = 1"""
LINK = """SELECT links.token_hash, links.notice, links.person, links.alarm FROM
    links WHERE links.token_hash = :token_hash"""
TIMELINE = """SELECT timeline.entry, timeline.alarm, timeline.number, timeline.at_us,
    timeline.wall_us, timeline.what, timeline.digest, timeline.previous,
    timeline.hash, timeline_bodies.salt, timeline_bodies.body FROM timeline
    LEFT OUTER JOIN timeline_bodies ON timeline_bodies.entry =
    timeline.entry WHERE timeline.alarm = :alarm ORDER BY timeline.number"""
ALL_TIMELINES = """SELECT timeline.entry, timeline.alarm, timeline.number, timeline.at_us,
    timeline.wall_us, timeline.what, timeline.digest, timeline.previous,
    timeline.hash, timeline_bodies.salt, timeline_bodies.body FROM timeline
    LEFT OUTER JOIN timeline_bodies ON timeline_bodies.entry =
    timeline.entry ORDER BY timeline.alarm, timeline.number"""
HEADS = """SELECT alarms.id, alarms.open, alarms.entries, alarms.head FROM alarms
    ORDER BY alarms.number"""
NEWEST_ENTRY = """SELECT coalesce(max(timeline.entry), 0) AS coalesce_1 FROM timeline"""
HEADS_UPTO = """SELECT timeline.alarm, max(timeline.number) AS number, timeline.hash
    FROM timeline WHERE timeline.entry <= :entries GROUP BY timeline.alarm
    ORDER BY timeline.alarm"""
PRESENCE = """SELECT presence.person, presence.here, presence.at_us, presence.until_us
    FROM presence ORDER BY presence.person"""
CLOCK = """SELECT clock.id, clock.service_us, clock.wall_us, clock.boottime_s,
    clock.boot FROM clock"""
RAW_NEWEST = """SELECT raw.number, raw.at_us, raw.protocol, raw.sender, raw.why,
    raw.content FROM raw ORDER BY raw.number DESC LIMIT :most OFFSET 0"""
ORGANISATION = """SELECT organisations.version, organisations.at_us, organisations."by",
    organisations.state_version, organisations.state FROM organisations
    WHERE organisations.version = :version"""
NEWEST_ORGANISATION = """SELECT organisations.version, organisations.at_us, organisations."by",
    organisations.state_version, organisations.state FROM organisations
    ORDER BY organisations.version DESC LIMIT 1 OFFSET 0"""
ORGANISATION_VERSIONS = """SELECT organisations.version, organisations.at_us, organisations."by"
    FROM organisations ORDER BY organisations.version"""
STAFF_TOKEN = """SELECT staff_tokens.person FROM staff_tokens WHERE
    staff_tokens.token_hash = :token_hash"""
STAFF_TOKENS = """SELECT staff_tokens.token_hash, staff_tokens.person FROM staff_tokens
    ORDER BY staff_tokens.at_us"""
RESTORED_AT = """SELECT max(restores.at_us) AS max_1 FROM restores WHERE
    restores.confirmed_by IS NULL"""
HAS_SIGNAL = """SELECT signals.number FROM signals WHERE signals.identity = :identity"""
LAST_HEARD = """WITH RECURSIVE devices(device) AS (SELECT min(signals.device) AS device
    FROM signals UNION ALL SELECT (SELECT min(signals.device) AS min_1 FROM
    signals WHERE signals.device > devices.device) AS anon_1 FROM devices
    WHERE devices.device IS NOT NULL) SELECT signals.device,
    signals.identity, signals.boot, signals.epoch, signals.seq,
    signals.at_us FROM devices JOIN signals ON signals.number IN (SELECT
    mine.number FROM signals AS mine WHERE mine.device = devices.device
    ORDER BY mine.number DESC LIMIT :most OFFSET 0) ORDER BY signals.number"""
AUDIT_ALARMS = """SELECT alarms.id, alarms.wake_at_us FROM alarms WHERE alarms.open = 1
    ORDER BY alarms.number"""
AUDIT_CASES = """SELECT cases.kind, cases.id, cases.wake_at_us, cases.wake_why FROM cases
    WHERE cases.wake_at_us IS NOT NULL ORDER BY cases.number"""
AUDIT_NOTICES = """SELECT notices.id, notices.alarm, notices.receipt, notices.moved_at_us
    FROM notices WHERE notices.receipt = 'pending' OR notices.receipt =
    'sending' OR notices.receipt = 'maybe_sent' ORDER BY notices.number"""
MOVE_NOTICE: Mapping[ReceiptState, str] = {
    ReceiptState.PENDING: """UPDATE notices SET receipt=:receipt, moved_at_us=:moved_at_us,
    detail=:detail WHERE notices.id = :notice AND 0 = 1""",
    ReceiptState.SENDING: """UPDATE notices SET receipt=:receipt, moved_at_us=:moved_at_us,
    detail=:detail WHERE notices.id = :notice AND notices.receipt =
    'pending'""",
    ReceiptState.MAYBE_SENT: """UPDATE notices SET receipt=:receipt, moved_at_us=:moved_at_us,
    detail=:detail WHERE notices.id = :notice AND (notices.receipt =
    'pending' OR notices.receipt = 'sending')""",
    ReceiptState.SENT: """UPDATE notices SET receipt=:receipt, moved_at_us=:moved_at_us,
    detail=:detail WHERE notices.id = :notice AND (notices.receipt =
    'pending' OR notices.receipt = 'sending' OR notices.receipt =
    'maybe_sent')""",
    ReceiptState.DELIVERED: """UPDATE notices SET receipt=:receipt, moved_at_us=:moved_at_us,
    detail=:detail WHERE notices.id = :notice AND (notices.receipt =
    'pending' OR notices.receipt = 'sending' OR notices.receipt =
    'maybe_sent' OR notices.receipt = 'sent' OR notices.receipt =
    'failed_temporary' OR notices.receipt = 'failed_permanent')""",
    ReceiptState.READ: """UPDATE notices SET receipt=:receipt, moved_at_us=:moved_at_us,
    detail=:detail WHERE notices.id = :notice AND (notices.receipt =
    'pending' OR notices.receipt = 'sending' OR notices.receipt =
    'maybe_sent' OR notices.receipt = 'sent' OR notices.receipt =
    'delivered' OR notices.receipt = 'failed_temporary' OR notices.receipt =
    'failed_permanent')""",
    ReceiptState.FAILED_TEMPORARY: """UPDATE notices SET receipt=:receipt, moved_at_us=:moved_at_us,
    detail=:detail WHERE notices.id = :notice AND (notices.receipt =
    'pending' OR notices.receipt = 'sending' OR notices.receipt =
    'maybe_sent' OR notices.receipt = 'sent')""",
    ReceiptState.FAILED_PERMANENT: """UPDATE notices SET receipt=:receipt, moved_at_us=:moved_at_us,
    detail=:detail WHERE notices.id = :notice AND (notices.receipt =
    'pending' OR notices.receipt = 'sending' OR notices.receipt =
    'maybe_sent' OR notices.receipt = 'sent')""",
    ReceiptState.WITHDRAWN: """UPDATE notices SET receipt=:receipt, moved_at_us=:moved_at_us,
    detail=:detail WHERE notices.id = :notice AND (notices.receipt =
    'pending' OR notices.receipt = 'sending' OR notices.receipt =
    'maybe_sent')""",
}
