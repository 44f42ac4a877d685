"""Acts of the service desk from the command line of the server: `python -m pacs_settings.desk`."""

import argparse

from pacs_settings.core.accounts import sessions


def main(arguments: list[str] | None = None) -> None:
    """Do one act and say what was done; exits with a sentence where it cannot be done."""
    parser = argparse.ArgumentParser(prog="python -m pacs_settings.desk")
    acts = parser.add_subparsers(dest="act", required=True)
    ending = acts.add_parser("end-sessions", help="sign somebody out everywhere, at once")
    whose = ending.add_mutually_exclusive_group(required=True)
    whose.add_argument("username", nargs="?", help="e-mail address of the account")
    whose.add_argument("--everybody", action="store_true", help="all accounts")
    asked = parser.parse_args(arguments)
    try:
        count = sessions.end_by_desk(None if asked.everybody else asked.username)
    except LookupError:
        parser.exit(1, f"There is no account {asked.username}.\n")
    print(f"{count} session{'' if count == 1 else 's'} ended")


if __name__ == "__main__":
    main()
