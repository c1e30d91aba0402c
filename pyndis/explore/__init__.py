"""Every short interleaving of what happens to a driver at the same time, tried one by one.

coverage = explore(image, Scenario("pause and close", prepare, (pause, close), finish), preemptions=2, seconds=60)
for failure in coverage.failures:
    print(failure.violations[0].report(), failure.schedule)   # Host(image, schedule=failure.schedule) does it again
"""

from pyndis.explore.explore import explore, replay, sample
from pyndis.explore.scenario import Coverage, Failure, Scenario

__all__ = ["Coverage", "Failure", "Scenario", "explore", "replay", "sample"]
