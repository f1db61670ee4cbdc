"""Names of version 0.1 in a script: where they went, and the line that a warning points at."""

import pytest

import gradatim
from gradatim import pieces
from gradatim.core.deprecated import MOVED, Removed, divided, moved_name, warn_deprecated
from gradatim.core.warn import warn


def test_a_moved_name_is_what_it_was_and_says_where_it_is():
    words = r"^gradatim\.Clip is deprecated since version 0\.2\. Write gradatim\.pieces\.Clip\.$"
    with pytest.warns(DeprecationWarning, match=words):
        assert moved_name("gradatim", "Clip") is pieces.Clip


def test_the_warning_points_at_the_line_that_has_the_old_name():
    with pytest.warns(DeprecationWarning, match=r"Write gradatim\.pieces\.Clip") as warned:
        gradatim.Clip  # noqa: B018
    assert [one.filename for one in warned] == [__file__]


def test_a_name_that_never_was_is_none():
    with pytest.raises(AttributeError, match=r"^module 'gradatim' has no attribute 'Clop'$") as no:
        moved_name("gradatim", "Clop")
    assert no.value.name == "Clop"


def test_a_package_that_was_divided_names_its_parts():
    error = divided("gradatim.plans")
    assert MOVED["gradatim.plans"] == {"Plan": "gradatim.drive.Plan"}
    assert str(error) == (
        "gradatim.plans was divided in version 0.2. Write gradatim.drive.Plan for Plan."
    )
    assert error.name == "gradatim.plans"


def test_an_attribute_that_was_removed_says_what_to_write():
    class Thing:
        old = Removed("Write new.")

    with pytest.raises(AttributeError, match=r"^Thing\.old was removed in version 0\.2\. Write n"):
        Thing().old  # noqa: B018


def test_a_deprecation_is_one_for_python_too():
    with pytest.warns(DeprecationWarning, match=r"^a is deprecated since .* Write b\.$"):
        warn_deprecated("a", "b")


# A module of an installed package, one of Gradatim, and one whose name only begins like it.
INSTALLED = "/usr/lib/python3/dist-packages/trainer/loop.py"


@pytest.mark.parametrize(
    ("name", "file", "is_passed_over"),
    [
        ("gradatim.drive.driver", "/srv/run/gradatim/driver.py", True),
        ("gradatim", "/srv/run/gradatim/__init__.py", True),
        ("trainer.loop", INSTALLED, True),
        ("gradatim_of_mine", "/srv/run/gradatim_of_mine.py", False),
        ("mine.gradatim", "/srv/run/mine.py", False),
        (None, "<stdin>", False),
    ],
)
def test_a_warning_points_at_the_code_of_the_user(name, file, is_passed_over):
    names = {"warn": warn} if name is None else {"warn": warn, "__name__": name}
    with pytest.warns(UserWarning, match=r"^gradatim: look$") as warned:
        exec(compile("warn('look')", file, "exec"), names)
    assert [one.filename for one in warned] == [__file__ if is_passed_over else file]
