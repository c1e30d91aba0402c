from __future__ import annotations

from pathlib import Path

from pyndis.host import Host

OF_A_WORK_ITEM = "IoRegisterPlugPlayNotification"


def test_what_initialize_left_to_run_has_run_before_calls_are_counted(wintun_sys: Path) -> None:
    with Host(wintun_sys) as host:
        for index in range(20):
            host.calls(reset=True)
            host.add_adapter(luid_index=index)
            assert OF_A_WORK_ITEM in host.calls()
            assert OF_A_WORK_ITEM in host.calls(reset=True)
            assert OF_A_WORK_ITEM not in host.calls()
