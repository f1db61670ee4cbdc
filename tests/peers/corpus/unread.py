"""The cases that are not read yet, by reason. A case that is read may stay here, no wrong one."""

UNREAD: dict[str, str] = {
    "arguments that are not written out (**kwargs)": "q10.1 q17.3",
    "a settings file in a string of Python": "q26.8",
    "axolotl beside keys of other projects": "q20.5",
    "a time of Composer as an object": "q37.2",
    "a function with a short warm-up, whose length is asked for": "q10.2",
}
WITHOUT_HELP = "q26.8 q38.2 q38.4 q38.5"
"""Cases that are refused with a sentence that does not say what to write."""
