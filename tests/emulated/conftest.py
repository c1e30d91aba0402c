"""An optional judge: PYNDIS_SPEAKEASY names a Python that has speakeasy-emulator; without it, these tests are not collected."""

from __future__ import annotations

import os

VARIABLE = "PYNDIS_SPEAKEASY"

collect_ignore = [] if os.environ.get(VARIABLE) else ["test_speakeasy.py"]
