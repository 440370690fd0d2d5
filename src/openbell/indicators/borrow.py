"""A part of an array as an array of its own, without counting references.

A slice inside a compiled loop adds to a counter that all threads share, and takes it off again: some nanoseconds per
symbol, more than the indicator itself costs. The loops hold the whole array, so that its parts need no counter.
"""

from typing import Any

from numba import types
from numba.extending import intrinsic
from numba.np import arrayobj

# Any: numba's own objects have no types of their own.
make_array: Any = arrayobj.make_array
populate_array: Any = arrayobj.populate_array


@intrinsic
def part(_: Any, whole: Any, start: Any, length: Any) -> Any:  # noqa: ARG001
    """``length`` float64 of a contiguous array from the flat index ``start`` on; bounds are not looked at."""
    made = types.Array(types.float64, 1, "C")
    signature = made(whole, types.intp, types.intp)

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        source = make_array(signature.args[0])(context, builder, args[0])
        out = make_array(signature.return_type)(context, builder)
        size = context.get_constant(types.intp, 8)
        populate_array(
            out,
            data=builder.gep(source.data, [args[1]]),
            shape=[args[2]],
            strides=[size],
            itemsize=size,
            meminfo=None,
        )
        return out._getvalue()

    return signature, codegen
