"""The seam between the command line and the compiler: a driver's folder goes in, C and what was seen on the way come out.

Here alone the stages meet: frontend, checks, backend. Each knows only what it is given.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import pyndis
from pyndis.backend.source_map import SourceMap
from pyndis.diagnostics import Diagnostic, DriverFailure
from pyndis.package.manifest import Manifest


@dataclass(frozen=True)
class Compiled:
    """A compiled driver. `wdm_source`: the driver once more, as Static Driver Verifier follows IRPs (`backend/wdm.py`).

    `source_map` says where in the Python the lines of `c_source` come from. `emitted` holds the forms that `--emit` prints, by
    name; `diagnostics` are those of every stage; `functions` is how many functions the checks saw.
    """

    c_source: str
    emitted: Mapping[str, str] = field(default_factory=dict)
    diagnostics: tuple[Diagnostic, ...] = ()
    wdm_source: str = ""
    source_map: SourceMap = field(default_factory=SourceMap)
    functions: int = 0


def compile_driver(folder: Path, manifest: Manifest, config: str, *, line_directives: bool = False) -> Compiled:
    """Compile the Python below `folder`. Errors of the driver are in `diagnostics`, and `c_source` is then empty.

    With `line_directives` the C says by `#line` which Python its code comes from.

    Raises ToolFailure (PYN-B..) where pyndis contradicts itself.
    """
    from pyndis.backend import render, verify_unit
    from pyndis.backend.directives import with_directives
    from pyndis.backend.driver import TEMPLATE, driver_context, own_functions
    from pyndis.backend.wdm import render_wdm
    from pyndis.checks import check
    from pyndis.ddi import facts
    from pyndis.frontend.driver import lower_driver
    from pyndis.ir import text
    from pyndis.package.infverif.attributes import differing

    known = facts()
    try:
        program, plan, _ = lower_driver(folder, known, manifest.options)
    except DriverFailure as failure:
        return Compiled("", diagnostics=failure.diagnostics)
    found = check(program, arches=manifest.driver.architectures, facts=known)
    found = [*found, *differing(plan.attributes, manifest, known.constant)]
    emitted = {"ast": _syntax(folder), "ir": f"{plan}\n{text.program(program)}"}
    if found:
        return Compiled("", emitted, tuple(found))
    names = manifest.driver
    source = f"drivers/{folder.resolve().name}"
    context = driver_context(plan, source=source, device=names.device, pool_tag=names.pool_tag, version=names.version)
    unit = render(program, template=TEMPLATE, context=context)
    c_source, source_map = unit.text, unit.source_map
    if line_directives:
        named = partial(_named, folder.resolve())
        c_source, source_map = with_directives(c_source, source_map, f"{manifest.name}.c", named)
    verify_unit(program, c_source, partial(_preprocessed, manifest), own_functions(plan))
    wdm_source = render_wdm(c_source, context=context, included=f"../{manifest.name}.c", facts=known)
    return Compiled(c_source, emitted, wdm_source=wdm_source, source_map=source_map, functions=len(program.functions))


def _named(driver: Path, file: Path) -> str:
    """A file in a `#line`: from the driver's folder on, or from pyndis' own, so that no path of this machine gets in."""
    resolved = file.resolve()
    roots = (driver.parent, Path(pyndis.__file__).resolve().parent.parent)
    return next(resolved.relative_to(root).as_posix() for root in roots if resolved.is_relative_to(root))


def _preprocessed(manifest: Manifest, text: str) -> str:
    """C as pycparser takes it, over our headers. Raises ToolFailure where there is no C compiler."""
    from pyndis import resources, toolchains
    from pyndis.cli.building.images import miniport_macros

    with TemporaryDirectory() as folder:
        source = Path(folder) / "unit.c"
        source.write_text(text, "utf-8")
        return toolchains.preprocess(toolchains.find(), source, [resources.toolchain() / "include"], miniport_macros(manifest))


def _syntax(folder: Path) -> str:
    """The modules as Python parses them."""
    trees = ((file, ast.parse(file.read_text("utf-8"))) for file in sorted(folder.glob("*.py")))
    return "\n\n".join(f"# {file.name}\n{ast.dump(tree, indent=2)}" for file, tree in trees)
