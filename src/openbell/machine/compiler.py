"""numba, as far as LLVM's text of a loop; importing this module imports numba, and only who has to compile does.

`numba.cfunc` goes on from there: it wraps the loop for C and has machine code made of all of it and of every function
that it calls, which nobody would run. That was a sixth of the time.
"""

from collections.abc import Callable
from typing import Any

import numba
from numba.core import codegen, compiler, registry
from numba.core.compiler_lock import global_compiler_lock

# Any: numba's own objects have no types of their own.
_Flags: Any = compiler.Flags
_compile: Any = compiler.compile_extra
_target: Any = registry.cpu_target


class _Unloaded(codegen.CPUCodeLibrary):
    """What numba has of a function, optimised and not put where it could be called."""

    def _finalize_final_module(self) -> None:
        """Nothing is made of it."""


_library: Any = _Unloaded


def optimised(loop: Callable[[int], None]) -> tuple[str, str]:
    """LLVM's text of a function of one int64, with what it calls drawn in, and the function's name there.

    Raises
    ------
    numba.core.errors.NumbaError
        If numba cannot compile it.
    """
    flags = _Flags()
    _target.options.parse_as_flags(flags, {"error_model": "numpy"})
    flags.enable_pyobject = False
    flags.no_compile = flags.no_cpython_wrapper = flags.no_cfunc_wrapper = True
    typing, target = _target.typing_context, _target.target_context
    with global_compiler_lock:
        library = _library(target.codegen(), loop.__name__)
        made = _compile(typing, target, loop, (numba.types.int64,), numba.types.void, flags, locals={}, library=library)
        library.finalize()
    return library.get_llvm_str(), made.fndesc.llvm_func_name
