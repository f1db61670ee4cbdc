"""All recipes, the rare ones included; those of everyday use are in ``gradatim`` itself."""

from gradatim.core.recipes import *  # noqa: F403
from gradatim.core.recipes import __all__ as __all__
