"""What the tags of an image tell, however they are written."""

from datetime import date
from typing import Any

import pytest

from pacs_settings.adapters.dicom_tags import event_of, person
from pacs_settings.core.studies.events import Referrer


def codes(*numbers: str) -> list[dict[str, Any]]:
    return [{"PersonIdentificationCodeSequence": [{"CodeValue": number} for number in numbers]}]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Willems^Robin", "Willems Robin"),
        ("Willems^Robin^Maria^Dr^MD", "Willems Robin Maria"),
        (" Willems ^ Robin ", "Willems Robin"),
        ("Willems", "Willems"),
        ("^Robin", "Robin"),
        ("Yamada^Tarou=山田^太郎=やまだ^たろう", "Yamada Tarou"),
        ("=山田^太郎=やまだ^たろう", "山田 太郎"),
        ("^^=山田^太郎", "山田 太郎"),
        ("==やまだ^たろう", "やまだ たろう"),
        ("", ""),
        ("^^^^", ""),
        ("==", ""),
    ],
)
def test_a_name_on_one_line(name: str, shown: str) -> None:
    assert person(name) == shown


@pytest.mark.parametrize(
    ("name", "letters"),
    [("Dupont^Jean", "J.D."), ("=山田^太郎", "太.山."), ("Dupont", "D."), ("", ""), ("^^", "")],
)
def test_of_a_patient_only_initials_are_known(name: str, letters: str) -> None:
    event = event_of({"PatientName": name, "PatientID": "P1"})
    assert event.patient_initials == letters
    assert "Dupont" not in repr(event)


def test_each_number_is_a_referrer_under_its_own_name() -> None:
    event = event_of(
        {
            "ReferringPhysicianName": "Willems^Robin",
            "ReferringPhysicianIdentificationSequence": codes("1", "2"),
            "RequestingPhysician": "Maes^Sofie",
            "RequestingPhysicianIdentificationSequence": codes("3", ""),
        }
    )
    assert event.referrers == (
        Referrer("1", "Willems Robin"),
        Referrer("2", "Willems Robin"),
        Referrer("3", "Maes Sofie"),
    )


def test_the_same_physician_twice_is_one() -> None:
    event = event_of(
        {
            "ReferringPhysicianName": "Willems^Robin",
            "ReferringPhysicianIdentificationSequence": codes("1"),
            "RequestingPhysician": "Willems^Robin",
            "RequestingPhysicianIdentificationSequence": codes("1"),
        }
    )
    assert event.referrers == (Referrer("1", "Willems Robin"),)


def test_without_a_number_the_name_is_for_the_service_desk() -> None:
    event = event_of({"ReferringPhysicianName": "Willems^Robin"})
    assert event.referrers == (Referrer("", "Willems Robin"),)


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("20260229", None),
        ("20260228", date(2026, 2, 28)),
        ("2026.02.28", date(2026, 2, 28)),
        ("", None),
        ("yesterday", None),
    ],
)
def test_a_date_that_is_none_is_left_out(written: str, day: date | None) -> None:
    assert event_of({"StudyDate": written}).studied_on == day


@pytest.mark.parametrize("value", [None, 1, [], {}, [1], ["x"], [[]]])
def test_tags_of_another_form_are_left_out(value: object) -> None:
    names = ("PatientName", "StudyDate", "ReferringPhysicianIdentificationSequence")
    event = event_of(dict.fromkeys(names, value))
    assert (event.patient_initials, event.studied_on) == ("", None)
    assert event.referrers == (Referrer("", ""),)
