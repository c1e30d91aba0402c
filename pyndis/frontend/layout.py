"""What becomes of types in C: how a value is passed, how it is stored, and the structs that this takes."""

from __future__ import annotations

from pyndis.frontend import types as t
from pyndis.frontend.declarations import ClassDecl, FieldDecl
from pyndis.frontend.errors import error, span_of
from pyndis.frontend.names import camel, upper
from pyndis.frontend.program import Context
from pyndis.ir import nodes as ir
from pyndis.ir import types as c


def c_prefix(type: t.Type) -> str:
    """How a type begins the names of its functions: `Chain[Outgoing]` -> `OutgoingChain`."""
    match type:
        case t.ClassType(decl, args):
            return "".join(c_prefix(t.strip(each)) for each in args) + decl.c_name
        case t.EnumType(decl):
            return camel(decl.name)
        case t.IntType(kind):
            return camel(kind.name.lower())
    return camel(str(type))


def struct_name(type: t.ClassType) -> str:
    """The C struct of a class."""
    return upper(c_prefix(type))


def is_stored(context: Context, type: t.Type) -> bool:
    """Whether a field or local of this type holds a struct in place, not a pointer or number."""
    match context.resolve(type):
        case t.ClassType(decl, _):
            return not decl.is_reference
        case t.LockedType():
            return True
        case t.RawType(_, struct):
            return struct
        case t.SharedType(_, unit):
            return not unit
        case t.OwnedType(inner):
            return is_stored(context, inner)
        case t.ArrayType():
            return True
    return False


def storage_struct(context: Context, type: t.Type) -> t.ClassType:
    """The class whose struct holds a stored value: a share's is `Share[T]`."""
    type = context.resolve(type)
    if isinstance(type, t.SharedType):
        return t.ClassType(context.library_class("Share"), (type.inner,))
    if isinstance(type, t.OwnedType):
        return storage_struct(context, type.inner)
    assert isinstance(type, t.ClassType), type
    return type


def pointee(context: Context, type: t.Type) -> c.CType:
    """What a reference of this type points to in C."""
    type = context.resolve(type)
    match type:
        case t.ClassType(decl, _) if decl.kernel:
            return c.Struct(decl.kernel)
        case t.ClassType():
            return c.Struct(need_struct(context, type))
        case t.SharedType(inner, unit):
            return pointee(context, inner) if unit else c.Struct(need_struct(context, storage_struct(context, type)))
        case t.OwnedType(inner) | t.RefType(inner) | t.OptionalType(inner):
            return pointee(context, inner)
        case t.RawType(kind, _):
            return kind
        case t.LockedType(inner, kind):
            return c.Struct(_locked(context, inner, kind))
    raise AssertionError(f"nothing refers to {type}")


def c_value(context: Context, type: t.Type) -> c.CType:
    """The C type of a value that is passed: structs go by pointer."""
    type = context.resolve(type)
    match type:
        case t.NoneType():
            return c.VOID
        case t.BoolType():
            return c.BOOL
        case t.IntType(kind):
            return kind
        case t.NumberType():
            return c.NUMBER
        case t.EnumType():
            return context.enum(type)[0]
        case t.RawType(kind, struct):
            return c.Pointer(kind) if struct else kind
        case t.OptionalType(t.RawType(kind, _)):
            return kind
    return c.Pointer(pointee(context, type))


def c_field(context: Context, type: t.Type) -> c.CType:
    """The C type of a field of this type."""
    type = context.resolve(type)
    match type:
        case t.SharedType(inner, _):
            return c.Pointer(pointee(context, inner))
        case t.ArrayType(item, count):
            return c.Array(c_field(context, item), count)
        case t.RawType(kind, _):
            return kind
        case t.LockedType(inner, kind):
            return c.Struct(_locked(context, inner, kind))
        case t.ClassType() if is_stored(context, type):
            return c.Struct(need_struct(context, type))
    return c_value(context, type)


def field_type(context: Context, owner: t.ClassType, field: FieldDecl) -> t.Type:
    """The type of a field, in an instance of a class."""
    from pyndis.frontend.declared import declared_type

    if field.annotation is None:
        return declared_type(context, field)
    bindings = class_bindings(owner, field)
    found = context.resolve(context.annotations.read(field.module, field.annotation, bindings, owner))
    if isinstance(t.strip_optional(found), t.OwnedType) and not field.module.library:
        place = (span_of(field.module.file, field.annotation), "this field")
        help = "keep it in a Chain or an IrpQueue, or hold a share of it"
        raise error("PYN-K20", f"{field.name} would own something by itself", place, help=help)
    open_ = variable_in(found)
    if open_ is not None:
        place = (span_of(field.module.file, field.annotation), "here")
        raise error("PYN-K03", f"{open_.name} stands for no type here", place, help="write the type: `Name[Type]`")
    return t.SharedType(found.inner, unit=True) if isinstance(found, t.SharedType) else found


def variable_in(type: t.Type) -> t.VarType | None:
    """A type variable in the type that nothing has replaced."""
    match type:
        case t.VarType():
            return type
        case t.ClassType(_, args):
            return next((found for each in args if (found := variable_in(each)) is not None), None)
        case t.OptionalType() | t.OwnedType() | t.SharedType() | t.RefType() | t.LockedType():
            return variable_in(type.inner)
        case t.ArrayType(item, _):
            return variable_in(item)
    return None


def class_bindings(owner: t.ClassType, field: FieldDecl | None = None) -> t.Bindings:
    """What the class's type variables stand for."""
    return t.Bindings(dict(zip(owner.decl.variables, owner.args, strict=False)))


def need_struct(context: Context, type: t.ClassType) -> str:
    """The name of a class's struct, which from now on is part of the program."""
    type = canonical(type)
    name = struct_name(type)
    if name not in context.structs:
        decl = ir.StructDecl(name, [], doc=type.decl.doc, span=type.decl.span)
        context.structs[name] = decl
        if not type.decl.module.library:
            _check_fields(context, type)
        decl.fields = [
            ir.StructField(camel(each.name), c_field(context, field_type(context, type, each))) for each in _fields(type.decl)
        ]
        _check_room(context, type, decl)
        if type.decl.kernel:
            parameter = camel(_root(type.decl).name)
            decl.overlay = (parameter, str(type.decl.keyword("overlay")).format(f"({parameter})"))
            decl.fits = [str(type.decl.keyword("room"))]
        del context.structs[name]  # behind the structs that it holds in place
        context.structs[name] = decl
    return name


def _check_fields(context: Context, type: t.ClassType) -> None:
    from pyndis.frontend.validity import check_fields

    check_fields(context, type)


def _check_room(context: Context, type: t.ClassType, struct: ir.StructDecl) -> None:
    from pyndis.frontend.room import check_room

    check_room(context, type.decl, [each.type for each in struct.fields])


def _fields(decl: ClassDecl) -> list[FieldDecl]:
    return decl.extra_fields


def _root(decl: ClassDecl) -> ClassDecl:
    return decl.ancestors[-2] if len(decl.ancestors) > 1 and decl.ancestors[-1].name in ("KernelObject",) else decl


def _locked(context: Context, inner: t.Type, kind: str) -> str:
    assert isinstance(inner, t.ClassType)
    name = f"{upper(kind)}_{struct_name(inner)}"
    if name not in context.structs:
        held = c.Struct(need_struct(context, inner))
        lock = c.Named("KSPIN_LOCK") if kind == "Locked" else c.Named("FAST_MUTEX")
        doc = "A spin lock and what it guards." if kind == "Locked" else "A mutex and what it guards."
        context.structs[name] = ir.StructDecl(name, [ir.StructField("Lock", lock), ir.StructField("Value", held)], doc=doc)
    return name


def canonical(type: t.ClassType) -> t.ClassType:
    """Containers of one kernel object are one in C, whatever its class adds: `Chain[Outgoing]` is `Chain[Nbl]`."""
    if type.decl.name not in ("Chain", "Place") or not type.decl.module.library:
        return type
    return t.ClassType(type.decl, tuple(_kernel_root(each) for each in type.args))


def declaring(type: t.ClassType, owner: ClassDecl | None) -> t.ClassType:
    """A method of a kernel object is compiled once, for the class that has it; an adapter's are the adapter's."""
    if owner is None or owner is type.decl or not type.decl.kernel:
        return canonical(type)
    return t.ClassType(owner)


def _kernel_root(type: t.Type) -> t.Type:
    if isinstance(type, t.ClassType) and type.decl.kernel:
        return t.ClassType(_root(type.decl))
    return type
