"""The PDF of a report by its address: for who may see it; to all others it is not there."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import httpx
import pytest
from starlette.applications import Starlette

from pacs_settings.access import cookies, report_routes
from pacs_settings.core.reports import documents
from pacs_settings.core.tables import Method
from tests import factories
from tests.conftest import in_a_loop
from tests.factories import AN, JAN, SOFIE

pytestmark = pytest.mark.usefixtures("database")
PDF = b"%PDF-1.4 of tests"


@dataclass
class Reports:
    """Report 3 is An's, and its newest validated version is 31; report 4 is not validated."""

    asked: list[tuple[int, int]] = field(default_factory=list)
    failure: Exception | None = None

    def find(self, account_id: int, report_id: int) -> int | None:
        self.asked.append((account_id, report_id))
        mine = account_id == factories.own(factories.person(AN))
        return 31 if mine and report_id == 3 else None

    def produce(self, version_id: int) -> bytes:
        if self.failure:
            raise self.failure
        assert version_id == 31
        return PDF


@pytest.fixture(autouse=True)
def reports(monkeypatch: pytest.MonkeyPatch) -> Iterator[Reports]:
    made, former = Reports(), report_routes.produce
    report_routes.set_up(made.produce)
    monkeypatch.setattr(documents, "latest", made.find)
    yield made
    report_routes.set_up(former)


def get(path: str, username: str = "", method: str = "GET") -> httpx.Response:
    cookie = factories.session(factories.person(username)) if username else ""
    headers = {"Cookie": f"{cookies.name(cookies.SESSION)}={cookie}"} if cookie else {}

    async def ask() -> httpx.Response:
        way = httpx.ASGITransport(Starlette(routes=report_routes.routes))
        async with httpx.AsyncClient(transport=way) as client:
            return await client.request(method, f"http://localhost{path}", headers=headers)

    return in_a_loop(ask())


def test_who_may_see_it_gets_it() -> None:
    answer = get("/reports/3/pdf", AN)
    assert answer.status_code == 200
    assert answer.content == PDF
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-disposition"] == 'attachment; filename="report-3.pdf"'


@pytest.mark.parametrize(
    ("path", "username"),
    [
        ("/reports/3/pdf", ""),
        ("/reports/3/pdf", SOFIE),
        ("/reports/4/pdf", AN),
        ("/reports/99999999/pdf", AN),
        *((f"/reports/{odd}/pdf", AN) for odd in ("0x3", "-3", "3.0", "%00", "٣", "1" * 400, "a")),
    ],
)
def test_to_all_others_it_is_not_there(path: str, username: str) -> None:
    answer, other = get(path, username), get("/reports/4/pdf", SOFIE)
    assert answer.status_code == 404
    assert answer.content == other.content
    assert dict(answer.headers) == dict(other.headers)


def test_whoever_must_enrol_first_gets_nothing(reports: Reports) -> None:
    assert factories.person(JAN).second_factor == Method.NONE
    assert get("/reports/3/pdf", JAN).status_code == 404
    assert reports.asked == []


@pytest.mark.parametrize("username", [AN, SOFIE])
def test_nothing_of_it_is_kept_or_run(username: str) -> None:
    headers = get("/reports/3/pdf", username).headers
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"
    assert re.match("default-src 'none'", headers["content-security-policy"])
    assert "frame-ancestors 'none'" in headers["content-security-policy"]


@pytest.mark.parametrize(
    "failure", [ValueError("secret"), OSError("secret"), LookupError("secret")]
)
def test_one_that_cannot_be_made_now_is_for_later(
    failure: Exception, reports: Reports, caplog: pytest.LogCaptureFixture
) -> None:
    reports.failure = failure
    answer = get("/reports/3/pdf", AN)
    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    assert "secret" not in answer.text + caplog.text
    assert type(failure).__name__ in caplog.text


def test_it_is_only_read() -> None:
    assert get("/reports/3/pdf", AN, "POST").status_code == 405


def test_before_it_is_set_up_nothing_is_there() -> None:
    report_routes.set_up(report_routes._nothing)
    assert get("/reports/3/pdf", AN).status_code == 503
    with pytest.raises(LookupError):
        report_routes._nothing(1)
