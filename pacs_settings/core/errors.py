"""What every refusal of core has in common; pages turn the code into words."""


class Refused(Exception):
    """Something was asked that is not done; `code` and `values` make the sentence."""

    def __init__(self, code: str, field: str = "", **values: object) -> None:
        super().__init__(code)
        self.code = code
        self.field = field
        self.values = values


class NotYours(Refused):
    """The row is not the actor's, or does not exist: one answer for both."""

    def __init__(self) -> None:
        super().__init__("not_found")
