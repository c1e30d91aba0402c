"""What ends a case or a part of it early becomes a finding."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pyndis.contract.bench import Bench
from pyndis.contract.finding import Finding, finding_of
from pyndis.diagnostics import DriverFailure
from pyndis.explore.progress import stuck_violation
from pyndis.host import DriverFault, InitializeFailed, OpenRefused, RuleBroken, Stuck


@contextmanager
def judged(bench: Bench) -> Iterator[None]:
    """Let the block end as the driver makes it end; that is noted, and the caller goes on behind the block."""
    try:
        yield
    except (RuleBroken, DriverFault) as broken:
        if not bench.findings:
            bench.note(Finding("Fault", broken.diagnostics[0].message))
    except Stuck as stuck:
        bench.note(finding_of(stuck_violation(stuck)))
    except InitializeFailed as failed:
        bench.note(Finding("MiniportInitializeEx", failed.diagnostics[0].message))
    except DriverFailure as failed:
        for each in failed.diagnostics:
            bench.note(Finding(each.code, each.message, details=each.notes))
    except OpenRefused as refused:
        bench.note(Finding("OpenRefused", str(refused)))
