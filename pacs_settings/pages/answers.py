"""Running core from a handler: off the event loop, with failures turned into words."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from sqlalchemy.exc import SQLAlchemyError

from pacs_settings.core.errors import Refused
from pacs_settings.pages.texts import words

log = logging.getLogger(__name__)
T = TypeVar("T")


@dataclass(frozen=True)
class Answer(Generic[T]):
    """What core returned, or the field, sentence and code of its refusal."""

    value: T | None = None
    field: str = ""
    problem: str = ""
    code: str = ""

    @property
    def ok(self) -> bool:
        """Whether it was done."""
        return not self.problem


async def ask(work: Callable[..., T], *args: object) -> Answer[T]:
    """Run `work(*args)` in a thread; a refusal or a broken database becomes a sentence."""
    try:
        return Answer(await asyncio.to_thread(work, *args))
    except Refused as refused:
        return Answer(field=refused.field, problem=words(refused), code=refused.code)
    except (SQLAlchemyError, OSError):
        log.exception("not saved")
        return Answer(problem=words(Refused("not_saved")))
