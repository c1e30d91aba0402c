"""What `pyndis build --target SDV` or DVL was asked to verify."""

from __future__ import annotations

from dataclasses import dataclass

from pyndis.diagnostics import Diagnostic, UsageFailure


@dataclass(frozen=True)
class Asked:
    """`rules`: the names of those that are wanted, none for all; `explore`: try every order of threads, which takes minutes."""

    rules: tuple[str, ...] = ()
    explore: bool = False

    @property
    def options(self) -> dict[str, object]:
        """What decides the results, as JSON values."""
        return {"rules": sorted(self.rules), "explore": self.explore}


def asked_for(target: str, rules: str | None, explore: bool) -> Asked:
    """What SDV shall do. Raises UsageFailure (PYN-Y03) for another target."""
    given = [name for name, value in (("--rules", rules), ("--explore", explore)) if value]
    wrong = given if target not in ("SDV", "DVL") else [name for name in given if target == "DVL" and name == "--rules"]
    if wrong:
        help = "leave it out; the verification log has every rule" if target == "DVL" else "say --target SDV"
        raise UsageFailure(Diagnostic("PYN-Y03", f"{wrong[0]} is for the target SDV, not for {target}", help=help))
    return Asked(tuple(each.strip() for each in (rules or "").split(",") if each.strip()), explore)
