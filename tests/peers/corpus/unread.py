"""The cases that are not read yet, by reason. A case that is read may stay here, a wrong one may not."""

UNREAD: dict[str, str] = {}
WITHOUT_HELP = ""
