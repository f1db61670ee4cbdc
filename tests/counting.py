"""Says how often a claim was tried, where that is not the number of tests or of examples."""


def counted(tries: int) -> None:
    """Print the count for ``tests.reliability``, which reads it with ``pytest -s``."""
    print(f"\ncounted: {tries}")
