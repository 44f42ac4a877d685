"""Finding colleagues: by what, whom, in which order, how many."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from pacs_settings.core import db, privacy
from pacs_settings.core.search import candidates, find
from pacs_settings.core.search.find import MOST
from pacs_settings.core.tables import Account, AccountState
from tests import factories
from tests.core.search.people import colleague, look, names
from tests.factories import AN, JAN, LEA, SOFIE

pytestmark = pytest.mark.usefixtures("database")
LEA_NAME, AN_NAME = "Dr Léa Dubois", "Dr An Peeters"


@pytest.mark.parametrize(
    "typed",
    ["Leá", "lea", "LÉA", "du", "d", "dubois lea", "lea dubois", "le du", "du le", " lea,  dubois ",
     "léa-dubois", "dubios", "duboi", "dubos", "leadubois 1"[:3]],
)  # fmt: skip
def test_by_name_in_any_order_and_spelling(typed: str) -> None:
    assert names(typed) == [LEA_NAME]


@pytest.mark.parametrize(
    "typed", ["", " ", "xx", "lea peeters", "lea xx", "bois", "bo", "%", "_", "dr"]
)
def test_what_fits_nobody(typed: str) -> None:
    assert look(typed) == find.Answer()


@pytest.mark.parametrize(
    "typed",
    ["1-23456-25-004", "12345625004", "1 23456 25 004", "12345", "1-23456", "peeters 12345"],
)
def test_by_number_with_or_without_separators(typed: str) -> None:
    assert AN_NAME in names(typed)


@pytest.mark.parametrize("typed", ["1234", "2345625004", "peeters 1234", "12345625005"])
def test_not_by_a_part_of_a_number(typed: str) -> None:
    assert names(typed) == []


def test_a_number_is_found_by_each_of_several() -> None:
    assert names("1-32001-75-004") == names("1-23456-25-004") == [AN_NAME]


def test_e_mail_and_mobile_only_where_public_and_only_in_full() -> None:
    for typed in (LEA, "0470 12 34 53"):
        assert names(typed) == []
    factories.change(LEA, email_public=True, mobile_public=True)
    for typed in (LEA, f" {LEA.upper()} ", "0470 12 34 53", "+32470123453"):
        [found] = look(typed).people
        assert (found.card.name, found.card.email, found.card.mobile) == (
            LEA_NAME,
            LEA,
            "0470 12 34 53",
        )
    for typed in (
        LEA[:-1],
        "@uz-demo.example",
        "uz-demo.example",
        "0470 12 34",
        "47012",
    ):
        assert names(typed) == [], typed


def test_a_number_without_a_country_is_one_of_the_region_of_who_asks() -> None:
    factories.change(JAN, mobile_public=True)  # +31612345678
    assert look("06 12345678", of=JAN).people != ()
    assert look("06 12345678", of=AN).people == ()
    assert look("+31 6 12345678", of=AN).people != ()


def test_without_contact_only_the_address_is_shown() -> None:
    factories.change(SOFIE, email_public=True)
    [found] = look(SOFIE).people
    assert found.card == privacy.PublicCard("exact", email=SOFIE)
    for typed in ("sofie", "maes", "sofie maes", "1-45444"):
        assert SOFIE not in str(look(typed))


def test_all_off_is_found_by_nobody() -> None:
    sofie = factories.person(SOFIE)
    for typed in ("sofie", "maes", SOFIE, sofie.mobile_phone or "", "sofi", "maas"):
        assert look(typed) == find.Answer()


@pytest.mark.parametrize("state", [AccountState.INVITED, AccountState.DISABLED])
def test_whoever_is_not_there_is_not_found(state: AccountState) -> None:
    everything = {"contact_public": True, "email_public": True, "mobile_public": True}
    factories.change(LEA, state=state, **everything)
    for typed in ("lea", LEA, "0470 12 34 53", "1-45222"):
        assert look(typed) == find.Answer()


def test_a_lock_hides_nobody_but_whoever_is_invited_still() -> None:
    factories.change(AN, state=AccountState.LOCKED)
    assert names("peeters") == [AN_NAME]
    factories.change(LEA, state=AccountState.LOCKED)  # of a directory, so without a password here
    assert names("dubois") == [LEA_NAME]
    colleague("Nora", "Nieuw", state=AccountState.LOCKED, password_hash=None)
    assert names("nieuw") == []


def test_the_service_desk_is_never_found() -> None:
    everything = {"contact_public": True, "email_public": True, "mobile_public": True}
    factories.change("desk@demo.example", **everything)
    for typed in ("desk", "service", "desk@demo.example"):
        assert look(typed) == find.Answer()


def test_one_finds_oneself_as_others_do() -> None:
    assert look("peeters", of=AN) == look("peeters", of=LEA)
    factories.change(AN, contact_public=False)
    assert look("peeters", of=AN) == find.Answer()


def test_the_result_is_the_preview() -> None:
    for who, typed in ((AN, "peeters"), (LEA, "dubois"), (JAN, "claes")):
        switches, person = privacy.load(factories.own(factories.person(who)))
        assert look(typed).people[0].card == privacy.card(person, switches)


def test_exact_before_beginning_before_near() -> None:
    for last in ("Peetersen", "Peters", "Pieters", "Peeters"):
        colleague("Zoë", last)
    found = names("peeters")
    assert found[:2] == [AN_NAME, "Zoë Peeters"]
    assert found[2] == "Zoë Peetersen"
    assert set(found[3:]) == {"Zoë Peters", "Zoë Pieters"}


def test_exact_words_first_also_among_several() -> None:
    for first in ("Jana", "Jan", "Jantje"):
        colleague(first, "Aerts")
    assert names("jan aerts") == ["Jan Aerts", "Jana Aerts", "Jantje Aerts"]


def test_near_spelling_of_one_among_several_words() -> None:
    assert names("an peters") == [AN_NAME]
    assert names("lae dubois") == []  # three letters are near to anything


def test_at_most_fifty_and_says_so() -> None:
    for n in range(MOST + 1):
        colleague(f"Kim{chr(97 + n % 26)}", "Verstraete")
        if n == MOST - 1:
            fifty = look("verstr")
            assert (len(fifty.people), fifty.more) == (MOST, False)
    answer = look("verstr")
    assert (len(answer.people), answer.more) == (MOST, True)
    assert len({one.account_id for one in answer.people}) == MOST


def test_whoever_has_two_words_that_fit_is_shown_once() -> None:
    colleague("Verna", "Verstraete Verhoeven")
    assert names("ver") == ["Verna Verstraete Verhoeven"]


@pytest.fixture
def little(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """So small a budget that any word is one that too many share."""
    monkeypatch.setattr(candidates, "BUDGET", 3)
    for made in (candidates._rows, candidates._counts):
        made.cache_clear()
    yield
    for made in (candidates._rows, candidates._counts):
        made.cache_clear()


@pytest.mark.usefixtures("little")
def test_where_too_many_share_a_word_it_says_that_there_may_be_more() -> None:
    for n in range(6):
        colleague(f"Ann{chr(97 + n)}", "Desmet")
    answer = look("ann desm")
    assert answer.more
    assert 0 < len(answer.people) < 6


@pytest.mark.usefixtures("little")
@pytest.mark.parametrize("typed", ["an de sm", "de smet an", "de smet a", "An De Smet"])
def test_a_name_in_its_order_is_found_however_many_share_its_words(typed: str) -> None:
    for other in ("Aerts", "Baert", "Claes", "De Backer", "De Bie", "De Cock", "Smeets", "Smits"):
        colleague("An", other)
        colleague("Jan", f"{other} Smets")
    colleague("An", "De Smet")
    assert names(typed) == ["An De Smet"]


def test_titles_are_shown_and_not_searched() -> None:
    assert names("dr") == []
    assert names("dr lea") == []


def test_no_wildcards() -> None:
    for typed in ("p%", "p_eters", "%", "__", "le*", 'le"a', "pee' OR 1=1 --", '"'):
        assert len(look(typed).people) <= 1


def test_what_was_changed_by_hand_is_found_as_it_is_now() -> None:
    actor = factories.actor(factories.person(AN))
    with db.transaction() as connection:
        connection.execute(
            sa.text("UPDATE account SET last_name = 'Delvaux' WHERE username = :u"), {"u": LEA}
        )
    assert [one.card.name for one in find.find(actor, "delvaux").people] == ["Dr Léa Delvaux"]
    assert find.find(actor, "dubois").people == ()


def test_reading_costs_no_scan_of_accounts() -> None:
    """However many there are: by the index of the search, and by their keys."""
    with factories.statements() as sent:
        look("peeters an")
        look("peters")
        look("1-23456-25-004")
        look(LEA)
    for text, values in sent:
        if not text.startswith("SET"):
            steps = factories.plan(text, values)
            assert "SCAN search_word" not in steps, text
            assert "SCAN account" not in steps, text
            assert "Seq Scan on search_word" not in steps, text
            assert "Seq Scan on account" not in steps, text


def test_accounts_are_not_all_read(monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(5):
        colleague(f"Kim{n}", "Vervoort")
    monkeypatch.setattr(find, "MOST", 2)
    seen: list[int] = []
    cards = privacy.cards

    def counting(session: object, ids: list[int]) -> dict[int, privacy.PublicCard]:
        seen.append(len(ids))
        return cards(session, ids)  # type: ignore[arg-type]

    monkeypatch.setattr(privacy, "cards", counting)
    assert look("vervoort").more
    assert seen == [3]


def test_accounts_that_go_are_gone_from_the_index() -> None:
    gone = colleague("Guy", "Weggegaan")
    with db.writing() as session:
        session.delete(session.get_one(Account, gone.id))
    assert names("weggegaan") == names("weggegan") == []
