"""Attributes: fields, properties, the kernel's own fields, enum members."""

from __future__ import annotations

import ast

from pyndis.frontend import types as t
from pyndis.frontend.annotations import c_type
from pyndis.frontend.constants import Member
from pyndis.frontend.declarations import ClassDecl, EnumDecl, FieldDecl, FuncDecl
from pyndis.frontend.function import Lowering
from pyndis.frontend.layout import c_field, c_prefix, field_type, is_stored, need_struct
from pyndis.frontend.names import camel
from pyndis.frontend.program import kernel_data
from pyndis.frontend.state import Value
from pyndis.ir import nodes as ir
from pyndis.ir import types as c


def lower_attribute(fx: Lowering, node: ast.Attribute) -> Value:
    """`base.name` as a value."""
    from pyndis.frontend.expressions import lower
    from pyndis.frontend.known import constant_value

    if isinstance(node.value, ast.Name) and node.value.id not in fx.locals:
        name = node.value.id
        if name == "raw":
            return raw_name(fx, node)
        found = fx.context.scope.find(fx.module, name)
        if isinstance(found, EnumDecl):
            if node.attr not in found.members:
                raise fx.refuse("PYN-C03", f"{name} has no member {node.attr}", node, help=f"one of {', '.join(found.members)}")
            return constant_value(fx, Member(found, node.attr), node)
    return member(fx, lower(fx, node.value), node.attr, node)


def member(fx: Lowering, base: Value, name: str, node: ast.AST) -> Value:
    """A field or property of a value."""
    type = fx.context.resolve(base.type)
    if isinstance(type, t.OptionalType):
        raise fx.refuse(
            "PYN-K10",
            f"this may be None here, and None has no {name}",
            node,
            f"of type {type}",
            help="keep it in a local, and compare that with None first",
        )
    if isinstance(type, t.SharedType) and not type.unit:
        base = Value(type.inner, member_expr(base.expr, "Object", fx.c_value(type.inner)), base.local)
    inner = fx.context.resolve(t.unmarked(base.type))
    if isinstance(inner, t.EnumType) and name == "status" and base.local is not None and str(base.local.type) == "NtError":
        return base
    if isinstance(inner, t.RawType):
        return raw_member(fx, base, inner, name, node)
    if isinstance(inner, t.ClassType):
        return _class_member(fx, base, inner, name, node)
    if isinstance(inner, t.LockedType):
        raise fx.refuse("PYN-K12", f"{inner} has no {name}", node, help="take the lock: `with … as held:`, and then `held.…`")
    raise fx.refuse("PYN-K12", f"{inner} has no {name}", node)


def _class_member(fx: Lowering, base: Value, type: t.ClassType, name: str, node: ast.AST) -> Value:
    from pyndis.frontend.calls import call_method

    field = type.decl.field(name)
    if field is not None:
        refuse_private(fx, field, node)
        return field_value(fx, base, type, field)
    method = type.decl.method(name)
    if method is not None:
        refuse_private(fx, method, node)
    if method is not None and method.decorator("property") is not None:
        return call_method(fx, base, type, method, [], node)
    if method is not None and method.decorator("callback") is not None:
        fx.context.callbacks.append((method, type))  # it may call what is being lowered, so it is lowered later
        return Value(t.RawType(c.Named("PVOID")), ir.Global(c.Named("PVOID"), c_prefix(type) + camel(method.name)))
    raise fx.refuse("PYN-K12", f"{type} has no {name}", node, help=_instead(type.decl, name))


def refuse_private(fx: Lowering, declared: FieldDecl | FuncDecl, node: ast.AST) -> None:
    """The library's own parts keep what it promises; drivers leave them alone."""
    if declared.name.startswith("_") and declared.module.library and not fx.module.library:
        raise fx.refuse("PYN-U03", f"{declared.name} is a private part of the framework", node, help="use what has no underscore")


def _instead(decl: ClassDecl, name: str) -> str:
    if decl.method(name) is not None:
        return f"call it: `{name}()`"
    import difflib

    known = [each for ancestor in decl.ancestors for each in (*ancestor.fields, *ancestor.methods) if not each.startswith("_")]
    near = difflib.get_close_matches(name, known, 1)
    return f"did you mean {near[0]}?" if near else ""


def field_value(fx: Lowering, base: Value, type: t.ClassType, field: FieldDecl) -> Value:
    """The place of a field; the address of it if it holds a struct."""
    kind = field_type(fx.context, type, field)
    stored = c_field(fx.context, kind)
    if field.path:
        place: ir.Expr = ir.Field(stored, base.expr, field.path)
    elif type.decl.kernel:
        struct = c.Pointer(c.Struct(need_struct(fx.context, type)))
        words = ir.Call(struct, f"{need_struct(fx.context, type)}_OF", [base.expr], pure=True)
        place = ir.Field(stored, words, camel(field.name))
    else:
        place = member_expr(base.expr, camel(field.name), stored)
    if is_stored(fx.context, kind):
        return Value(kind, ir.AddressOf(c.Pointer(stored), place))
    return Value(kind, place)


def member_expr(base: ir.Expr, name: str, type: c.CType) -> ir.Expr:
    """`base->name`, or `place.name` where base is `&place`."""
    return ir.Field(type, base.place if isinstance(base, ir.AddressOf) else base, name)


def raw_member(fx: Lowering, base: Value, type: t.RawType, name: str, node: ast.AST) -> Value:
    """A field of a struct of the kernel's."""
    need_unsafe(fx, node)
    kind = type.c.target if isinstance(type.c, c.Pointer) else type.c
    known = fx.context.facts.struct(kind.name, "amd64") if isinstance(kind, c.Struct) else None
    if known is None or name not in known.fields:
        raise fx.refuse("PYN-K12", f"{type} has no {name}", node)
    found = c_type(fx.context, _field_type_text(known.fields[name]))
    place = member_expr(base.expr, name, found)
    if isinstance(found, c.Struct | c.Array):
        return Value(t.RawType(found, struct=True), ir.AddressOf(c.Pointer(found), place))
    return Value(t.RawType(found) if not isinstance(found, c.Bool) else t.BOOL, place)


def _field_type_text(fact: object) -> str:
    return str(fact[2]) if isinstance(fact, tuple | list) else str(getattr(fact, "type", fact))


def raw_name(fx: Lowering, node: ast.Attribute) -> Value:
    """A constant or exported variable of the kernel's."""
    need_raw(fx, node)
    name = node.attr
    known = kernel_data()["globals"].get(name)
    if known is not None:
        kind = c_type(fx.context, known)
        return Value(t.RawType(kind), ir.Global(kind, name))
    value = fx.context.facts.constant(name)
    if value is not None:
        return Value(t.NUMBER, ir.Const(c.NUMBER, value, name))
    if name in kernel_data()["exports"]:
        kind = c_type(fx.context, kernel_data()["exports"][name])
        return Value(t.RawType(kind), ir.Global(kind, name))
    raise fx.refuse("PYN-D01", f"the kernel has no constant or variable {name}", node, help="check the name against the WDK's")


def need_raw(fx: Lowering, node: ast.AST) -> None:
    """`raw` is imported, and used in an unsafe block."""
    if not fx.module.raw:
        raise fx.refuse("PYN-N01", "nothing is named raw here", node, help="write `from pyndis.kernel import raw`")
    need_unsafe(fx, node)


def need_unsafe(fx: Lowering, node: ast.AST) -> None:
    """Raw access stands in an unsafe block."""
    if not fx.unsafe:
        raise fx.refuse(
            "PYN-U01", "raw access outside of `unsafe`", node, help='write `with unsafe("why it is right"):` around it'
        )
