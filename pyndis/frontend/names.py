"""C names from Python's."""

import re


def camel(name: str) -> str:
    """`in_discards` -> `InDiscards`; a leading underscore goes."""
    return "".join(part[:1].upper() + part[1:] for part in name.strip("_").split("_"))


def upper(name: str) -> str:
    """`FileRecord` -> `FILE_RECORD`, and `KiB` -> `KIB`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z](?!$))", "_", name.strip("_")).upper()


def snake(name: str) -> str:
    """`InsertContext` -> `insert_context`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
