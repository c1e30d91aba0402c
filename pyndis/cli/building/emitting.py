"""`pyndis build --emit`: an intermediate form as text, with nothing built."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

from pyndis.cli.building.compilation import compiled_driver
from pyndis.cli.building.request import Request
from pyndis.cli.building.tree import Tree, tree


def emitted(request: Request, form: str) -> str:
    """The form "ast", "ir", "c" or "plan" of a driver, ending in a newline. Raises Failure."""
    compiled = compiled_driver(request)
    if form == "plan":
        text = _plan(request, tree(request, compiled))
    else:
        text = compiled.c_source if form == "c" else compiled.emitted[form]
    return text if text.endswith("\n") else text + "\n"


def _plan(request: Request, generated: Tree) -> str:
    from pyndis.cli.building.images import image_plan
    from pyndis.toolchains import find

    lines = [f"# write {path}, {len(data)} bytes, {sha256(data).hexdigest()}" for path, data in generated.files.items()]
    zig = find()
    with TemporaryDirectory(prefix="pyndis-") as folder:
        generated.write(Path(folder))
        plans = [image_plan(request, zig, generated, arch, Path(folder)) for arch in request.architectures]
    # The commands as they would be, with the place of a build instead of the temporary folder.
    text = "\n".join(map(str, plans)).replace(folder, str(request.out))
    return "\n".join([*lines, "", text])
