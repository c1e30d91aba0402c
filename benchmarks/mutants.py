"""How fast the host finds planted mistakes: for each mutant of Wintun the rule, the seed, the schedules tried and the time.

python benchmarks/mutants.py [LIMIT]
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.mutants.hunt import hunt
from tests.mutants.images import image, mutants
from tests.mutants.scenes import SCENES


def main(limit: int) -> None:
    print("| mutant | rule | seed | schedules | seconds |\n| --- | --- | --- | --- | --- |")
    for mutant in mutants():
        found = hunt(image(mutant), SCENES[mutant.scene], limit)
        if found is None:
            print(f"| {mutant.name} | not found | | {limit} | |")
            continue
        rule = ", ".join(sorted(found.rules & mutant.rules))
        print(f"| {mutant.name} | {rule} | {found.seed} | {found.schedules} | {found.seconds:.2f} |", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2000)
