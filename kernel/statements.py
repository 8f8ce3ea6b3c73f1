"""INSERT … ON CONFLICT, compiled once. SQLAlchemy 2.0 keeps compiled statements of every other kind, and compiles this
one anew each time it runs: that was a third of the processor time of making a booking, and more of following one.

`kernel.db` alone calls this.
"""

import re
from functools import lru_cache

from sqlalchemy import TextClause, bindparam, make_url, text
from sqlalchemy.dialects.postgresql import Insert

_DIALECT = make_url("postgresql+psycopg2://").get_dialect()()
_PARAMETER = re.compile(r"%\((\w+)\)s")


@lru_cache(maxsize=500)
def compiled_once(statement: Insert, columns: frozenset[str]) -> TextClause:
    """The same statement as text, for parameters of these names. What it returns comes as the driver gives it.

    Statements are told apart by identity, so it is those made when a module is imported that are worth their place.
    """
    made = statement.compile(dialect=_DIALECT, column_keys=sorted(columns))
    # in brackets, as a cast may follow: text() sees no parameter in what a colon comes after
    written = _PARAMETER.sub(r"(:\1)", made.string).replace("%%", "%")
    given = (bindparam(name, made.params[name], each.type) for each, name in made.bind_names.items())
    return text(written).bindparams(*given)
