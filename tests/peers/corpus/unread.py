"""The cases that are not read yet, by reason. A case that is read may stay here, no wrong one."""

UNREAD: dict[str, str] = {
    "settings of DeepSpeed in a dictionary of Python": "q24.2 q24.3 q24.4 q24.7 q25.2 q25.4 q25.5 q25.7",
    "arguments of transformers in a dictionary of Python": "q19.1 q19.2 q19.3 q19.4",
    "a settings file that a script writes": "q20.1 q26.8",
    "arguments that are not written out (**kwargs)": "q10.1 q17.3",
    "axolotl beside keys of other projects": "q20.5",
    "a time of Composer as an object": "q37.2",
}
WITHOUT_HELP = """
    q09.2 q10.1 q19.1 q19.2 q19.3 q19.4 q20.1 q20.2 q20.4 q20.5 q20.7 q24.2 q24.3 q24.4 q24.7
    q25.2 q25.4 q25.5 q25.7 q26.8 q28.3 q38.2 q38.4 q38.5
"""
"""Cases that are refused with a sentence that does not say what to write."""
