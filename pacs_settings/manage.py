"""The service desk on the command line: people, radiology sources, group practices."""

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pacs_settings.config import config
from pacs_settings.core import db, desk, groups, migrate
from pacs_settings.core.errors import Refused
from pacs_settings.core.reports import returning, rights
from pacs_settings.core.search import index
from pacs_settings.core.studies import sources, unmatched
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
        migrate.upgrade()
    except db.Unusable as unfit:
        return _refused(f"The database cannot be used: {unfit}")
    try:
        _run(asked)
    except OSError as failure:
        return _refused(str(failure))
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
    elif asked.command in SOURCES:
        SOURCES[asked.command](asked)
    elif asked.command == "rebuild-search":
        with db.transaction() as connection:
            print(f"{index.rebuild(connection)} accounts can be found")
    elif asked.command == "end-sessions":
        count = desk.end_sessions("" if asked.everybody else asked.username)
        print(f"{count} session{'' if count == 1 else 's'} ended")
    else:
        desk.invite(
            desk.Invitation(
                asked.username, asked.first_name, asked.last_name, asked.region, asked.mobile
            )
        )


def _source(asked: argparse.Namespace) -> None:
    login = Path(asked.orthanc_login_file).read_text().strip() if asked.orthanc_login_file else None
    ways = sources.Ways(
        orthanc_url=asked.orthanc_url,
        orthanc_login=login,
        hl7_application=asked.hl7_application,
        hl7_facility=asked.hl7_facility,
        hl7_addresses=asked.hl7_address,
        number_kinds=asked.number_kind,
        preliminary=asked.preliminary,
        return_archive=asked.return_archive,
        result_address=asked.result_address,
        result_tls=asked.result_tls,
    )
    sources.put(asked.name, ways)


def _unmatched(_: argparse.Namespace) -> None:
    for row in unmatched.waiting():
        told = (row.source, row.number or "-", row.name or "-", row.why, str(row.events))
        print("\t".join((*told, f"{row.last:%Y-%m-%d %H:%M}")))


def _link_number(asked: argparse.Namespace) -> None:
    count = unmatched.link_number(asked.username, asked.kind, asked.number)
    print(f"{count} waiting event{'' if count == 1 else 's'} matched")


def _group(asked: argparse.Namespace) -> None:
    groups.put(asked.name, asked.members)


def _report_right(asked: argparse.Namespace) -> None:
    change = rights.give if asked.what == "give" else rights.take
    change(asked.username, asked.source)


def _report_rights(_: argparse.Namespace) -> None:
    for row in rights.listed():
        print(f"{row.source}\t{row.username}")


def _returns(_: argparse.Namespace) -> None:
    for row in returning.not_there():
        told = (str(row.version_id), row.channel, row.source, row.state, row.problem or "-")
        print("\t".join((*told, str(row.tries), f"{row.at:%Y-%m-%d %H:%M}")))


def _return_again(asked: argparse.Namespace) -> None:
    count = returning.again(asked.version)
    print(f"{count} return{'' if count == 1 else 's'} tried again")


SOURCES: dict[str, Callable[[argparse.Namespace], None]] = {
    "source": _source,
    "source-token": lambda asked: print(sources.new_token(asked.name)),
    "unmatched": _unmatched,
    "link-number": _link_number,
    "group": _group,
    "report-right": _report_right,
    "report-rights": _report_rights,
    "returns": _returns,
    "return-again": _return_again,
}


def _source_commands(commands: Any) -> None:
    source = commands.add_parser("source", help="make a radiology source, or change its ways")
    source.add_argument("name")
    source.add_argument("--orthanc-url", help="its Orthanc, followed from now on; empty for none")
    source.add_argument("--orthanc-login-file", help="file with user:password")
    source.add_argument("--hl7-application", help="MSH-3 of its reports")
    source.add_argument("--hl7-facility", help="MSH-4 of its reports")
    source.add_argument("--hl7-address", action="append", help="network its reports come from")
    source.add_argument("--number-kind", action="append", help="kind of its physician numbers")
    source.add_argument("--preliminary", action=argparse.BooleanOptionalAction, default=None)
    source.add_argument(
        "--return-archive",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="whether validated reports go back to its Orthanc",
    )
    source.add_argument("--result-address", help="host:port its reports go back to by HL7")
    source.add_argument("--result-tls", action=argparse.BooleanOptionalAction, default=None)
    token = commands.add_parser("source-token", help="print a new token for the HTTP interface")
    token.add_argument("name")
    commands.add_parser("unmatched", help="list numbers of sources that nobody has")
    link = commands.add_parser("link-number", help="give an account one more physician number")
    for name in ("username", "kind", "number"):
        link.add_argument(name)
    commands.add_parser("report-rights", help="list who may edit the reports of which source")
    right = commands.add_parser("report-right", help="who may edit the reports of a source")
    right.add_argument("what", choices=["give", "take"])
    right.add_argument("username")
    right.add_argument("source")
    commands.add_parser("returns", help="list reports that are not back at their source")
    again = commands.add_parser("return-again", help="try anew what was given up")
    again.add_argument("version", type=int, help="number of the report's version")
    group = commands.add_parser("group", help="make a group practice, or change who is in it")
    group.add_argument("name")
    group.add_argument("members", nargs="*", help="e-mail addresses, all of them")


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
    _source_commands(commands)
    commands.add_parser("rebuild-search", help="make the index of Find users anew")
    ending = commands.add_parser("end-sessions", help="sign somebody out everywhere, at once")
    whose = ending.add_mutually_exclusive_group(required=True)
    whose.add_argument("username", nargs="?", help="e-mail address of the account")
    whose.add_argument("--everybody", action="store_true", help="all accounts")
    return parser


if __name__ == "__main__":
    # As the server does: else links would be sealed with a key that it does not have.
    os.environ.setdefault("REFLEX_ENV_MODE", "prod")
    sys.exit(main())
