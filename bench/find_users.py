"""A keystroke of finding colleagues: with a million accounts beside ten thousand, on each database.

python -m bench.find_users [sqlite] [postgresql]

Each keystroke is the whole of it on the server: found, counted, noted, committed. Building a
million accounts with their index takes some minutes for each database.
"""

import random
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from bench.report import Figure, p95
from pacs_settings.core import audit, db
from pacs_settings.core.clock import now
from pacs_settings.core.search import find, index
from pacs_settings.core.tables import Account, AccountState, PhysicianNumber
from tests import postgres
from tests.conftest import fill, free_port, using

FEW, MANY = 10_000, 1_000_000
LOOK_UPS = 60  # colleagues that are typed, key by key
LIMIT, RATIO = 50.0, 3.0  # milliseconds; many by few
PORTION = 20_000
WORDS = """
Jan An Marie Luc Marc Jean Peter Els Sofie Tom Kristof Wim Bart Pieter Lea Léa Noor Emma Louise
Camille Thomas Lucas Arthur Mohamed Fatima Yusuf Anne-Marie Jean-Pierre Kathleen Katrien Griet
Veerle Hilde Dirk Geert Stefaan Philippe Michel André Isabelle Nathalie Sandrine Dominique Koen
Johan Jozef Maria Elise Zoë Jürgen Søren Łukasz Ömer Niels Pauline Petra Daan Delphine Deniz;
Peeters Janssens Maes Jacobs Mertens Willems Claes Goossens Wouters Dubois Lambert Dupont Martin
Simon Laurent Leroy Hermans Michiels Aerts Pauwels Hendrickx Desmet Declercq Verhoeven Vermeulen
Lemmens Segers Bogaert Baert Thijs Cools Coppens Bosmans Stevens Smets Michel François Gérard;
De Van Van_de Van_den Van_der Vanden Le De_la D';
ver van den bo ma pe de la ro wi he go ka sto bra kle dri vla ste mo bui cor lie schel;
le ri mee nge rma sse lde cke ntho ve bba rge nne tte ssch ijn oud eyn aele ulst;
ns rs ck ert mans man se ts re aert ynck eels ooms inckx boom berg veld huys t n;
d de p pe v va van van_de jo an m ma jan_pe an_de de_sm maria_jean pe_van e s
"""
FIRST, COMMON, PARTICLES, HEADS, MIDDLES, TAILS, TYPED = [
    [word.replace("_", " ") for word in line.split()] for line in WORDS.split(";")
]


def surname(chance: random.Random) -> str:
    """A family name: a common one, or one of many thousand."""
    bare = chance.choice(COMMON)
    if chance.random() > 0.35:
        middles = "".join(chance.choices(MIDDLES, k=chance.choice((0, 1, 1, 2))))
        bare = (chance.choice(HEADS) + middles + chance.choice(TAILS)).title()
    return f"{chance.choice(PARTICLES)} {bare}" if chance.random() < 0.25 else bare


def first_name(chance: random.Random) -> str:
    """A first name, some far more common than others."""
    return FIRST[min(int(chance.paretovariate(0.6)) - 1, len(FIRST) - 1)]


def people(count: int, start: int) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Accounts with a number each; one in ten shows an e-mail address, one in ten no name."""
    chance = random.Random(7)
    common = {
        "title": "Dr", "gender": "not_given", "language": "nl", "state": str(AccountState.ACTIVE),
        "region_id": 1, "may_edit_reports": False, "service_desk": False, "second_factor": "none",
        "wrong_codes": 0, "default_on_study": True, "default_on_report": True, "created_at": now(),
        "domain_id": None, "password_hash": None,
    }  # fmt: skip
    for place in range(start, start + count):
        name = f"person{place}@load.example"
        shows = chance.random()
        account = common | {
            "id": place, "username": name, "username_key": name, "first_name": first_name(chance),
            "last_name": surname(chance), "mobile_phone": f"+324{place:08}",
            "contact_public": shows < 0.9, "email_public": shows < 0.1,
            "mobile_public": shows < 0.05,
        }  # fmt: skip
        value = f"{place:011}"
        yield account, {"account_id": place, "kind": "big", "value": value, "stable": value}


def build(count: int) -> None:
    """A database with so many accounts, and their index."""
    begun = time.perf_counter()
    fill()
    tables: list[Any] = [Account.__table__, PhysicianNumber.__table__]  # type: ignore[attr-defined]
    crowd = people(count, 1000)
    with db.transaction() as connection:
        while some := list(islice(crowd, PORTION)):
            for table, rows in zip(tables, zip(*some, strict=True), strict=True):
                connection.execute(table.insert(), list(rows))
        connection.execute(sa.text("DELETE FROM search_stale"))  # all of it is made at once
        index.rebuild(connection)
    with db.engine().connect() as connection:
        command = "VACUUM ANALYZE" if connection.dialect.name == "postgresql" else "ANALYZE"
        connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql(command)
    print(f"{count:,} accounts in {time.perf_counter() - begun:.0f} s", file=sys.stderr)


def keystrokes(count: int) -> list[str]:
    """What is typed: names key by key in either order, slips, numbers, and common beginnings."""
    chance = random.Random(11)
    typed = list(TYPED)
    for account, _ in islice(people(count, 1000), 0, count, max(count // LOOK_UPS, 1)):
        first, last = account["first_name"], account["last_name"]
        text = chance.choice((f"{last} {first}", f"{first} {last}", last))
        typed += [text[: end + 1] for end in range(len(text))]
        place = chance.randrange(1, len(last))
        typed.append(last[:place] + last[place + 1 :])  # a letter left out
        digits = f"{account['id']:011}"
        typed += [digits[:5], digits[:9], digits, account["username"], account["mobile_phone"]]
    return typed


def milliseconds(count: int) -> list[float]:
    """How long each keystroke takes, typed by many; the first ones, which warm up, do not count."""
    typed, taken = keystrokes(count), []
    for place, text in enumerate([*typed[:40], *typed]):
        actor = audit.Actor(1000 + place // 20, "bench")
        begun = time.perf_counter()
        find.find(actor, text)
        taken.append((time.perf_counter() - begun) * 1000)
    slow = sorted(zip(taken[40:], typed, strict=True), reverse=True)[:5]
    print("slowest:", *(f"{text!r} {took:.0f} ms" for took, text in slow), file=sys.stderr)
    return taken[40:]


@contextmanager
def sqlite() -> Iterator[list[str]]:
    """Addresses of two empty databases."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        yield [f"sqlite:///{Path(folder)}/{name}.db" for name in ("few", "many")]


@contextmanager
def postgresql() -> Iterator[list[str]]:
    """The same on a server of its own."""
    with postgres.running(free_port()) as server:
        yield [server.create(name) for name in ("few", "many")]


def measure(kind: str) -> list[Figure]:
    """Two figures of one database."""
    taken = []
    with KINDS[kind]() as urls:
        for url, count in zip(urls, (FEW, MANY), strict=True):
            with using(url):
                build(count)
                taken.append(milliseconds(count))
    few, many = taken
    name = f"find_users {kind}"
    return [
        Figure(name, "ms", many, [LIMIT], 1.0, ("1,000,000", "limit"), p95),
        Figure(name, "ms", many, few, RATIO, ("1,000,000", "10,000"), p95),
    ]


KINDS = {"sqlite": sqlite, "postgresql": postgresql}


def main(wanted: list[str]) -> int:
    """Print a line for each figure; 1 when a limit is broken."""
    figures: list[Figure] = []
    for kind in wanted or KINDS:
        if kind == "postgresql" and postgres.missing():
            print(postgres.missing())
            continue
        found = measure(kind)
        print(*found, sep="\n", flush=True)
        figures += found
    return 0 if all(figure.holds for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
