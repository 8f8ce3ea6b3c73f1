"""What text is allowed, in one place: HTTP bodies, forms, imported files, calendar feeds and tables all ask here.

| characters | what is done with them |
| --- | --- |
| NUL, half a surrogate pair | refused everywhere: no database holds them (`unstorable`) |
| control characters | not allowed in text that people read, but for tabs and what breaks a line |
| bidirectional embeddings, overrides, isolates | not allowed: they show a text in another order than it is stored in |
| spaces of every kind, zero-width ones and byte order marks | trimmed off both ends (`trimmed`), kept inside |
| all else | kept as typed: no-break spaces, soft hyphens, joined emoji, marks of direction, new characters |

Pure: services' models, the HTTP kernel and the portal use it.
"""

import re
import unicodedata

# C0 but tabs and what breaks a line; DEL and C1 but "next line"
_CONTROL = "\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f"
_DIRECTION = "\u202a-\u202e\u2066-\u2069"
_FORBIDDEN = re.compile(f"[{_CONTROL}{_DIRECTION}]")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_BREAK = re.compile("\r\n|[\r\n\x0b\x0c\x85\u2028\u2029]")
_SPACES = re.compile("[ \t\n]*[\t\n][ \t\n]*")
# shown as no more than a space, though Python's `isspace` says otherwise
_EMPTY = "\u180e\u200b\u2060\ufeff"
# letters, symbols and marks by their category, that nothing is seen of
_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
_UNSEEN_CATEGORIES = ("Cc", "Cf", "Cs", "Zl", "Zp", "Zs")
_JOINERS = "\u200c\u200d"


def unstorable(text: str) -> bool:
    """Return True if the text has characters that no database holds."""
    return _UNSTORABLE.search(text) is not None


def forbidden(text: str) -> bool:
    """Return True if the text has control characters or changes of direction that text for people may not have."""
    return _FORBIDDEN.search(text) is not None


def allowed(text: str) -> str:
    """Return the text without what is not allowed in it; line breaks are line feeds."""
    return _FORBIDDEN.sub("", _BREAK.sub("\n", text))


def trimmed(text: str) -> str:
    """Return the text without space at either end, of any kind and width."""
    while (shorter := text.strip().strip(_EMPTY)) != text:
        text = shorter
    return text


def blank(text: str) -> bool:
    """Return True if nothing is seen of the text: it is empty, or has spaces and invisible characters alone."""
    return all(_unseen(each) for each in text)


def one_line(text: str) -> str:
    """Return the text as one line: line breaks and tabs are a space, and what is not allowed is left out."""
    return trimmed(_SPACES.sub(" ", allowed(text)))


def cut(text: str, most: int) -> str:
    """Return at most so many characters of the beginning, without half of what is joined at the end."""
    if len(text) <= most:
        return text
    kept = text[:most]
    if unicodedata.combining(text[most]) or text[most] in _JOINERS or _UNSEEN.match(text[most]):
        kept = kept[:-1]
    return trimmed(kept).rstrip(_JOINERS)


def key(text: str) -> str:
    """Return what two texts have in common that look the same: composed, one space for each run of them, nothing
    invisible. For comparing names, never for showing them."""
    seen = "".join(each for each in unicodedata.normalize("NFC", text) if each.isspace() or not _unseen(each))
    return " ".join(seen.split())


def _unseen(each: str) -> bool:
    return unicodedata.category(each) in _UNSEEN_CATEGORIES or _UNSEEN.match(each) is not None
