"""Looks for texts in every column of every table that the catalogue of a database knows, in whatever form they may lie
there: as text or bytes, in UTF-8 or UTF-16, escaped as in JSON, in hexadecimal or base64, compressed, or as a UUID.
"""

import base64
import bz2
import gzip
import json
import lzma
import zlib
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text

from kernel.db import Database

_COLUMNS = text(
    "SELECT c.relname AS in_table, a.attname AS name FROM pg_class c"
    " JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid"
    " WHERE c.relkind IN ('r', 'p', 'm') AND n.nspname NOT IN ('pg_catalog', 'information_schema')"
    " AND n.nspname NOT LIKE 'pg_toast%' AND a.attnum > 0 AND NOT a.attisdropped ORDER BY 1, 2"
)
_UNPACKED: tuple[Callable[[bytes], bytes], ...] = (gzip.decompress, zlib.decompress, bz2.decompress, lzma.decompress)
Traces = dict[tuple[str, str, str], set[str]]
"""By service, table and column: what was found there."""


def traces(databases: dict[str, Database], of: Collection[str]) -> Traces:
    """Where any of these texts lie."""
    forms = {each: frozenset(_forms(each)) for each in of}
    found: Traces = {}
    for service, database in databases.items():
        for table, column, value in _values(database):
            written = [each.lower() for each in _readings(value)]
            hit = {each for each, of_it in forms.items() if any(form in one for form in of_it for one in written)}
            if hit:
                found.setdefault((service, table, column), set()).update(hit)
    return found


def _values(database: Database) -> Iterator[tuple[str, str, Any]]:
    with database.reading() as tx:
        for table, column in tx.execute(_COLUMNS).all():
            for value in tx.execute(text(f'SELECT "{column}" FROM "{table}" WHERE "{column}" IS NOT NULL')).scalars():
                yield table, column, value


def _forms(wanted: str) -> Iterator[bytes]:
    """What a text may lie as, in small letters."""
    plain = wanted.encode()
    seen = [plain, wanted.encode("utf-16-le"), wanted.encode("utf-16-be"), json.dumps(wanted)[1:-1].encode()]
    with suppress(ValueError):
        seen += [UUID(wanted).bytes, UUID(wanted).hex.encode()]
    seen.append(plain.hex().encode())
    for shift in range(3):  # a text may begin at any of three places of a group of base64
        coded = base64.b64encode(b"\0" * shift + plain)
        seen.append(coded[4 if shift else 0 : -4])
    return (each.lower() for each in seen)


def _readings(value: Any) -> Iterator[bytes]:
    if isinstance(value, (memoryview, bytes)):
        raw = bytes(value)
        yield raw
        for unpacked in _UNPACKED:
            with suppress(Exception):
                yield unpacked(raw)
    elif isinstance(value, (list, tuple)):
        for each in value:
            yield from _readings(each)
    elif isinstance(value, dict):
        yield json.dumps(value, ensure_ascii=False).encode()
    elif not isinstance(value, (bool, int, float, timedelta)):
        yield str(value).encode()
