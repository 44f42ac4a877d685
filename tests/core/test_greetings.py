"""How each language addresses a person."""

from dataclasses import dataclass

import pytest

from pacs_settings.core.greetings import full_name, greeting
from pacs_settings.core.tables import Gender


@dataclass
class Person:
    language: str
    title: str = ""
    gender: Gender = Gender.NOT_GIVEN
    first_name: str = "An"
    last_name: str = "Peeters"


F, M, OTHER, UNKNOWN = Gender.FEMALE, Gender.MALE, Gender.OTHER, Gender.NOT_GIVEN


@pytest.mark.parametrize(
    ("language", "title", "gender", "line"),
    [
        ("en", "", F, "Dear Ms Peeters,"),
        ("en", "", M, "Dear Mr Peeters,"),
        ("en", "", OTHER, "Dear An Peeters,"),
        ("en", "", UNKNOWN, "Dear An Peeters,"),
        ("en", "Dr", F, "Dear Dr Peeters,"),
        ("en", "Prof. Dr.", M, "Dear Professor Peeters,"),
        ("nl", "", F, "Geachte mevrouw Peeters,"),
        ("nl", "", M, "Geachte heer Peeters,"),
        ("nl", "", OTHER, "Geachte An Peeters,"),
        ("nl", "dr.", UNKNOWN, "Geachte dokter Peeters,"),
        ("nl", "Prof.", F, "Geachte professor Peeters,"),
        ("fr", "", F, "Madame,"),
        ("fr", "", M, "Monsieur,"),
        ("fr", "", UNKNOWN, "Madame, Monsieur,"),
        ("fr", "", OTHER, "Madame, Monsieur,"),
        ("fr", "Dr", F, "Docteur,"),
        ("fr", "Docteure", UNKNOWN, "Docteur,"),
        ("fr", "Pr", F, "Madame la Professeure,"),
        ("fr", "Prof. Dr", M, "Monsieur le Professeur,"),
        ("fr", "Prof.", OTHER, "Professeur,"),
        ("de", "Dr.med.", UNKNOWN, "Guten Tag Dr. An Peeters,"),
        ("de", "Prof.Dr.", F, "Sehr geehrte Frau Professorin Peeters,"),
        ("de", "Univ.-Prof. Dr. med.", M, "Sehr geehrter Herr Professor Peeters,"),
        ("de", "Professorin", OTHER, "Guten Tag Prof. An Peeters,"),
        ("nl", "Dr.", F, "Geachte dokter Peeters,"),
        ("nl", "prof.dr.", UNKNOWN, "Geachte professor Peeters,"),
        ("nl", "drs.", M, "Geachte heer Peeters,"),
        ("de", "", F, "Sehr geehrte Frau Peeters,"),
        ("de", "", M, "Sehr geehrter Herr Peeters,"),
        ("de", "", OTHER, "Guten Tag An Peeters,"),
        ("de", "Dr.", F, "Sehr geehrte Frau Dr. Peeters,"),
        ("de", "Dr", M, "Sehr geehrter Herr Dr. Peeters,"),
    ],
)
def test_by_title_and_gender(language: str, title: str, gender: Gender, line: str) -> None:
    assert greeting(Person(language, title, gender)) == line


@pytest.mark.parametrize("language", ["en", "nl", "fr", "de"])
@pytest.mark.parametrize("gender", list(Gender))
def test_a_title_that_is_no_form_of_address_changes_nothing(language: str, gender: Gender) -> None:
    plain = greeting(Person(language, "", gender))
    assert greeting(Person(language, "Ir.", gender)) == plain


@pytest.mark.parametrize("language", ["en", "nl", "fr", "de"])
@pytest.mark.parametrize("title", ["", "Dr", "Prof", "Ap."])
def test_who_has_given_no_gender_is_given_none(language: str, title: str) -> None:
    other, unknown = (greeting(Person(language, title, g)) for g in (OTHER, UNKNOWN))
    assert other == unknown
    both = {greeting(Person(language, title, g)) for g in (F, M)}
    assert other not in both or len(both) == 1


@pytest.mark.parametrize("title", ["Prof", "prof. dr.", "Professor"])
def test_a_professor_is_no_mere_doctor(title: str) -> None:
    assert "Professor" in greeting(Person("en", title, F))


@pytest.mark.parametrize(
    ("title", "first", "last", "name"),
    [("Dr", "An", "Peeters", "Dr An Peeters"), ("", "An", "", "An"), ("Dr", "", "Maes", "Dr Maes")],
)
def test_a_full_name_has_no_gaps(title: str, first: str, last: str, name: str) -> None:
    named = Person("en", title, first_name=first, last_name=last)
    assert full_name(named) == name
