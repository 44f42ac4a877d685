"""How a person is named, and how each language addresses one in a mail, by title and gender."""

import re
from typing import Protocol

from pacs_settings.core.tables import Gender
from pacs_settings.locale import text

# As they are written in the languages of mails, compared word by word: `Prof. dr.`, `Prof.Dr.`.
PROFESSOR = {"prof", "profa", "professor", "professorin", "professeur", "professeure", "pr", "pre"}
DOCTOR = {"dr", "dre", "doctor", "dokter", "docteur", "docteure", "doktor", "doktorin"}


class Named(Protocol):
    """Whoever has a name."""

    @property
    def title(self) -> str:
        """As it was entered, such as Dr; may be empty."""

    @property
    def first_name(self) -> str:
        """Given name."""

    @property
    def last_name(self) -> str:
        """Family name."""


class Addressed(Named, Protocol):
    """Whoever a mail is written to."""

    @property
    def gender(self) -> Gender:
        """Form of address."""

    @property
    def language(self) -> str:
        """Of mails."""


def full_name(person: Named) -> str:
    """Title, given and family name, as far as there are any."""
    return " ".join(filter(None, (person.title, person.first_name, person.last_name)))


def greeting(person: Addressed) -> str:
    """The first line of a mail: by title where a language has a form for it, and by gender.

    Who is of another gender, or has not given it, is addressed by full name or by title alone.
    """
    known = person.gender in (Gender.FEMALE, Gender.MALE)
    form = f"{_rank(person.title)}.{person.gender if known else 'neutral'}"
    return text(
        person.language,
        f"mail.greeting.{form}",
        first=person.first_name,
        last=person.last_name,
    )


def _rank(title: str) -> str:
    words = set(re.findall(r"\w+", title.casefold()))
    if words & PROFESSOR:
        return "professor"
    return "doctor" if words & DOCTOR else "plain"
