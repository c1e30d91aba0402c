"""The miniport contract suite: what every driver of this kind owes to NDIS, tried on its image in the host (`pyndis test`).

The suite knows no driver. What it needs to know it reads from what the driver declared; how a client makes traffic is told by a
Python file in the driver's folder (pyndis.contract.traffic).
"""

from pyndis.contract.bench import Subject
from pyndis.contract.case import Area, Case
from pyndis.contract.catalogue import AREAS, cases
from pyndis.contract.finding import Finding, Outcome
from pyndis.contract.running import chosen, must_load, run_one

__all__ = ["AREAS", "Area", "Case", "Finding", "Outcome", "Subject", "cases", "chosen", "must_load", "run_one"]
