"""Which of the adapter's methods are called from outside, and the methods that follow from `@one_at_a_time` and timers."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from pyndis.diagnostics import Span
from pyndis.frontend.constants import Member
from pyndis.frontend.declarations import ClassDecl, FieldDecl, FuncDecl
from pyndis.frontend.declared import declares
from pyndis.frontend.errors import SourceError, error, span_of
from pyndis.frontend.program import Context
from pyndis.frontend.signatures import check_signature

_RUN = '''
def {name}(self, bounded: bool) -> None:
    """{doc}"""
    if self.{turn}.take():
        self.{run}(bounded)

def {run}(self, bounded: bool) -> None:
    """Steps until there is nothing to do, and once more if there was a call meanwhile."""
    while True:
        calls = self.{turn}.calls()
        while self.{step}():
            if bounded:
                with unsafe("the work item goes on with the run"):
                    self.{turn}.hand_over(self.{work})
                return
        if self.{turn}.done(calls):
            return

@callback("NDIS_IO_WORKITEM_FUNCTION", context="WorkItemContext")
def {work}(self) -> None:
    """The rest of a run, at PASSIVE_LEVEL."""
    self.{run}(False)
'''

_TIMER = '''
@callback("NDIS_TIMER_FUNCTION", context="FunctionContext")
def {entry}(self) -> None:
    """The time of {timer} has come."""
    self.{hook}()
'''

_REQUESTS = ("read", "write")
_FILES = ("create", "cleanup", "close")
_ON = ("send", "cancel_send", "returned", "flow_stopped", "halt")


@dataclass
class Hooks:
    """What is called from outside: by what, and which method."""

    requests: dict[str, FuncDecl] = field(default_factory=dict)
    plain: dict[str, FuncDecl] = field(default_factory=dict)
    timers: dict[str, FuncDecl] = field(default_factory=dict)
    sets: list[tuple[str, FuncDecl]] = field(default_factory=list)


def find_hooks(context: Context, adapter: ClassDecl) -> Hooks:
    """Read the decorators; add what follows from them to the class."""
    hooks = Hooks()
    for method in list(adapter.methods.values()):
        for decorator in method.decorators:
            _read(context, adapter, method, decorator, hooks)
    if "send" not in hooks.plain:
        raise error(
            "PYN-S17",
            f"{adapter.name} has no hook for sends",
            (adapter.span, "in this class"),
            help="hang a method on `@on.send`: what the stack sends has to be completed by somebody",
        )
    _refuse_timers_without_hook(adapter, hooks)
    for name, method in list(hooks.plain.items()):
        adapter.methods[name] = method  # the library calls it by the hook's name
    return hooks


def _read(context: Context, adapter: ClassDecl, method: FuncDecl, decorator: ast.expr, hooks: Hooks) -> None:
    match decorator:
        case ast.Name(id="one_at_a_time"):
            check_signature(context, method, "one_at_a_time")
            _one_at_a_time(context, adapter, method)
        case ast.Attribute(value=ast.Name(id="on"), attr=name) if name in _ON:
            check_signature(context, method, f"on.{name}")
            _once(hooks.plain, name, method, decorator)
        case ast.Attribute(value=ast.Name(id="device"), attr=name) if name in _REQUESTS:
            check_signature(context, method, f"device.{name}")
            _once(hooks.requests, name, method, decorator)
        case ast.Attribute(value=ast.Name(id="device"), attr=name) if name in _FILES:
            check_signature(context, method, f"device.{name}")
            _once(hooks.plain, name, method, decorator)
        case ast.Attribute(value=ast.Name(id=timer), attr="elapsed") if _is_timer(adapter.fields.get(timer)):
            check_signature(context, method, "elapsed")
            entry = f"{timer}_elapsed"
            _once(hooks.timers, timer, method, decorator)
            hooks.timers[timer] = _added(adapter, method, _TIMER.format(entry=entry, timer=timer, hook=method.name))[entry]
        case ast.Call(func=ast.Attribute(value=ast.Name(id="oid"), attr="set"), args=oids):
            check_signature(context, method, "oid.set")
            for each in oids:
                _set(context, method, each, hooks)
        case (
            ast.Name(id="property" | "staticmethod" | "callback" | "completes" | "pends") | ast.Call(func=ast.Name(id="callback"))
        ):
            pass
        case _:
            raise error(
                "PYN-S19",
                f"`@{ast.unparse(decorator)}` is no hook of the framework",
                (span_of(method.module.file, decorator), "here"),
                help="one of on.…, device.…, a timer's elapsed, oid.set(…), one_at_a_time",
            )


def _set(context: Context, method: FuncDecl, oid: ast.expr, hooks: Hooks) -> None:
    member = context.constants.maybe(method.module, oid)
    place = span_of(method.module.file, oid)
    if not isinstance(member, Member) or member.decl.name != "Oid":
        raise error("PYN-K11", f"found {ast.unparse(oid)}, wanted a member of Oid", (place, "here"), help="write `Oid.…`")
    for name, other in hooks.sets:
        if name == member.name:
            raise _twice(name, place, other)
    hooks.sets.append((member.name, method))


def _is_timer(field: FieldDecl | None) -> bool:
    return field is not None and declares(field, "Timer")


def _refuse_timers_without_hook(adapter: ClassDecl, hooks: Hooks) -> None:
    for name, each in adapter.fields.items():
        if _is_timer(each) and name not in hooks.timers:
            raise error(
                "PYN-S24",
                f"nothing happens when {name} elapses",
                (each.span, "this timer"),
                help=f"hang a method on it: `@{name}.elapsed`",
            )


def _once(hooks: dict[str, FuncDecl], name: str, method: FuncDecl, decorator: ast.expr) -> None:
    if name in hooks:
        place = span_of(method.module.file, decorator)
        raise _twice(name, place, hooks[name])
    hooks[name] = method


def _twice(name: str, place: Span, first: FuncDecl) -> SourceError:
    return error(
        "PYN-S20",
        f"two methods are hooked to {name}",
        (place, "this is the second"),
        (first.span, "this is the first"),
        help="call the second from the first",
    )


def _added(adapter: ClassDecl, method: FuncDecl, text: str) -> dict[str, FuncDecl]:
    """Methods that follow from one of the author's; their errors point there."""
    found: dict[str, FuncDecl] = {}
    for node in ast.parse(text).body:
        assert isinstance(node, ast.FunctionDef)
        for each in ast.walk(node):
            if hasattr(each, "lineno"):
                ast.copy_location(each, method.node)
        found[node.name] = adapter.methods[node.name] = FuncDecl(node.name, method.module, node, adapter)
    return found


def _one_at_a_time(context: Context, adapter: ClassDecl, method: FuncDecl) -> None:
    name = method.name
    names = {"name": name, "turn": f"{name}_turn", "run": f"{name}_run", "step": f"{name}_step", "work": f"{name}_work"}
    step = ast.FunctionDef(
        names["step"], method.node.args, method.node.body, [], method.node.returns, None, lineno=method.node.lineno, col_offset=0,
        end_lineno=method.node.end_lineno, end_col_offset=0,
    )  # fmt: skip
    adapter.methods[names["step"]] = FuncDecl(names["step"], method.module, step, adapter)
    _added(
        adapter, method, _RUN.format(doc="One run at a time: a call during a run makes the runner go round once more.", **names)
    )
    declared = ast.parse("Turn()", mode="eval").body
    for each in ast.walk(declared):
        ast.copy_location(each, method.node)
    library = context.library_class("Turn").module
    adapter.fields[names["turn"]] = FieldDecl(names["turn"], library, method.node, None, "", declared)
