"""`pyndis test`: the miniport contract suite on a driver."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from pyndis import contract
from pyndis.cli.ending import DONE, DRIVER
from pyndis.cli.options import driver_options
from pyndis.cli.testing.subject import chosen
from pyndis.cli.testing.whole import Run
from pyndis.contract.output import json_report, junit, text
from pyndis.contract.report import Report
from pyndis.contract.scenarios.exploring import Limits
from pyndis.files import write_whole

_FAULTS = "faults"


@click.command("test")
@driver_options
@click.option("--arch", metavar="NAME", help="The architecture that is built and tested. Default: the first of driver.toml.")
@click.option(
    "--case", "patterns", metavar="PATTERN", multiple=True, help="Only these cases, as oids.mandatory, oids or '*.race'."
)
@click.option("--list", "listing", is_flag=True, help="Only list the cases and what they demand.")
@click.option("--faults/--no-faults", default=True, show_default=True, help="Let every call that can fail, fail once.")
@click.option("--cycles", type=click.IntRange(1), default=1000, show_default=True, help="Life cycles of the long case.")
@click.option(
    "--seed", type=click.IntRange(0), metavar="N", help="The order of threads of concurrent cases. Default: as they come."
)
@click.option("--explore", is_flag=True, help="Explore the scenarios: every order of threads up to a number of preemptions.")
@click.option("--preemptions", type=click.IntRange(0, 9), default=2, show_default=True, help="For --explore.")
@click.option("--minutes", type=click.FloatRange(0.01), default=8.0, show_default=True, help="Time for --explore, in all.")
@click.option("--replay", metavar="TEXT", help="Run one scenario in the order of threads that a finding printed.")
@click.option("--traffic", type=click.Path(path_type=Path), help="How a client makes traffic. Default: as driver.toml says.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@click.option(
    "--junit", "junit_file", metavar="FILE", type=click.Path(path_type=Path), help="Write the report as JUnit's XML, too."
)
def command(
    driver: Path,
    overrides: tuple[tuple[str, str], ...],
    brand: str | None,
    arch: str | None,
    patterns: tuple[str, ...],
    listing: bool,
    faults: bool,
    cycles: int,
    seed: int | None,
    explore: bool,
    preemptions: int,
    minutes: float,
    replay: str | None,
    traffic: Path | None,
    as_json: bool,
    junit_file: Path | None,
) -> int:
    """Try every contract of a miniport on DRIVER: an image (.sys), or a driver's folder, which is built first."""
    cases = contract.chosen((each for each in contract.cases() if faults or each.area != _FAULTS), patterns)
    if explore and seed is not None:
        raise click.UsageError("--explore tries every order of threads, and --seed chooses one: give one of them")
    if listing:
        _list(cases)
        return DONE
    it = chosen(driver, arch, overrides, brand, traffic)
    subject = contract.Subject(it.image, it.arch, it.traffic, seed, cycles)
    contract.must_load(it.image)
    run = Run(cases, subject, " ".join(it.words), str(driver))
    if replay is not None:
        report = run.replayed(replay)
    else:
        report = run.whole(Limits(preemptions, minutes * 60) if explore else None)
    _tell(report, as_json, junit_file)
    return DONE if report.passed else DRIVER


def _list(cases: Sequence[contract.Case]) -> None:
    for case in cases:
        click.echo(f"{case.name:28} {case.claim} ({', '.join(case.contract)})")


def _tell(report: Report, as_json: bool, junit_file: Path | None) -> None:
    if junit_file is not None:
        write_whole(junit_file, junit.document(report))
    if as_json:
        click.echo(json_report.text(report))
        return
    for line in text.lines(report):
        click.echo(line)
