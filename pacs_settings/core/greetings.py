"""How each language addresses a person in a mail, by title and gender."""

from typing import Protocol

from pacs_settings.core.tables import Gender
from pacs_settings.locale import text


class Addressed(Protocol):
    """Whoever a mail is written to."""

    @property
    def title(self) -> str:
        """As it was entered, such as Dr; may be empty."""

    @property
    def first_name(self) -> str:
        """Given name."""

    @property
    def last_name(self) -> str:
        """Family name."""

    @property
    def gender(self) -> Gender:
        """Form of address."""

    @property
    def language(self) -> str:
        """Of mails."""


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
    words = title.casefold().replace(".", " ").split()
    if any(word.startswith("prof") for word in words):
        return "professor"
    if any(word in ("dr", "doctor", "dokter", "docteur", "doktor") for word in words):
        return "doctor"
    return "plain"
