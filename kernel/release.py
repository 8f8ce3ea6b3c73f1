"""Which release of Torg this is: the one line of the file VERSION. `./torg --version`, the OpenAPI descriptions and
`torg_build_info` say it; docs/releases.md tells how a release is made."""

from pathlib import Path

VERSION = (Path(__file__).parent.parent / "VERSION").read_text(encoding="utf-8").strip()
