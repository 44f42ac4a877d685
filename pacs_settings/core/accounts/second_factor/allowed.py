"""Which second factors a region allows; the strongest first."""

from collections.abc import Iterable

from pacs_settings.core.errors import Refused
from pacs_settings.core.tables import Method, Region


def methods(region: Region) -> list[Method]:
    """What its accounts may choose from, `none` last where they may do without."""
    return _methods(
        region.strong_authentication, region.email_when_mandatory, region.second_factors
    )


def enough(method: str, mandatory: bool, email_suffices: bool, allowed: Iterable[str]) -> bool:
    """Whether an account with this method need choose no other before anything else."""
    return not mandatory or method in _methods(mandatory, email_suffices, allowed)


def check(region: Region, method: str) -> Method:
    """The method; raises Refused `method_not_allowed`."""
    if method not in methods(region):
        raise Refused("method_not_allowed")
    return Method(method)


def _methods(mandatory: bool, email_suffices: bool, allowed: Iterable[str]) -> list[Method]:
    # E-mail proves little more than the password does: whoever may reset it reads that mailbox.
    refused = {Method.NONE} if mandatory else set()
    if mandatory and not email_suffices:
        refused.add(Method.EMAIL)
    return [
        method
        for method in Method
        if method not in refused and (method in allowed or method == Method.NONE)
    ]
