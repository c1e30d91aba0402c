"""The driver as a whole: its adapter's declarations and hooks, and every function that the templates call."""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from pyndis.frontend import types as t
from pyndis.frontend.constants import Constant, Member
from pyndis.frontend.declarations import ClassDecl, FieldDecl, FuncDecl
from pyndis.frontend.declared import declared_arguments, declared_type, declares
from pyndis.frontend.errors import error, span_of
from pyndis.frontend.hooks import Hooks, find_hooks
from pyndis.frontend.instances import instance_of
from pyndis.frontend.layout import need_struct
from pyndis.frontend.names import camel
from pyndis.frontend.program import Context, Facts, Instance
from pyndis.frontend.raising import PRIVATE
from pyndis.frontend.source import Module
from pyndis.frontend.tidy import walk_statements
from pyndis.frontend.unused import check_unused
from pyndis.ir import nodes as ir
from pyndis.ir import types as c
from pyndis.ir.plan import Call, FieldPlan, OidAnswer, OidSet, Plan

PASSIVE, ANY = (0, 0), (0, 2)
_FRAMEWORK = {
    "begin": PASSIVE,
    "sent": ANY,
    "given_back": ANY,
    "pause": PASSIVE,
    "restart": PASSIVE,
    "set_power": PASSIVE,
    "remove": PASSIVE,
}
_DEVICE = {"open": PASSIVE, "refuse": PASSIVE, "enter": ANY, "leave": ANY, "drain": PASSIVE, "add": PASSIVE, "remove": PASSIVE}
_IRQL = {
    "create": PASSIVE, "cleanup": PASSIVE, "close": PASSIVE, "read": ANY, "write": ANY, "send": ANY, "returned": ANY,
    "cancel_send": ANY,
    "flow_stopped": (0, 1), "halt": PASSIVE,
}  # fmt: skip


def lower_driver(
    folder: Path, facts: Facts, options: Mapping[str, str], *, keep_unused: bool = False
) -> tuple[ir.Program, Plan, Context]:
    """The program of a driver's folder; `keep_unused`: with the functions that nothing calls. Raises SourceError."""
    context = Context(folder, facts, dict(options))
    module = context.sources.driver()
    driver, adapter = _find(context, module)
    context.adapter = adapter
    hooks = find_hooks(context, adapter)
    plan = Plan(adapter=adapter.c_name, struct=need_struct(context, context.adapter_type))
    _constants(context, driver, adapter, plan)
    _functions(context, adapter, hooks, plan)
    kept = check_unused(context, keep=keep_unused)
    plan.undocumented = tuple(sorted(context.undocumented))
    functions = _reachable(context, plan, kept)
    program = ir.Program(context.name, list(context.used_constants.values()), list(context.structs.values()), functions)
    return program, plan, context


def _reachable(context: Context, plan: Plan, kept: set[str]) -> list[ir.Function]:
    """The functions that an entry point or callback leads to. The others were written out where they were called."""
    named = {each.name for each in [*plan.hooks.values(), *plan.framework.values(), *(each.handler for each in plan.sets)]}
    named |= {call.name for field in plan.fields for call in (field.make, field.unmake) if call is not None}
    named |= {f"{plan.adapter}Refusal"} | kept
    pending = [each for each in context.functions if each.role or each.name in named]
    reached: set[str] = set()
    while pending:
        function = pending.pop()
        if function.name not in reached:
            reached.add(function.name)
            calls = [each for each in walk_statements(function.body) if isinstance(each, ir.Call)]
            pending += [each.function for each in calls if isinstance(each.function, ir.Function)]
    return [each for each in context.functions if each.name in reached]


def _find(context: Context, module: Module) -> tuple[ClassDecl, ClassDecl]:
    """The Driver subclass of the main module, and its adapter class."""
    found = [each for each in context.scope.table(module).values() if isinstance(each, ClassDecl) and each.extends("Driver")]
    if len(found) != 1:
        raise error(
            "PYN-S15", f"{module.file.name} has {len(found)} classes that extend Driver, wanted one", (span_of(module.file,
            module.tree), "here"),
            help="write `class Name(Driver):` with `adapter = …` and `ndis = NdisVersion(…)`",
        )  # fmt: skip
    field = found[0].fields.get("adapter")
    value = field.declared if field is not None else None
    adapter = context.scope.find(module, value.id) if isinstance(value, ast.Name) else None
    if not isinstance(adapter, ClassDecl) or not adapter.extends("Adapter"):
        raise error(
            "PYN-S16",
            f"{found[0].name} does not say which class its adapters are",
            (found[0].span, "here"),
            help="write `adapter = …`",
        )
    return found[0], adapter


@cache
def _spellings() -> dict[str, dict[str, str]]:
    data: dict[str, dict[str, str]] = json.loads((Path(__file__).parent / "data" / "attributes.json").read_bytes())
    return data


def _keywords(context: Context, field: FieldDecl, name: str) -> dict[str, Constant]:
    """The arguments of a table: `attributes = Attributes(…)`."""
    if not declares(field, name):
        raise error(
            "PYN-S14",
            f"{field.name} is not a table of {name}",
            (field.span, "here"),
            help=f"write `{field.name} = {name}(…)`",
        )
    return {key: value for key, (value, _) in declared_arguments(context, field, context.library_class(name)).items()}


def _constants(context: Context, driver: ClassDecl, adapter: ClassDecl, plan: Plan) -> None:
    for name in ("attributes", "device"):
        if name not in adapter.fields:
            raise error(
                "PYN-S17", f"{adapter.name} declares no {name}", (adapter.span, "in this class"), help=f"declare `{name} = …`"
            )
    for key, value in _keywords(context, adapter.fields["attributes"], "Attributes").items():
        plan.attributes[key] = _attribute(adapter.fields["attributes"], key, value)
    for key, value in _keywords(context, adapter.fields["device"], "ControlDevice").items():
        plan.device[key] = f"STATUS_{value.name}" if isinstance(value, Member) else str(value)
    if "ndis" not in driver.fields:
        raise error(
            "PYN-S17", f"{driver.name} declares no ndis", (driver.span, "in this class"), help="declare `ndis = NdisVersion(…)`"
        )
    for key, value in _keywords(context, driver.fields["ndis"], "NdisVersion").items():
        assert isinstance(value, tuple)
        plan.ndis[key] = (int(str(value[0])), int(str(value[1])))
    _oid_constants(context, adapter, plan)


def _attribute(field: FieldDecl, key: str, value: Constant) -> object:
    known = _spellings().get(key)
    if known is None:
        return value
    words = value if isinstance(value, tuple) else (value,)
    for word in words:
        if word not in known:
            raise error(
                "PYN-S18",
                f"{key} is {word!r}",
                (field.span, "in these attributes"),
                help=f"one of {', '.join(known)}",
            )
    spelled = tuple(known[str(word)] for word in words)
    return spelled if isinstance(value, tuple) else spelled[0]


def _oid_constants(context: Context, adapter: ClassDecl, plan: Plan) -> None:
    field = next((each for each in adapter.fields.values() if declares(each, "OidTable")), None)
    if field is None:
        return
    table = _keywords(context, field, "OidTable")["constants"]
    assert isinstance(table, dict)
    for key, value in table.items():
        assert isinstance(key, Member)
        plan.answers.append(OidAnswer(f"OID_{key.name}", value if isinstance(value, str) else int(str(value))))


# ---- functions


def _instance(context: Context, method: FuncDecl, owner: t.ClassType, irql: tuple[int, int]) -> Instance:
    instance = instance_of(context, method, owner, node=method.node)
    assert instance.ir is not None
    instance.ir.entry_irql = irql
    instance.ir.inline = False
    return instance


def _call(instance: Instance) -> Call:
    assert instance.ir is not None
    result = instance.ir.result
    return Call(instance.c_name, result.name if isinstance(result, c.Int) else "")


def _functions(context: Context, adapter: ClassDecl, hooks: Hooks, plan: Plan) -> None:
    """What is called from outside. What gives packets back comes last: by then it is known over which memory they lie."""
    owner = context.adapter_type
    for name, method in hooks.requests.items():
        context.requests.add(method)
        plan.hooks[name] = _hook(context, method, owner, name)
    for name, method in hooks.plain.items():
        if name != "returned":
            plan.hooks[name] = _hook(context, method, owner, name)
    for oid, method in hooks.sets:
        parameters = method.node.args.args[1:]
        plan.sets.append(OidSet(f"OID_{oid}", _call(_instance(context, method, owner, PASSIVE)), bool(parameters)))
    for method in hooks.timers.values():
        _instance(context, method, owner, (2, 2))
    _callbacks(context)
    context.protocols.setdefault(context.library_class("Lender"), t.ClassType(context.library_class("Block")))
    _fields(context, adapter, hooks, plan)
    if "returned" in hooks.plain:
        plan.hooks["returned"] = _hook(context, hooks.plain["returned"], owner, "returned")
    _framework(context, adapter, plan)
    _callbacks(context)


def _callbacks(context: Context) -> None:
    """Functions whose addresses are taken."""
    while context.callbacks:
        method, type = context.callbacks.pop(0)
        instance_of(context, method, type, node=method.node)


def _framework(context: Context, adapter: ClassDecl, plan: Plan) -> None:
    """The library's functions that the templates call."""
    owner = context.adapter_type
    for name, irql in _FRAMEWORK.items():
        plan.framework[name] = _call(_instance(context, _method(adapter, name), owner, irql))
    device = context.library_class("ControlDevice")
    for name, irql in _DEVICE.items():
        plan.framework[f"device_{name}"] = _call(_instance(context, _method(device, name), t.ClassType(device), irql))
    read = _method(context.library_class("Counter"), "read")
    plan.framework["counter_read"] = _call(_instance(context, read, t.ClassType(context.library_class("Counter")), ANY))


def _method(decl: ClassDecl, name: str) -> FuncDecl:
    """A method that the library has."""
    found = decl.method(name)
    assert found is not None, f"{decl.name} has no {name}"
    return found


def _hook(context: Context, method: FuncDecl, owner: t.ClassType, name: str) -> Call:
    instance = _instance(context, method, owner, _IRQL[name])
    private = instance.raises & set(PRIVATE)
    if private:
        raise error(
            "PYN-O10", f"{min(private)} can leave the hook {method.name}", (method.span, "nothing outside knows what it means"),
            help=f"write `try:` and `except {min(private)}:` around what raises it",
        )  # fmt: skip
    if "NdisStatus" in instance.raises and name in ("create", "cleanup", "close", "read", "write"):
        raise error(
            "PYN-K07", "an NdisStatus can end up in a request", (method.span, "in this hook"), help="raise a Status instead"
        )
    if instance.raises and name not in ("create", "read", "write"):
        raise error(
            "PYN-O11", f"a raise can leave the hook {method.name}", (method.span, "nobody is told"),
            help="write `try:` and `except NtError:` around what raises it",
        )  # fmt: skip
    return _call(instance)


def _fields(context: Context, adapter: ClassDecl, hooks: Hooks, plan: Plan) -> None:
    """Each declared field: how it is made, with what, and how it is unmade."""
    for name, field in adapter.fields.items():
        if field.declared is None or (isinstance(field.declared, ast.Call) and not field.is_field):
            continue
        type = declared_type(context, field)
        if isinstance(type, t.LockedType):
            plan.fields.append(FieldPlan(camel(name), None, None, lock=type.kind))
            continue
        assert isinstance(type, t.ClassType)
        if type.decl.name == "Removal":
            plan.removal = camel(name)
            plan.framework["removal_watch"] = _call(_instance(context, _method(type.decl, "watch"), type, PASSIVE))
        make, unmake = type.decl.method("make"), type.decl.method("unmake")
        plan.fields.append(
            FieldPlan(
                camel(name),
                _call(_instance(context, make, type, PASSIVE)) if make else None,
                _call(_instance(context, unmake, type, PASSIVE)) if unmake else None,
                _entry_arguments(context, hooks, name),
                _settings(context, field, type),
                has_adapter=type.decl.field("adapter") is not None,
            )
        )


def _entry_arguments(context: Context, hooks: Hooks, name: str) -> tuple[str, ...]:
    method = hooks.timers.get(name)
    if method is None:
        return ()
    return (_instance(context, method, context.adapter_type, (2, 2)).c_name,)


def _settings(context: Context, field: FieldDecl, type: t.ClassType) -> tuple[tuple[str, str], ...]:
    """The declaration's arguments, stored as its `__init__` says: `self.mtu = mtu`, `self.budget = Budget(limit)`."""
    if type.decl.name == "ControlDevice":
        return ()
    init = type.decl.method("__init__")
    given = {name: node for name, (_, node) in declared_arguments(context, field, type.decl).items()}
    if init is None:
        return ()
    found: list[tuple[str, str]] = []
    for statement in init.node.body:
        match statement:
            case ast.Assign(targets=[ast.Attribute(attr=attribute)], value=ast.Name(id=source)) if source in given:
                found.append((camel(attribute), _number(context, field, given[source])))
            case ast.Assign(
                targets=[ast.Attribute(attr=attribute)], value=ast.Call(func=ast.Name(id=made), args=[ast.Name(id=source)])
            ):
                inner = context.scope.find(type.decl.module, made)
                assert isinstance(inner, ClassDecl)
                found.append((f"{camel(attribute)}.{_first_field(inner)}", _number(context, field, given[source])))
    return tuple(found)


def _first_field(decl: ClassDecl) -> str:
    return camel(next(each.name for each in decl.extra_fields if each.annotation is not None and each.name != "adapter"))


def _number(context: Context, field: FieldDecl, node: ast.expr) -> str:
    from pyndis.frontend.names import upper

    value = context.constants.integer(field.module, node)
    if isinstance(node, ast.Name):
        name = upper(node.id)
        context.used_constants.setdefault(name, ir.ConstantDecl(name, ir.Const(c.NUMBER, value)))
        return name
    return str(value)
