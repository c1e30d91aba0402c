"""The summary information of a merge module (Microsoft: "Merge Module Summary Information Stream Reference")."""

from __future__ import annotations

from datetime import UTC, datetime

from pyndis.package.merge_module.model import INSTALLER_VERSION, MergeModule
from pyndis.package.merge_module.schema import archive

TABLE = "_SummaryInformation"
_READ_ONLY_RECOMMENDED = 2


def summary(module: MergeModule, stamp: int, application: str) -> bytes:
    """The properties as an archive file. `stamp`: when it was made, in seconds since 1970."""
    made = datetime.fromtimestamp(stamp, UTC).strftime("%Y/%m/%d %H:%M:%S")
    texts = {2: "Merge Module", 3: module.subject, 4: module.manufacturer, 5: "MergeModule, MSI, database", 6: module.comments}
    properties: dict[int, str | int] = {1: module.codepage, **texts, 7: module.template, 9: module.guid, 12: made, 13: made}
    properties |= {14: INSTALLER_VERSION, 15: 0, 18: application, 19: _READ_ONLY_RECOMMENDED}
    return archive(TABLE, [("PropertyId", "i2"), ("Value", "l255")], ["PropertyId"], list(properties.items()))
