"""How far a random search looks: briefly in `make test`, widely in `make test-long`."""

import pytest

# A test takes the argument ``search``. The number of examples is that of the profile: the default
# of Hypothesis, and 5,000 in `make test-long`.
quick_and_wide = pytest.mark.parametrize(
    "search", ["quick", pytest.param("wide", marks=pytest.mark.long)]
)
