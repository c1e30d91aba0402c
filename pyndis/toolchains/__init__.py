"""Finding and driving a C toolchain: from C to a `.sys` and its `.pdb`.

A build is a value. `plan_image` says what would be run (`Plan`, a list of `Step`s and a digest); `run_plan` is the one
place that runs it. Toolchains:

* `zig`: the `ziglang` wheel, which holds clang, lld, a resource compiler and dlltool. Works on Linux, macOS and Windows with
  nothing else installed, over our own headers, import lists and image runtime (the folder `toolchain/`).
* `wdk`: the same compiler over the headers and libraries of an unpacked Windows Driver Kit (`kit.py`).
* `msbuild`: Visual Studio and the WDK, on Windows (the folder `msbuild/`); it makes no `Plan`, but a `Call`.

`doctor.report()` says which tools this machine has.
"""

from pyndis.toolchains.image import plan_image
from pyndis.toolchains.native import compile_native, preprocess
from pyndis.toolchains.plan import Plan, Step
from pyndis.toolchains.run import run_plan
from pyndis.toolchains.zig import Zig, find

__all__ = ["Plan", "Step", "Zig", "compile_native", "find", "plan_image", "preprocess", "run_plan"]
