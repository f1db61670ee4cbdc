import pytest

from tests.studio.served import running


@pytest.fixture(scope="module")
def studio():
    with running() as studio:
        yield studio
