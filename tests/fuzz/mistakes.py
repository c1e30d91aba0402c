"""Mistakes that are planted in the driver's C, to see that fuzzing finds them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Mistake:
    """For a target: `sound` occurs in the C, `wrong` replaces it everywhere; `says` is in what is said when it is found.

    The search starts from that many of the target's seeds.
    """

    target: str
    sound: str
    wrong: str
    says: str
    seeds: int = 1

    def planted(self, c_source: str) -> str:
        """The C with it."""
        assert self.sound in c_source, f"the C has no {self.sound!r} any more: plant the mistake elsewhere"
        return c_source.replace(self.sound, self.wrong)


MISTAKES = {
    "a packet may reach past the bundle": Mistake(
        "bundle",
        "    if (Size > ReaderLeft(Reader))\n        return Reader->Short;\n    End = (ULONG64)Start + Size;\n"
        "    if (End > Reader->Size)\n        return Reader->Short;\n",
        "    End = (ULONG64)Start + Size;\n",
        "FINDING",
    ),
    "a head is read past the bundle": Mistake(
        "bundle", "if ((ULONG64)Reader.Offset + sizeof(HEAD) > Reader.Size)", "if (FALSE)", "use-after-poison"
    ),
    "any number of packets": Mistake("bundle", "Count == MAX_PACKETS || Size > MTU", "Size > MTU", "FINDING", 30),
    "IPv6 of any size": Mistake("bundle", "== 6 && Size >= 40", "== 6", "FINDING: a write of"),
    "an answer of any size": Mistake(
        "oids", "InformationBufferLength < Size)", "InformationBufferLength > 4096)", "use-after-poison"
    ),
    "a share that is not dropped": Mistake(
        "requests", "            LentIrpDropWeight(Split, 1);\n            goto", "            goto", "FINDING", 12
    ),
}
