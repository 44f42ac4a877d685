"""What sources post over HTTP: studies and reports, each with the bearer token of its source."""

import asyncio
import logging
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from pacs_settings.access.http import LARGEST
from pacs_settings.core.errors import Refused
from pacs_settings.core.studies import events, intake, sources
from pacs_settings.core.studies.events import Referrer, StudyEvent
from pacs_settings.core.tables import ReportStatus, StudyKind
from pacs_settings.locale import text

EVENTS, DOCUMENT = "/api/v1/study-events", "/api/v1/openapi.json"
LONGEST_KEY = 100  # characters of an Idempotency-Key
log = logging.getLogger(__name__)
Identifier = Annotated[str, StringConstraints(max_length=events.LONGEST_IDENTIFIER)]


class Strict(BaseModel):
    """Takes nothing that is not named here."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class ReferrerIn(Strict):
    """A physician: number with or without separators, and name at the source."""

    number: Annotated[str, StringConstraints(min_length=1, max_length=40)]
    name: Annotated[str, StringConstraints(max_length=120)] = ""


class StudyEventIn(Strict):
    """A new study with images, or a report; of the patient only the initials."""

    kind: Literal["study", "report"]
    referrers: Annotated[list[ReferrerIn], Field(min_length=1, max_length=events.MOST_REFERRERS)]
    study_instance_uid: Identifier = ""
    accession_number: Identifier = ""
    report_id: Identifier = ""
    status: Literal["preliminary", "final", "corrected"] | None = Field(
        None, description="Of a report; a study has none."
    )
    version: Annotated[str, StringConstraints(max_length=64)] = Field(
        "", description="Tells one correction of a report from the next."
    )
    patient_initials: Annotated[str, StringConstraints(max_length=10)] = ""
    description: Annotated[str, StringConstraints(max_length=200)] = ""
    institution: Annotated[str, StringConstraints(max_length=120)] = ""
    studied_on: date | None = None

    def event(self, key: str) -> StudyEvent:
        """The event that core takes."""
        return StudyEvent(
            kind=StudyKind(self.kind),
            referrers=tuple(Referrer(given.number, given.name) for given in self.referrers),
            study_instance_uid=self.study_instance_uid,
            accession_number=self.accession_number,
            report_id=self.report_id,
            status=ReportStatus(self.status or ""),
            patient_initials=self.patient_initials,
            description=self.description,
            institution=self.institution,
            studied_on=self.studied_on,
            message_key=f"http:{key}",
            content=self.version,
        )


async def take(request: Request) -> Response:
    """Take one event; 201 where it is new and 200 where it was told before, after it is stored."""
    source = await _source(request)
    if source is None:
        return _problem(401, "token", {"WWW-Authenticate": "Bearer"})
    key = request.headers.get("idempotency-key", "")
    if not (0 < len(key) <= LONGEST_KEY and key.isascii() and key.isprintable()):
        return _problem(400, "idempotency_key")
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        return _problem(415, "content_type")
    body = await _body(request)
    if body is None:
        return _problem(413, "too_large")
    try:
        event = StudyEventIn.model_validate_json(body).event(key)
        taken = await asyncio.to_thread(intake.take, source, event)
    except ValidationError as wrong:
        return _problem(422, "not_valid", errors=_errors(wrong))
    except Refused as refused:
        return _problem(422, refused.code)
    told = {"event": taken.event_id, "new": taken.new}
    return JSONResponse(told, status_code=201 if taken.new else 200)


async def document(request: Request) -> Response:
    """The OpenAPI document."""
    return JSONResponse(openapi())


def openapi() -> dict[str, Any]:
    """OpenAPI 3.1 of what is above."""
    schema = StudyEventIn.model_json_schema(ref_template="#/components/schemas/{model}")
    parts = {**schema.pop("$defs", {}), "StudyEvent": schema}
    taken = {
        "type": "object",
        "properties": {"event": {"type": "integer"}, "new": {"type": "boolean"}},
    }
    answers = {
        "201": {"description": "Taken.", "content": {"application/json": {"schema": taken}}},
        "200": {"description": "Told before.", "content": {"application/json": {"schema": taken}}},
        **{
            str(status): {"description": sentence, "content": {"application/problem+json": {}}}
            for status, sentence in REFUSALS.items()
        },
    }
    key = {
        "name": "Idempotency-Key",
        "in": "header",
        "required": True,
        "description": "The same for each try of one event.",
        "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY},
    }
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/StudyEvent"}}}
    operation = {
        "operationId": "takeStudyEvent",
        "summary": "Tell that a study or a report is there.",
        "security": [{"source": []}],
        "parameters": [key],
        "requestBody": {"required": True, "content": content},
        "responses": answers,
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": text("en", "product"), "version": "1"},
        "paths": {EVENTS: {"post": operation}},
        "components": {
            "schemas": parts,
            "securitySchemes": {"source": {"type": "http", "scheme": "bearer"}},
        },
    }


REFUSALS = {
    400: "The Idempotency-Key is missing or too long.",
    401: "The token is not valid.",
    413: "The body is too large.",
    415: "The body is not application/json.",
    422: "The event is not valid, or its key was used for another one.",
    503: "Not taken now; send it again.",
}


async def _source(request: Request) -> int | None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.casefold() != "bearer" or not token:
        return None
    return await asyncio.to_thread(sources.of_token, token.strip())


async def _body(request: Request) -> bytes | None:
    """The body; None where it is larger than an event can be."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > LARGEST:
            return None
    return body


def _errors(wrong: ValidationError) -> list[dict[str, str]]:
    """Where and why, never the value: it may be about a patient."""
    return [
        {"field": ".".join(map(str, error["loc"])), "message": error["msg"]}
        for error in wrong.errors(include_input=False, include_url=False, include_context=False)
    ]


def _problem(
    status: int, code: str, headers: dict[str, str] | None = None, **more: Any
) -> Response:
    """A refusal (RFC 9457)."""
    told = {"status": status, "code": code, "title": REFUSALS[status], **more}
    media = "application/problem+json"
    return JSONResponse(told, status_code=status, headers=headers, media_type=media)


routes = [
    Route(EVENTS, take, methods=["POST"]),
    Route(DOCUMENT, document, methods=["GET"]),
]
