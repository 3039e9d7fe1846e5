"""The documentation as a site: `make docs`. The same Markdown is read on a code host."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

from pygments.lexers.special import TextLexer

ROOT = Path(__file__).parents[1]

project = "PrePullDaemonSet"
author = "the authors of pulumi-prepull"
project_copyright = f"{author}, Apache-2.0"
release = version = runpy.run_path(str(ROOT / "components" / "prepull" / "version.py"))["__version__"]

extensions = ["myst_parser", "sphinx_copybutton"]
source_suffix = {".md": "markdown"}
# Written for Pulumi's registry, in its notation.
exclude_patterns = ["_index.md", "installation-configuration.md"]
myst_heading_anchors = 3
nitpicky = True
# Tables of results are pages of a table alone.
suppress_warnings = ["toc.no_title"]
show_warning_types = True

# Of `make links`. A code host writes anchors into a page only when a browser asks for it.
linkcheck_anchors_ignore_for_url = [r"https://github\.com/"]
linkcheck_retries = 2
linkcheck_timeout = 30

html_theme = "furo"
# The component's name would be broken in the sidebar.
html_title = f"pulumi-prepull {release}"
html_show_sphinx = False
# A prompt, and what a command prints, is not to be copied.
copybutton_prompt_text = "$ "


def setup(app: Any) -> None:
    """Take the blocks that say how a command is used as they are."""
    app.add_lexer("synopsis", TextLexer)
