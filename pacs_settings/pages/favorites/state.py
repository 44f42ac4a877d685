"""Favorites: those that are kept, and the colleagues found by what was typed last."""

import asyncio
from dataclasses import dataclass

import reflex as rx

from pacs_settings.access.permissions import Permission, requires
from pacs_settings.access.principal import current
from pacs_settings.core import favorites
from pacs_settings.core.privacy import PublicCard
from pacs_settings.core.search import find
from pacs_settings.core.search.find import Answer as Results
from pacs_settings.pages.answers import Answer, ask
from pacs_settings.pages.texts import say


@dataclass
class Person:
    """A colleague on the page; nothing but what is public, in lines."""

    key: str
    name: str
    facts: list[str]
    starred: bool = True
    favorite: int = 0


class FavoritesState(rx.State):
    """The latest query that was answered, what it found, and who is kept.

    Queries have numbers, given by the page. Answering one takes as long as it takes, while others
    come in: an answer is shown only where nothing was asked after it.
    """

    loaded: bool = False
    open: bool = False
    answer: int = 0
    people: list[Person] = []
    summary: str = ""
    search_problem: str = ""
    favorites: list[Person] = []
    said: str = ""
    problem: str = ""
    _asked: tuple[str, int] = ("", 0)  # by which session, and its number
    _found: dict[str, int] = {}

    @rx.event
    @requires(Permission.FAVORITES)
    async def load(self):
        """Read who is kept; nothing is looked for yet."""
        self._forget()
        self.open = False
        self.said = self.problem = ""
        await self._load()
        self.loaded = True

    @rx.event
    @requires(Permission.FIND)
    async def show_search(self):
        """Open the search, or close it again."""
        self.open = not self.open
        self._forget()

    @rx.event(background=True)
    @requires(Permission.FIND)
    async def search(self, number: int, text: str):
        """Find whoever fits; only the answer to the latest query is shown."""
        asked = (current().session_id, number)
        async with self:
            if number <= self._asked[1]:
                return
            self._asked = asked
        found = await ask(find.find, current(), text)
        async with self:
            if self._asked == asked:
                self._show(number, found, looked=bool(text.strip()))

    @rx.event
    @requires(Permission.FAVORITES)
    async def star(self, which: str, on: bool):
        """Keep somebody who was found, or no longer."""
        account_id = self._found.get(which)
        if account_id is None:
            return
        work = favorites.star if on else favorites.unstar
        answer = await ask(work, current(), account_id)
        self._tell(answer, "favorites.added" if on else "favorites.removed")
        await self._load()

    @rx.event
    @requires(Permission.FAVORITES)
    async def remove(self, favorite: int):
        """Keep one of the favorites no longer."""
        self._tell(await ask(favorites.remove, current(), favorite), "favorites.removed")
        await self._load()

    async def _load(self) -> None:
        kept = await asyncio.to_thread(favorites.load, current().account_id)
        self.favorites = [_person(str(one.id), one.card, favorite=one.id) for one in kept]
        starred = {one.account_id for one in kept}
        for person in self.people:
            person.starred = self._found[person.key] in starred

    def _forget(self) -> None:
        self._asked, self._found, self.people = ("", 0), {}, []
        self.answer, self.summary, self.search_problem = 0, "", ""

    def _show(self, number: int, found: Answer[Results], looked: bool) -> None:
        results = found.value or Results()
        self.answer, self.search_problem = number, found.problem
        keys = [f"{number}-{place}" for place in range(len(results.people))]
        self._found = {k: one.account_id for k, one in zip(keys, results.people, strict=True)}
        self.people = [
            _person(k, one.card, one.starred) for k, one in zip(keys, results.people, strict=True)
        ]
        self.summary = _summary(results) if looked and found.ok else ""

    def _tell(self, answer: Answer[None], done: str) -> None:
        self.problem = answer.problem
        self.said = say(done) if answer.ok else ""


def _person(key: str, card: PublicCard, starred: bool = True, favorite: int = 0) -> Person:
    shown = [text for text in (card.name, *card.numbers, card.email, card.mobile) if text]
    name, *facts = shown or [say("favorites.hidden")]
    return Person(key, name, facts, starred, favorite)


def _summary(results: Results) -> str:
    count = len(results.people)
    if results.more:
        return say("favorites.more", count=count)
    return say("favorites.found", count=count) if count else say("favorites.nobody")
