"""How tests are shared out to workers (decision 21). Used by `conftest`, in the process that runs none itself."""

from xdist.scheduler import LoadScopeScheduling

WHOLE_STACKS = ("tests/journey/", "tests/faults/", "tests/integration/cli/")
"""Where tests start whole stacks or need RabbitMQ."""


class StacksOneByOne(LoadScopeScheduling):
    """Whole stacks go to one worker, first of all; every other test to whoever is free.

    pytest-xdist 3.8 has marks for that (`--dist loadgroup`), which do nothing under pytest 9.2.
    """

    def _split_scope(self, nodeid: str) -> str:
        return "whole stacks" if nodeid.startswith(WHOLE_STACKS) else nodeid
