"""Why a file, or a row of it, can't be imported. `model.imports` says when."""

from kernel.errors import DomainError, Text
from services.booking.model.recurrence import TooFarReaching


class UnreadableFile(DomainError):
    """Not an iCalendar file, or not a table with the columns asked for."""

    code = "unreadable_file"
    text = Text(
        nb="Fila kan ikke leses: {part}.", nn="Fila kan ikkje lesast: {part}.", en="The file can't be read: {part}."
    )


class NoCalendar(UnreadableFile):
    """A file that should be iCalendar and is something else."""

    code = "no_calendar"
    text = Text(
        nb="Fila er ingen kalender (iCalendar, .ics).",
        nn="Fila er ingen kalender (iCalendar, .ics).",
        en="The file is no calendar (iCalendar, .ics).",
    )


class UnreadableLine(UnreadableFile):
    """A line at which the file can't be read on: it is cut off there, ill nested, or has a quote without its end."""

    code = "unreadable_line"
    text = Text(
        nb="Fila kan ikke leses fra linje {line}.",
        nn="Fila kan ikkje lesast frå linje {line}.",
        en="The file can't be read from line {line} on.",
    )


class MissingColumn(UnreadableFile):
    """A table without a column that must be there."""

    code = "missing_column"
    text = Text(
        nb="Tabellen mangler kolonnen {part}. Første rad skal ha navnene på kolonnene, blant dem {needed}.",
        nn="Tabellen manglar kolonnen {part}. Fyrste rada skal ha namna på kolonnane, mellom dei {needed}.",
        en="The table has no column {part}. Its first row has the columns' names, {needed} among them.",
    )


class DoubledColumn(UnreadableFile):
    """A table with two columns of a name that is read, so nobody knows which is meant."""

    code = "doubled_column"
    text = Text(
        nb="Tabellen har kolonnen {part} to ganger.",
        nn="Tabellen har kolonnen {part} to gonger.",
        en="The table has the column {part} twice.",
    )


class Workbook(UnreadableFile):
    """A spreadsheet's own format (.xlsx, .xls, .ods), or another packed file."""

    code = "workbook"
    text = Text(
        nb="Fila er en arbeidsbok (som .xlsx) eller er pakket. Lagre regnearket som «CSV UTF-8».",
        nn="Fila er ei arbeidsbok (som .xlsx) eller er pakka. Lagre reknearket som «CSV UTF-8».",
        en="The file is a workbook (as .xlsx) or packed. Save the spreadsheet as “CSV UTF-8”.",
    )


class NotUtf8(DomainError):
    """The file is in another encoding than it says, by a byte order mark or the request's `encoding`; without either
    it is in UTF-8."""

    code = "not_utf8"
    text = Text(
        nb="Fila er ikke i UTF-8, eller i tegnkodingen som er valgt. Lagre den som «CSV UTF-8», eller si hvilken "
        "tegnkoding den har.",
        nn="Fila er ikkje i UTF-8, eller i teiknkodinga som er vald. Lagre henne som «CSV UTF-8», eller sei kva for "
        "teiknkoding ho har.",
        en="The file is not in UTF-8, or in the encoding that was chosen. Save it as “CSV UTF-8”, or tell its "
        "encoding.",
    )


class TooManyRows(DomainError):
    """More than one import takes."""

    code = "too_many_rows"
    text = Text(
        nb="Fila har for mange rader: høyst {most} om gangen.",
        nn="Fila har for mange rader: høgst {most} om gongen.",
        en="The file has too many rows: at most {most} at a time.",
    )


class ImportRefused(DomainError):
    """Something in the file can't be had, so nothing of it was imported. The preview tells what and why."""

    code = "import_refused"
    status = 409
    text = Text(
        nb="{refused} av {rows} rader kan ikke importeres; den første er på linje {line}: {why}",
        nn="{refused} av {rows} rader kan ikkje importerast; den fyrste er på linje {line}: {why}",
        en="{refused} of {rows} rows can't be imported; the first is on line {line}: {why}",
    )


class UnreadableRow(DomainError):
    """A column or property has a value that can't be understood, or none where there must be one."""

    code = "unreadable_row"
    text = Text(nb="{part} kan ikke leses.", nn="{part} kan ikkje lesast.", en="{part} can't be read.")


class UnreadableCell(DomainError):
    """A cell of a table that can't be understood, or is empty where it must not be; `expected` is what can stand
    there."""

    code = "unreadable_cell"
    text = Text(
        nb="«{cell}» i kolonnen {part} kan ikke leses. Der kan det stå: {expected}.",
        nn="«{cell}» i kolonnen {part} kan ikkje lesast. Der kan det stå: {expected}.",
        en="“{cell}” in the column {part} can't be read. What can stand there: {expected}.",
    )


class UnreadableUid(UnreadableCell):
    """A row of a table without a name of its own, or with one that can't be kept."""

    code = "unreadable_uid"
    text = Text(
        nb="«{cell}» i kolonnen {part} kan ikke leses. Hver rad må ha sitt eget navn der, på {expected} tegn.",
        nn="«{cell}» i kolonnen {part} kan ikkje lesast. Kvar rad må ha sitt eige namn der, på {expected} teikn.",
        en="“{cell}” in the column {part} can't be read. Each row needs a name of its own there, of {expected} "
        "characters.",
    )


class NotOnTheMinute(UnreadableRow):
    """A time with seconds that are not zero: bookings begin and end on whole minutes."""

    code = "not_on_the_minute"
    text = Text(
        nb="{part} har sekunder: «{cell}». Tider er i hele minutter.",
        nn="{part} har sekund: «{cell}». Tider er i heile minutt.",
        en="{part} has seconds: “{cell}”. Times are in whole minutes.",
    )


class TooManyCells(DomainError):
    """A row of a table has more cells than there are columns, so nobody knows which cell is in which column."""

    code = "too_many_cells"
    text = Text(
        nb="Raden har {cells} celler, men tabellen {columns} kolonner. Tekst med skilletegn må stå i anførselstegn.",
        nn="Rada har {cells} celler, men tabellen {columns} kolonnar. Tekst med skiljeteikn må stå i hermeteikn.",
        en="The row has {cells} cells, but the table {columns} columns. Text with separators must be in quotes.",
    )


class OtherTimeZone(DomainError):
    """A time zone that nobody knows, or a recurring event by another clock than Norway's."""

    code = "other_time_zone"
    text = Text(
        nb="Tidssonen er ukjent, eller gjentakelsen følger ikke norsk tid.",
        nn="Tidssona er ukjend, eller gjentakinga følgjer ikkje norsk tid.",
        en="The time zone is unknown, or the event does not recur by Norwegian time.",
    )


class EndsTooLate(TooFarReaching):
    """An event recurs until so far ahead that it means no end, and the request does not say until when it is read."""

    code = "ends_too_late"
    text = Text(
        nb="Gjentakelsen slutter mer enn {years} år fram. Si i `until` til og med hvilken dag den skal importeres.",
        nn="Gjentakinga sluttar meir enn {years} år fram. Sei i `until` til og med kva dag ho skal importerast.",
        en="The event recurs for more than {years} years. Say in `until` up to which day it is to be imported.",
    )


class UnmappedPlace(DomainError):
    """No space has this id, and `places` does not say which is meant."""

    code = "unmapped_place"
    text = Text(
        nb="Det er ikke sagt hvilket lokale dette er.",
        nn="Det er ikkje sagt kva for eit lokale dette er.",
        en="It is not said which space this is.",
    )


class UnregisteredTenant(DomainError):
    """No actor has this number. It is registered first, so that the registers say what it is before it is charged."""

    code = "unregistered_tenant"
    text = Text(
        nb="Organisasjonen er ikke registrert som aktør. Registrer den først.",
        nn="Organisasjonen er ikkje registrert som aktør. Registrer han fyrst.",
        en="The organisation is not registered as an actor. Register it first.",
    )


class NoTenant(DomainError):
    """The row names no organisation, and the request has none for such rows."""

    code = "no_tenant"
    text = Text(
        nb="Det er ikke sagt hvem som leier.", nn="Det er ikkje sagt kven som leiger.", en="It is not said who rents."
    )


class TwiceInFile(DomainError):
    """Another row has the same uid and date."""

    code = "twice_in_file"
    text = Text(nb="En annen rad har samme uid.", nn="Ei anna rad har same uid.", en="Another row has the same uid.")


class OtherTenant(DomainError):
    """A booking keeps its tenant: cancel it, and import it with another uid."""

    code = "other_tenant"
    text = Text(
        nb="Bookingen tilhører en annen leietaker. Avlys den, og bruk en ny uid.",
        nn="Bookinga høyrer til ein annan leigetakar. Avlys henne, og bruk ein ny uid.",
        en="The booking has another tenant. Cancel it, and use a new uid.",
    )


class IsOver(DomainError):
    """It ended before now, or goes on here as it began: what was is no business of an import."""

    code = "is_over"
    text = Text(nb="Tida er passert.", nn="Tida er passert.", en="Its time has passed.")


class Tentative(DomainError):
    """Nothing is agreed yet."""

    code = "tentative"
    text = Text(nb="Ikke bekreftet.", nn="Ikkje stadfesta.", en="Not confirmed.")


class NotDecidedYet(DomainError):
    """So far ahead that nobody has decided when the arena is open: import it again when it is nearer."""

    code = "not_decided_yet"
    text = Text(
        nb="Åpningstida så langt fram er ikke bestemt ennå.",
        nn="Opningstida så langt fram er ikkje bestemt enno.",
        en="The opening hours that far ahead are not decided yet.",
    )


class Superseded(DomainError):
    """There is a newer version of it, or of its event, which does not have this date any more: in the file, or in one
    that was imported before."""

    code = "superseded"
    text = Text(
        nb="Det finnes en nyere utgave, som gjelder i stedet.",
        nn="Det finst ei nyare utgåve, som gjeld i staden.",
        en="There is a newer version, which holds instead.",
    )


class ShownAsFree(DomainError):
    """The other calendar shows its time as free: a note, or what does not use the room."""

    code = "shown_as_free"
    text = Text(
        nb="Står som ledig i den andre kalenderen.",
        nn="Står som ledig i den andre kalenderen.",
        en="It is shown as free in the other calendar.",
    )


class AllDayNote(DomainError):
    """It is for whole days, and does not say that the room is taken."""

    code = "all_day_note"
    text = Text(
        nb="Gjelder hele dagen uten å stå som opptatt: et notat.",
        nn="Gjeld heile dagen utan å stå som oppteken: eit notat.",
        en="It is for the whole day and not shown as busy: a note.",
    )


class TakesNoTime(DomainError):
    """It ends when it begins, as a reminder does."""

    code = "takes_no_time"
    text = Text(
        nb="Slutter når det begynner: en påminnelse.",
        nn="Sluttar når det byrjar: ei påminning.",
        en="It ends when it begins: a reminder.",
    )


class DeclinedByRoom(DomainError):
    """Every room that was invited has declined."""

    code = "declined_by_room"
    text = Text(
        nb="Lokalet har avslått invitasjonen.",
        nn="Lokalet har avslått invitasjonen.",
        en="The room has declined the invitation.",
    )


class NeverImported(DomainError):
    """Cancelled before it came here."""

    code = "never_imported"
    text = Text(
        nb="Avlyst før den ble importert.",
        nn="Avlyst før ho vart importert.",
        en="Cancelled before it was imported.",
    )
