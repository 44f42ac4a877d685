"""The service desk on the command line: invite, unlock, sign out, help who lost a factor."""

import argparse
import os
import sys

from pacs_settings.config import config
from pacs_settings.core import db, desk, migrate
from pacs_settings.core.errors import Refused
from pacs_settings.locale import text


def main(arguments: list[str] | None = None) -> int:
    """Run one command; a refusal is a sentence on the error output, and 1."""
    asked = _parser().parse_args(arguments)
    try:
        config()
    except ValueError as unfit:
        return _refused(f"The configuration cannot be used:\n{unfit}")
    try:
        db.check()
    except db.Unusable as unfit:
        return _refused(f"The database cannot be used: {unfit}")
    migrate.upgrade()
    try:
        _run(asked)
    except Refused as refused:
        return _refused(text("en", f"refused.{refused.code}", **refused.values))
    return 0


def _refused(sentence: str) -> int:
    print(sentence, file=sys.stderr)
    return 1


def _run(asked: argparse.Namespace) -> None:
    if asked.command == "unlock":
        desk.unlock(asked.username)
    elif asked.command == "invite-again":
        desk.invite_again(asked.username)
    elif asked.command == "remove-factor":
        desk.remove_factor(asked.username)
    elif asked.command == "end-sessions":
        count = desk.end_sessions("" if asked.everybody else asked.username)
        print(f"{count} session{'' if count == 1 else 's'} ended")
    else:
        desk.invite(
            desk.Invitation(
                asked.username, asked.first_name, asked.last_name, asked.region, asked.mobile
            )
        )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m pacs_settings.manage", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    invite = commands.add_parser("invite", help="make an account and mail its owner a link")
    for name in ("username", "first_name", "last_name", "region"):
        invite.add_argument(name)
    invite.add_argument("--mobile", default="", help="number for the code by text message")
    for name, what in (
        ("invite-again", "mail a fresh link"),
        ("unlock", "let a locked account in again"),
        ("remove-factor", "take the second factor from somebody who has lost it"),
    ):
        commands.add_parser(name, help=what).add_argument("username")
    ending = commands.add_parser("end-sessions", help="sign somebody out everywhere, at once")
    whose = ending.add_mutually_exclusive_group(required=True)
    whose.add_argument("username", nargs="?", help="e-mail address of the account")
    whose.add_argument("--everybody", action="store_true", help="all accounts")
    return parser


if __name__ == "__main__":
    # As the server does: else links would be sealed with a key that it does not have.
    os.environ.setdefault("REFLEX_ENV_MODE", "prod")
    sys.exit(main())
