from pyndis.kernel import *


def one(count: u32) -> None:
    two(count)


def two(count: u32) -> None:
    one(count)
