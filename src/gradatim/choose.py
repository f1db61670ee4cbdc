"""A package of version 0.1: importing it is an error that says where its names are now."""

from gradatim.core.deprecated import divided

raise divided(__name__)
