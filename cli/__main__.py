"""`python -m cli`: what `./torg` runs once its environment stands."""

from cli.main import app

app(prog_name="torg")
