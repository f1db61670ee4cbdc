"""Settings files of other projects (YAML, JSON, TOML, INI) as one tree with line numbers.

May import ``core`` and ``plans``, and PyYAML. To add a format, write one file that reads text into
a ``Setting``, and name it in ``reading.py``.
"""

from gradatim.peers.settings.reading import read_settings
from gradatim.peers.settings.references import References, Section
from gradatim.peers.settings.tree import Place, Setting, sections

__all__ = ["Place", "References", "Section", "Setting", "read_settings", "sections"]
