"""The message of a wrong call; the tables of calls are in ``test_messages*.py`` of each folder."""

from collections.abc import Mapping
from typing import Any

import pytest

from gradatim import GradatimError


def message_of(written: str, names: Mapping[str, Any]) -> str:
    """The message of the error that an expression raises in which these names are known."""
    with pytest.raises(GradatimError) as caught:
        eval(written, dict(names))
    return str(caught.value)
