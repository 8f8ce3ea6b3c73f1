"""Organisation numbers as people write and paste them."""

import pytest

from kernel.organisations import organisation_number

NUMBER = "974760673"


@pytest.mark.parametrize(
    "written",
    [
        NUMBER,
        " 974 760 673 ",
        "974\u00a0760\u00a0673",
        "974\u202f760\u202f673",
        "974.760.673",
        "974-760-673",
        "974\u2013760\u2013673",
        "NO974760673",
        "no 974 760 673",
        "NO 974 760 673 MVA",
        "974760673MVA",
        "974760673 mva",
        "９７４７６０６７３",
    ],
)
def test_a_number_in_any_form_is_its_nine_digits(written: str) -> None:
    assert organisation_number(written) == NUMBER


@pytest.mark.parametrize(
    "written",
    [
        "",
        "123",
        "97476067",
        "9747606730",
        "974760674",
        "000000000",
        "SE974760673",
        "NONO974760673",
        "974760673MVAMVA",
        "MVA974760673NO",
        "NO",
        "NOMVA",
        "٩٧٤٧٦٠٦٧٣",
        "974760673\0",
    ],
)
def test_all_else_is_none(written: str) -> None:
    assert organisation_number(written) is None
