"""Tariffs for tests of prices: the demo's own, and the same with parts of its document changed."""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import yaml

from services.pricing.model.tariff import Tariff
from services.pricing.schemas.tariffs import TariffSchema

NESODDEN = Path(__file__).parent.parent / "deploy/demo/tariffs/nesodden-2017.yaml"
_DOCUMENT: dict[str, Any] = yaml.safe_load(NESODDEN.read_text())


def document(**changed: Any) -> dict[str, Any]:
    """The document of nesodden-2017 as HTTP carries it, some of its keys changed; None leaves a key out."""
    whole: dict[str, Any] = json.loads(json.dumps(deepcopy(_DOCUMENT) | changed))
    return {name: value for name, value in whole.items() if value is not None or name not in changed}


def tariff(**changed: Any) -> Tariff:
    """The tariff that the document makes."""
    made: Tariff = TariffSchema().load(document(**changed))
    return made
