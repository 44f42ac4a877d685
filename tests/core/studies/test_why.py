"""Why do I get this."""

from typing import Any

import pytest

from pacs_settings.core import delivery, groups
from pacs_settings.core.accounts import send_limits
from pacs_settings.core.errors import NotYours
from pacs_settings.core.ports import NotAccepted
from pacs_settings.core.studies import why
from pacs_settings.core.studies.why import Delivery, Why
from pacs_settings.core.tables import Fate, OutboxMessage, ReportStatus, StudyKind
from tests import factories
from tests.core.studies.told import Referred
from tests.fakes import FakeMailer, FakeTexter

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def physician() -> Referred:
    known = Referred()
    known.take(known.study(description="MR knee"))
    return known


def line(physician: Referred) -> int:
    return physician.lines()[0].id or 0


def told(physician: Referred) -> Why:
    return why.explain(factories.own(physician.account), line(physician))


def test_nothing_yet() -> None:
    someone = factories.account()
    empty = factories.mapping(someone, factories.source(), factories.number(someone))
    found = why.explain(factories.own(someone), empty.id or 0)
    assert (found.study, found.report, found.mail) == (None, None, None)
    assert (found.group, found.members) == ("", [])


def test_the_last_of_each_kind(physician: Referred) -> None:
    physician.take(physician.report(ReportStatus.CORRECTED))
    physician.take(physician.report())
    found = told(physician)
    assert found.study
    assert (found.study.description, found.study.fate) == ("MR knee", Fate.MAILED)
    assert found.report
    assert (found.report.status, found.report.fate) == (ReportStatus.FINAL, Fate.SUPERSEDED)


def test_of_another_line_nothing(physician: Referred) -> None:
    physician.name = "WILLEMS R"
    physician.take(physician.study("1.2.99", description="another line"))
    found = told(physician)
    assert found.study
    assert found.study.description == "MR knee"


@pytest.mark.parametrize(
    ("failure", "delivery_", "problem"),
    [
        (None, Delivery.DELIVERED, ""),
        (NotAccepted("550 5.1.1", final=True), Delivery.GIVEN_UP, "550 5.1.1"),
        (NotAccepted("451", final=False), Delivery.AGAIN, "451"),
    ],
)
def test_what_became_of_the_mail(
    physician: Referred, failure: Any, delivery_: Delivery, problem: str
) -> None:
    found = told(physician).mail
    assert found
    assert found.delivery == Delivery.WAITING
    delivery.send_due(FakeMailer(failures=bool(failure), failure=failure), FakeTexter())
    found = told(physician).mail
    assert found
    assert (found.delivery, found.problem) == (delivery_, problem)


def test_who_sees_it_too(physician: Referred) -> None:
    colleague = factories.account(title="Dr", first_name="Kim", last_name="Adams")
    groups.put("The Elms", [colleague.username, physician.account.username])
    [row] = [g for g in factories.rows(factories.GroupPractice) if g.name == "The Elms"]
    [mapping] = physician.lines()
    mapping.group_id = row.id
    factories.store(mapping)
    found = told(physician)
    assert (found.group, found.members) == ("The Elms", ["Dr Kim Adams", "Robin Willems"])


@pytest.mark.parametrize("ask", ["explain", "preview", "send_test"])
def test_only_ones_own(physician: Referred, ask: str) -> None:
    stranger = factories.account()
    with pytest.raises(NotYours):
        if ask == "explain":
            why.explain(factories.own(stranger), line(physician))
        elif ask == "preview":
            why.preview(factories.own(stranger), line(physician), StudyKind.STUDY)
        else:
            why.send_test(factories.actor(stranger), line(physician), StudyKind.STUDY)
    assert len(factories.rows(OutboxMessage)) == 1


@pytest.mark.parametrize("kind", list(StudyKind))
def test_a_test_mail_is_one_and_looks_like_the_preview(
    physician: Referred, kind: StudyKind
) -> None:
    delivery.send_due(FakeMailer(), FakeTexter())
    seen = why.preview(factories.own(physician.account), line(physician), kind)
    why.send_test(factories.actor(physician.account), line(physician), kind)
    mailer = FakeMailer()
    assert delivery.send_due(mailer, FakeTexter()) == 1
    [letter] = mailer.letters
    assert letter.subject == f"Test: {seen.subject}"
    assert seen.body.partition("\n\n")[2] in letter.body
    assert "invented patient" in letter.body


def test_test_mails_are_counted(physician: Referred) -> None:
    actor = factories.actor(physician.account)
    for _ in range(send_limits.MOST_TESTS):
        why.send_test(actor, line(physician), StudyKind.STUDY)
    with pytest.raises(send_limits.TooManyCodes):
        why.send_test(actor, line(physician), StudyKind.STUDY)
    mine = OutboxMessage.template == "test"
    assert len(factories.rows(OutboxMessage, mine)) == send_limits.MOST_TESTS  # type: ignore[arg-type]
