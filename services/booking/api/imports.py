"""Moving in: what another system has, looked at and imported."""

from kernel.auth import Role
from kernel.db import Transaction
from kernel.http import allow, answers, caller, writes
from services.booking.api.blueprint import blp
from services.booking.model.import_refusals import (
    DoubledColumn,
    ImportRefused,
    MissingColumn,
    NoCalendar,
    NotUtf8,
    TooManyRows,
    UnreadableFile,
    UnreadableLine,
    Workbook,
)
from services.booking.model.imports import ImportRequest, Report
from services.booking.schemas.imports import ImportReportSchema, ImportSchema
from services.booking.usecases import imports as usecases

_NO_FILE = (
    UnreadableFile,
    UnreadableLine,
    NoCalendar,
    MissingColumn,
    DoubledColumn,
    Workbook,
    NotUtf8,
    TooManyRows,
)


@blp.route("/imports/preview", methods=["POST"])
@allow(Role.ARENA_MANAGER, Role.OPERATOR)
@writes
@answers(*_NO_FILE)
@blp.arguments(ImportSchema)
@blp.response(200, ImportReportSchema)
def preview_import(tx: Transaction, wanted: ImportRequest) -> Report:
    """What would become of each row of a file, and what it clashes with. Nothing is booked."""
    return usecases.preview(tx, caller(), wanted)


@blp.route("/imports", methods=["POST"])
@allow(Role.ARENA_MANAGER, Role.OPERATOR)
@writes
@answers(ImportRefused, *_NO_FILE)
@blp.arguments(ImportSchema)
@blp.response(200, ImportReportSchema)
def import_file(tx: Transaction, wanted: ImportRequest) -> Report:
    """Import a file into your squares: all of it, or nothing if some row is refused. What comes again is moved,
    cancelled or left alone, as the file says now."""
    return usecases.run(tx, caller(), wanted)
