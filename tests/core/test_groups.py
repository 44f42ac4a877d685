"""Group practices and who belongs to them."""

import pytest

from pacs_settings.core import groups
from pacs_settings.core.errors import Refused
from pacs_settings.core.tables import AuditEntry, GroupMember, GroupPractice
from tests import factories
from tests.factories import AN, LEA, SOFIE

pytestmark = pytest.mark.usefixtures("database")
NAME = "The Oak"


def members(name: str = NAME) -> set[int]:
    [group] = factories.rows(GroupPractice, GroupPractice.name == name)  # type: ignore[arg-type]
    mine = GroupMember.group_id == group.id
    return {row.account_id for row in factories.rows(GroupMember, mine)}  # type: ignore[arg-type]


def ids(*usernames: str) -> set[int]:
    return {factories.own(factories.person(username)) for username in usernames}


def test_a_group_has_just_the_members_that_were_named() -> None:
    groups.put(NAME, [AN, LEA])
    assert members() == ids(AN, LEA)
    groups.put(f"  The   {NAME.partition(' ')[2]} ", [LEA.upper(), SOFIE, SOFIE])
    assert members() == ids(LEA, SOFIE)
    last = factories.rows(AuditEntry)[-1]
    assert last.tag == "group:changed"
    assert set(last.before["members"]) == ids(AN, LEA)
    assert set(last.after["members"]) == ids(LEA, SOFIE)


def test_one_unknown_member_changes_nothing() -> None:
    groups.put(NAME, [AN])
    with pytest.raises(Refused) as refused:
        groups.put(NAME, [LEA, "nobody@demo.example"])
    assert refused.value.code == "account_unknown"
    assert members() == ids(AN)


@pytest.mark.parametrize("name", ["", "  ", "a" * 121, "a\x00b"])
def test_a_name_is_a_line_of_text(name: str) -> None:
    with pytest.raises(Refused) as refused:
        groups.put(name, [AN])
    assert refused.value.code == "group_name"


def test_two_at_once_make_one_group() -> None:
    done = factories.together(*[lambda: groups.put(NAME, [AN, LEA])] * 4)
    assert done == [None] * 4
    assert members() == ids(AN, LEA)
