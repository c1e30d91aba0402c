"""From what is known of a driver to a result for each rule.

Pass says that the check was there and that something happened that could have broken the rule: the driver made such a call, or
was entered there, in a case of the contract suite; or the compile-time check saw the code that could do it. Where nothing could
break it the rule is NotApplicable, and where something could and nobody looked it is NotChecked.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pyndis.verification.broken import Broken, broken, others
from pyndis.verification.observed import Compilation, Image, Run, Seen, matching
from pyndis.verification.results import Defect, RuleResult
from pyndis.verification.rules import Rule

_NAMED = 4  # names in a phrase


@dataclass(frozen=True)
class Judge:
    """`compiled` is None for an image without sources; `image` and `run` for a driver that did not compile."""

    rules: Sequence[Rule]
    compiled: Compilation | None
    image: Image | None
    run: Run | None

    def results(self) -> list[RuleResult]:
        """Of every rule, in their order, and of what is broken besides."""
        found = broken(self.rules, self.compiled, self.image, self.run)
        listed = [self._result(rule, found) for rule in [*self.rules, *others(found, self.rules)]]
        return [_summed(each, listed) if each.rule.sums_up else each for each in listed]

    def _result(self, rule: Rule, found: Broken) -> RuleResult:
        if rule.not_applicable:
            return RuleResult(rule, "NotApplicable", rule.not_applicable.rstrip(":"))
        if rule in found:
            return RuleResult(rule, "Defect", evidence=(_counted(found[rule]),), defects=tuple(found[rule]))
        if self.image is None or self.run is None:
            return RuleResult(rule, "NotChecked", "the driver does not compile, so nothing of it ran")
        return self._kept(rule, self.image, self.run)

    def _kept(self, rule: Rule, image: Image, run: Run) -> RuleResult:
        unreachable = self._unreachable(rule, image)
        if unreachable:
            return RuleResult(rule, "NotApplicable", unreachable)
        watched, lacking = self._watched(rule, image, run)
        checked = self._compile_time(rule)
        if watched or checked:
            return RuleResult(rule, "Pass", evidence=(*watched, *checked, *([lacking] if lacking else [])))
        if rule.not_offered and self.compiled:
            return RuleResult(rule, "NotApplicable", f"by construction: {rule.not_offered}")
        return RuleResult(rule, "NotChecked", lacking or "it is a matter of the source, and there is none")

    def _unreachable(self, rule: Rule, image: Image) -> str:
        """Why nothing in this image can break the rule."""
        if rule.refused_at_load and not matching(image.imports, rule.refused_at_load):
            return f"the driver never calls {_either(rule.refused_at_load)}"
        for wanted in (self._calls(rule, image), rule.calls_too):
            if wanted and not matching(image.imports, wanted):
                return f"the driver never calls {_either(wanted)}"
        if rule.sections and not matching(image.sections, rule.sections):
            return f"the image has no section {_either(rule.sections)}"
        return ""

    def _calls(self, rule: Rule, image: Image) -> tuple[str, ...]:
        return (*rule.calls, *sorted(image.limited.get(rule.name, ())))

    def _watched(self, rule: Rule, image: Image, run: Run) -> tuple[list[str], str]:
        """What the host saw that could have broken the rule, in phrases; or what of it did not happen."""
        if rule.unarmed:
            return [], f"not watched: {rule.unarmed}"
        about = run.passed(rule.name)
        phrases = [f"{len(about)} cases about it passed: {_some(about)}"] if about else []
        needs = [
            (f"called {_some(matching(image.imports, calls))}", run.called(calls))
            for calls in (self._calls(rule, image), rule.calls_too)
            if calls
        ]
        needs += [(f"entered by {_some(rule.entries)}", run.entered(rule.entries))] if rule.entries else []
        needs += [(f"with {_some(rule.states)} memory", run.was(rule.states))] if rule.states else []
        needs += [(f"counted {_some(rule.figures)}", run.counted(rule.figures))] if rule.figures else []
        missing = [what for what, seen in needs if not seen.times]
        if needs and not missing and (rule.run_time or rule.figures):
            phrases += [_times(what, seen) for what, seen in needs]
        return phrases, f"never {missing[0]} in a case of the suite" if missing else ""

    def _compile_time(self, rule: Rule) -> list[str]:
        if not rule.compile_time or self.compiled is None:
            return []
        return [f"compile time: {', '.join(rule.compile_time)} in none of {self.compiled.functions} functions"]


def _summed(result: RuleResult, results: Sequence[RuleResult]) -> RuleResult:
    """A rule that repeats what came out for others."""
    wanted = result.rule.sums_up
    about = [each for each in results if not each.rule.sums_up and (each.rule.dv if wanted == "dv" else wanted in each.rule.set)]
    defects = [each for each in about if each.result == "Defect"]
    if defects:
        named = _some([each.rule.name for each in defects])
        return RuleResult(result.rule, "Defect", evidence=(f"broken: {named}",), defects=(Defect(f"it stands for {named}"),))
    passed = [each.rule.name for each in about if each.result == "Pass"]
    if passed:
        return RuleResult(result.rule, "Pass", evidence=(f"{len(passed)} rules that it stands for: {_some(passed)}",))
    return RuleResult(result.rule, "NotChecked", "none of the rules that it stands for was checked")


def _counted(defects: Sequence[Defect]) -> str:
    cases = sorted({each.case for each in defects if each.case})
    said = f"{len(defects)} found"
    return f"{said} in {len(cases)} cases: {_some(cases)}" if cases else f"{said} at compile time"


def _times(what: str, seen: Seen) -> str:
    return f"{what}: {seen.times:,} times in {seen.cases} cases"


def _some(names: Iterable[str]) -> str:
    listed = list(names)
    more = f" and {len(listed) - _NAMED} more" if len(listed) > _NAMED else ""
    return ", ".join(listed[:_NAMED]) + more


def _either(names: Iterable[str]) -> str:
    listed = list(names)
    if len(listed) > _NAMED:
        return _some(listed)
    return " or ".join([", ".join(listed[:-1]), listed[-1]] if len(listed) > 1 else listed)
