"""All second factors, and which of them an account may use."""

from pacs_settings.core.accounts.second_factor.email_code import EmailCode
from pacs_settings.core.accounts.second_factor.factor import SecondFactor
from pacs_settings.core.accounts.second_factor.passkeys import Passkeys
from pacs_settings.core.accounts.second_factor.recovery import RecoveryCodes
from pacs_settings.core.accounts.second_factor.text_message import TextMessage
from pacs_settings.core.accounts.second_factor.totp import Authenticator
from pacs_settings.core.tables import Account, Means, Method

_ALL: tuple[SecondFactor, ...] = (
    Passkeys(),
    Authenticator(),
    TextMessage(),
    EmailCode(),
    RecoveryCodes(),
)
FACTORS: dict[Means, SecondFactor] = {factor.means: factor for factor in _ALL}


def accepted(account: Account, means: str, method: str) -> SecondFactor | None:
    """The factor to check an answer with: the one that was asked for, or a recovery code."""
    if means == Means.RECOVERY and account.second_factor != Method.NONE:
        return FACTORS[Means.RECOVERY]
    return FACTORS[Means(method)] if means == method and method != Method.NONE else None
