"""The one way to say no to a client: an error code and its text."""

from __future__ import annotations


class Refused(Exception):
    """A request that is answered with an error; `code` and `text` are what the client is sent."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


def invalid(cause: str, where: str = "bN") -> Refused:
    """Error 321 as gateways word it; `where` is their name for the request."""
    return Refused(321, f"Error validating request.-'{where}' : cause - {cause}")
