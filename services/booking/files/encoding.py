"""The bytes of a file as text. Nobody guesses its encoding: a byte order mark or the request tells it, else it is
UTF-8. `files.read` calls it."""

import codecs
import re
from collections.abc import Iterator

from services.booking.model.import_refusals import NotUtf8, Workbook
from services.booking.model.imports import ImportRequest

_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_PACKED = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
"""How workbooks begin: the new, which are zipped, and the old."""
_ENDS = re.compile(rb"\r{1,3}\n")
"""Ends of lines, with the CRs that writing text on Windows adds to them. A file without LF ends its lines with CR."""
_CODECS = {"utf-8": "utf-8", "windows-1252": "cp1252"}


def text_of(wanted: ImportRequest) -> str:
    """Return the file as text, its folded lines unfolded if it is a calendar. Raises Workbook or NotUtf8."""
    if wanted.content.startswith(_PACKED):
        raise Workbook(part=".xlsx")
    content, codec = _told(wanted)
    try:
        if codec.startswith("utf-16"):
            content, codec = content.decode(codec).encode(), "utf-8"
        text = (unfolded(content) if wanted.kind == "ics" else content).decode(codec)
    except UnicodeError as cause:
        raise NotUtf8 from cause
    if "\0" in text[:2]:  # both kinds of files begin with ASCII, so this is another encoding, or no text at all
        raise NotUtf8
    return text.replace("\0", "")  # some systems end texts with it; it means nothing


def unfolded(content: bytes) -> bytes:
    """Return a calendar with each of its lines on one line (RFC 5545, 3.1).

    It is folded by bytes, within a character too, so it is unfolded before it is decoded. Each line that goes leaves an
    empty one after the line it belonged to: what follows keeps its number.
    """
    return b"\n".join(_lines(content))


def _lines(content: bytes) -> Iterator[bytes]:
    pieces: list[bytes] = []
    gone = 0
    for line in _ENDS.sub(b"\n", content).split(b"\n") if b"\n" in content else content.split(b"\r"):
        if pieces and line[:1] in (b" ", b"\t"):
            pieces.append(line[1:])
            gone += 1
            continue
        if pieces:
            yield b"".join(pieces)
            yield from [b""] * gone
        pieces, gone = [line], 0
    yield b"".join(pieces)
    yield from [b""] * gone


def _told(wanted: ImportRequest) -> tuple[bytes, str]:
    """The bytes after the byte order mark, and the codec that they are in."""
    for mark, codec in _MARKS:
        if wanted.content.startswith(mark):
            return wanted.content[len(mark) :], codec
    if wanted.encoding == "utf-16":  # which of its two orders: the first character is ASCII, so half of it is NUL
        return wanted.content, "utf-16-be" if wanted.content.startswith(b"\0") else "utf-16-le"
    return wanted.content, _CODECS[wanted.encoding or "utf-8"]
