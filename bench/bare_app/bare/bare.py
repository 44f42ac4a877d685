"""One page with one switch, one state, one SQLite commit for each click; nothing else.

No sign-in, no permissions, no audit trail, no thread: one open connection of the standard library,
used on the event loop. That is the fastest such an app can be, so the stricter peer. The database
is set as the product's: WAL, and synchronous=FULL, which waits for the disk at each commit.
"""

import os
import sqlite3

import reflex as rx


def connect() -> sqlite3.Connection:
    """Open the database in the folder that the bench gave, with one row to switch."""
    path = os.path.join(os.environ.get("BARE_DATA", "."), "bare.db")
    connection = sqlite3.connect(path, check_same_thread=False)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    with connection:
        connection.execute("CREATE TABLE IF NOT EXISTS switch (id INTEGER PRIMARY KEY, value INT)")
        connection.execute("INSERT OR IGNORE INTO switch VALUES (1, 0)")
    return connection


database = connect()


class SwitchState(rx.State):
    """The switch, and what is said once it is stored."""

    on: bool = False
    said: str = ""

    @rx.event
    def toggle(self, on: bool):
        """Store the new value, then say so."""
        with database:
            database.execute("UPDATE switch SET value = ? WHERE id = 1", (on,))
        self.on = on
        self.said = "Saved: on" if on else "Saved: off"


def index() -> rx.Component:
    """The page."""
    return rx.container(
        rx.heading("Bare"),
        rx.switch(checked=SwitchState.on, on_change=SwitchState.toggle),
        rx.text(SwitchState.said, id="said"),
    )


app = rx.App()
app.add_page(index)
