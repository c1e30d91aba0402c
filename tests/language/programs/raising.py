"""Raises are statuses; a handler takes those of the calls in its `try`."""

from typing import Annotated, TypeAlias

from pyndis.kernel import *


def checked(a: u32) -> u32:
    if a > 200:
        raise NtError(Status.INVALID_PARAMETER)
    if a == 7:
        raise NtError(Status.CANCELLED)
    return a + 1


def only_checks(a: u32) -> None:
    if a > 100:
        raise NtError(Status.INVALID_HANDLE)


def passes_on(a: u32, b: u32) -> u64:
    first = checked(a)
    second = checked(b)
    return first + second


def nothing_but_a_status(a: u32) -> None:
    only_checks(a)


def handled(a: u32) -> u32:
    try:
        value = checked(a)
    except NtError:
        value = 999
    return value


def handled_with_status(a: u32) -> Status:
    try:
        only_checks(a)
        value = checked(a)
    except NtError as error:
        return error.status
    if value == 5:
        return Status.PENDING
    return Status.SUCCESS


def with_else(a: u32, b: u32) -> u32:
    try:
        value = checked(a)
    except NtError:
        return 1
    else:
        if value == 1:
            return checked(b)
    return value


def raised_again_as_another(a: u32) -> u32:
    try:
        return checked(a)
    except NtError:
        raise NtError(Status.DELETE_PENDING)


def in_one_another(a: u32, b: u32) -> u32:
    try:
        try:
            value = checked(a)
        except NtError:
            value = checked(b)
    except NtError:
        value = 77
    return value


def in_a_loop(a: Annotated[u32, Within(0, 300)]) -> u32:
    failures = 0
    for number in range(a):
        try:
            checked(number)
        except NtError:
            failures = wrapping_add(failures, 1)
            continue
        if failures > 3:
            break
    return failures


def stopped(a: u32) -> u32:
    if a > 100:
        raise FlowStopped()
    return checked(a)


def told_apart(a: u32) -> u32:
    try:
        value = stopped(a)
    except FlowStopped:
        value = 1
    except NtError:
        value = 2
    return value


def one_of_them(a: u32) -> u32:
    try:
        return stopped(a)
    except FlowStopped:
        return 1


def condition_that_raises(a: u32, b: u32) -> u32:
    while checked(a) < b:
        return 1
    return 2
