"""All recipes, including rare ones; the most used ones are in ``gradatim`` itself."""

from gradatim.core.recipes import *  # noqa: F403
from gradatim.core.recipes import __all__ as __all__
