"""The cases that are not read yet, by reason. A case that is read may stay here, no wrong one."""

UNREAD: dict[str, str] = {}
WITHOUT_HELP = ""
