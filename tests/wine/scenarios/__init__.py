"""What is done to the driver, in the host and in Wine, and what shall be seen; W-… are numbers of the driver's specification."""

from tests.wine.scenarios import handles, life, oids, reads, writes
from tests.wine.scenarios.registry import SCENARIOS

__all__ = ["SCENARIOS", "handles", "life", "oids", "reads", "writes"]
