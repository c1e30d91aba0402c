"""Writes `toolchain/include/ddi/`: the kernel's declarations as C, from the facts. Run as `python -m pyndis.ddi.headers`."""
