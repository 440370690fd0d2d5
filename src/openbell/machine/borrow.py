"""What the loops read of the addresses that they are given: columns, numbers, windows of a column, other loops.

A slice inside a compiled loop adds to a counter that all threads share, and takes it off again: some nanoseconds per
symbol, more than the indicator itself costs. Whoever calls a loop holds the arrays, so that nothing is counted here.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from llvmlite import ir
from numba import extending, types
from numba.core import cgutils
from numba.np import arrayobj

Function = TypeVar("Function", bound=Callable[..., Any])

# Any: numba's own objects have no types of their own.
intrinsic: Callable[[Any], Any] = extending.intrinsic
make_array: Any = arrayobj.make_array
populate_array: Any = arrayobj.populate_array
pointer: Any = types.CPointer
place_for: Any = cgutils.alloca_once


def inlined(function: Function) -> Function:
    """A function that loops call: drawn into each of them, and never called by anything else."""
    made: Function = extending.register_jitable(forceinline=True, no_cfunc_wrapper=True)(function)
    return made


@intrinsic
def listed(_: Any, where: Any) -> Any:
    """The list of numbers and addresses that lies at an address."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.inttoptr(args[0], context.get_value_type(signature.return_type))

    return pointer(types.int64)(where), codegen


def _columns(kind: Any) -> Any:
    """What gives, of a list, the column of one kind whose address is number ``at``; bounds are not looked at."""

    @intrinsic
    def column(_: Any, addresses: Any, at: Any) -> Any:  # noqa: ARG001
        return pointer(kind)(addresses, types.intp), _address

    return column


@intrinsic
def number(_: Any, addresses: Any, at: Any) -> Any:  # noqa: ARG001
    """The float64 whose bits are number ``at``."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        bits = builder.load(builder.gep(args[0], [args[1]]))
        return builder.bitcast(bits, context.get_value_type(signature.return_type))

    return types.float64(addresses, types.intp), codegen


@intrinsic
def moved(_: Any, column: Any, by: Any) -> Any:  # noqa: ARG001
    """A column from its ``by``-th element on."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:  # noqa: ARG001
        return builder.gep(args[0], [args[1]])

    return column(column, types.intp), codegen


@intrinsic
def part(_: Any, column: Any, length: Any) -> Any:  # noqa: ARG001
    """The first ``length`` float64 of a column as an array; bounds are not looked at."""
    return types.Array(types.float64, 1, "C")(column, types.intp), _array


@intrinsic
def strided(_: Any, column: Any, length: Any, step: Any) -> Any:  # noqa: ARG001
    """Every ``step``-th float64 of a column, ``length`` of them, as an array; bounds are not looked at."""
    return types.Array(types.float64, 1, "A")(column, types.intp, types.intp), _array


@intrinsic
def called(_: Any, code: Any, given: Any) -> Any:  # noqa: ARG001
    """Call the loop at an address with the address of what it is given; not 0 where it raised."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:  # noqa: ARG001
        nothing = ir.IntType(8).as_pointer()
        kind = ir.FunctionType(ir.IntType(32), [nothing.as_pointer(), nothing.as_pointer(), ir.IntType(64)])
        result = place_for(builder, nothing)
        error = place_for(builder, nothing)
        return builder.call(builder.inttoptr(args[0], kind.as_pointer()), [result, error, args[1]])

    return types.int32(types.int64, types.int64), codegen


@intrinsic
def fetched(_: Any, column: Any, at: Any) -> Any:  # noqa: ARG001
    """Have the processor bring the ``at``-th element of a column nearer, before it is asked for; 0."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        byte, number = ir.IntType(8).as_pointer(), ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [byte, number, number, number])
        fetch = builder.module.declare_intrinsic("llvm.prefetch", [byte], kind)
        place = builder.bitcast(builder.gep(args[0], [args[1]]), byte)
        # To be read, into all levels, and it is data.
        builder.call(fetch, [place, number(0), number(3), number(1)])
        return context.get_constant(signature.return_type, 0)

    return types.int32(column, types.intp), codegen


def _array(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    out = make_array(signature.return_type)(context, builder)
    size = context.get_constant(types.intp, 8)
    stride = builder.mul(args[2], size) if len(args) > 2 else size
    populate_array(out, data=args[0], shape=[args[1]], strides=[stride], itemsize=size, meminfo=None)
    return out._getvalue()


def _address(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    number = builder.load(builder.gep(args[0], [args[1]]))
    return builder.inttoptr(number, context.get_value_type(signature.return_type))


floats, stamps, words = _columns(types.float64), _columns(types.int64), _columns(types.uint64)
# Of flags, true ones are 1.
flags, counts = _columns(types.uint8), _columns(types.int32)
