"""Machine code on disk, run without its compiler.

numba finds its own cached code again only after it has loaded all of itself, which takes most of a second. A loop that
takes one address, allocates nothing and cannot fail needs none of it: `keep` puts the object file into the cache with
the names that it wants from the system, and `found` has LLVM link it, within a millisecond.
"""

import ctypes
import hashlib
import json
import os
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from openbell.machine.cache import write_atomically

Loop = Callable[[int], None]

# What LLVM writes as instructions of its own, and what it calls the system for.
_OWN: Final = frozenset(
    {
        "abs", "assume", "copysign", "ctlz", "ctpop", "cttz", "experimental", "fabs", "fshl", "fshr", "lifetime",
        "masked", "maxnum", "minnum", "prefetch", "sadd", "smax", "smin", "smul", "ssub", "stepvector", "uadd", "umax",
        "umin", "umul", "usub",
        "vector",
    }
)  # fmt: skip
_SYSTEM: Final = frozenset(
    {
        "ceil", "cos", "exp", "floor", "log", "log10", "log2", "memcpy", "memmove", "memset", "pow", "rint", "round",
        "sin", "sqrt", "tan", "trunc",
    }
)  # fmt: skip
_MAKERS: Final = ("borrow", "code", "compiler")
KNOWN: Final = " ".join(sorted(_OWN | _SYSTEM))
# Names that numba gives to functions of the C library.
_OTHERWISE: Final = {"numba_frexp": "frexp", "numba_ldexp": "ldexp"}
_DEFINED: Final = re.compile(r"^define .*?^}$", re.MULTILINE | re.DOTALL)
_NAMED: Final = re.compile(r"@\"?([\w.$]+)\"?")
# Linked code lives as long as its engine.
_engines: list[Any] = []
FLOAT: Final = np.dtype(np.float64)
INT: Final = np.dtype(np.int64)
FLAG: Final = np.dtype(np.bool_)

# Behind what every object has, numpy's arrays begin with where their elements lie; asking them costs five times more.
_DATA: Final = object.__basicsize__
_Place = ctypes.c_size_t
_nowhere = (ctypes.c_int64 * 4)()


@dataclass(frozen=True, slots=True)
class Code:
    """Machine code of one function.

    Parameters
    ----------
    name
        Of the function.
    needs
        What it calls of the system; None if it cannot run by itself.
    content
        The object file.
    """

    name: str
    needs: list[str] | None
    content: bytes


class UnlinkedError(Exception):
    """There is machine code, but it cannot run by itself: numba has to load it."""


def address(array: npt.NDArray[np.generic], dtype: np.dtype[Any] = FLOAT) -> int:
    """Where the elements of an array lie.

    Raises
    ------
    TypeError
        If it is of another type, or not in one piece.
    """
    if (array.dtype is not dtype and array.dtype != dtype) or not array.flags.c_contiguous:
        raise TypeError(f"a loop needs {dtype} in one piece, got {array.dtype} with strides {array.strides}")
    return _Place.from_address(id(array) + _DATA).value


def numbers(*given: int) -> "ctypes.Array[ctypes.c_int64]":
    """A list of numbers that a loop can be given."""
    return (ctypes.c_int64 * len(given))(*given)


@cache
def stamp() -> str:
    """What machine code depends on beside its text: numba, LLVM, the processor, and how it is made and called."""
    import llvmlite
    import llvmlite.binding as llvm

    here = [Path(__file__).with_name(f"{name}.py").read_text(encoding="utf-8") for name in _MAKERS]
    parts = (_numba(), llvmlite.__version__, llvm.get_process_triple(), *_processor(), *here)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def found(path: Path) -> Loop | None:
    """The loop in a file that `keep` wrote, or None where there is none.

    Raises
    ------
    UnlinkedError
        If it cannot run by itself.
    """
    try:
        head, _, content = path.read_bytes().partition(b"\n")
        entry = json.loads(head)
        code, whole = Code(entry["name"], entry["needs"], content), entry["sum"] == _sum(content)
    except (OSError, ValueError, KeyError, TypeError):  # no file, a damaged one, or one of another version
        return None
    return linked(code) if whole else None


def keep(path: Path, code: Code) -> None:
    """Put machine code into the cache.

    Raises
    ------
    OSError
        If the folder cannot be written.
    """
    head = json.dumps({"name": code.name, "needs": code.needs, "sum": _sum(code.content)})
    write_atomically(path, head.encode() + b"\n" + code.content)


def made(loop: Callable[[int], None]) -> Code:
    """Machine code of a function of one address; empty, without needs, if it cannot run by itself.

    Raises
    ------
    numba.core.errors.NumbaError
        If numba cannot compile it.
    """
    import llvmlite.binding as llvm

    from openbell.machine.compiler import optimised

    text, name = optimised(loop)
    body = next(one for one in _DEFINED.findall(text) if f"@{name}(" in one.partition("\n")[0])
    needs = _needs(body, name)
    if needs is None:
        return Code(name, None, b"")
    around = [line for line in text.splitlines() if line.startswith(("target ", "declare ", "attributes ", "!", "@"))]
    module = llvm.parse_assembly("\n".join([*around, body]))
    return Code(name, needs, _target().emit_object(module))


def split_loops() -> None:
    """Have LLVM make two loops of one whose branch is the same for every symbol, also where the branch is long.

    By itself it does so for short ones only; the turn of a window, once in so many bars, then keeps all the others from
    being taken several at a time. LLVM passes over a setting that it does not know.
    """
    import llvmlite.binding as llvm

    llvm.set_option("", "-unswitch-threshold=2000")


def linked(code: Code) -> Loop:
    """Machine code as a function of one address; it holds no lock of Python's.

    Raises
    ------
    UnlinkedError
        If it calls what the system does not have.
    """
    import llvmlite.binding as llvm

    if code.needs is None:
        raise UnlinkedError
    # An engine looks at what the system offers, so that it comes before the question.
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), _target())
    if not all(_offered(need) for need in code.needs):
        raise UnlinkedError
    engine.add_object_file(llvm.ObjectFileRef.from_data(code.content))
    engine.finalize_object()
    _engines.append(engine)
    # numba's functions take two addresses more, for a result and for an error; these loops have neither.
    whole = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64)
    return partial(whole(engine.get_function_address(code.name)), nowhere(), nowhere())


def object_of(text: str) -> bytes:
    """The machine code of a module in LLVM's language."""
    import llvmlite.binding as llvm

    code: bytes = _target().emit_object(llvm.parse_assembly(text))
    return code


def nowhere() -> int:
    """The address that loops are given for a result and an error, which they do not have."""
    return ctypes.addressof(_nowhere)


def ready(loop: Loop, where: int) -> Callable[[], None]:
    """A loop with what it is given for good, for loops that take microseconds: called at a third of the cost.

    Nothing is converted any more, and Python's lock is kept meanwhile.
    """
    plain = ctypes.PYFUNCTYPE(None)(address_of(loop))
    unused = ctypes.c_void_p(nowhere())
    return partial(plain, unused, unused, ctypes.c_int64(where))


def address_of(loop: Loop) -> int:
    """Where the machine code of a loop lies; like all of numba's it takes two addresses before its own."""
    if isinstance(loop, partial):
        # Any: a function of a type that ctypes has made.
        function: Any = loop.func
        return ctypes.cast(function, ctypes.c_void_p).value or 0
    # Any: what numba has compiled for the one kind of argument that a loop takes.
    compiled: Any = next(iter(vars(loop)["overloads"].values()))
    where: int = compiled.library.get_pointer_to_function(compiled.fndesc.llvm_func_name)
    return where


def _sum(content: bytes) -> str:
    """Of an object file: what is linked is run, so that one byte that is not as it was written is too many."""
    return hashlib.sha256(content).hexdigest()


def _target() -> Any:
    """What LLVM is to write for: this processor, as numba's own settings describe it."""
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    target = llvm.Target.from_default_triple()
    name, features = _processor()
    reloc = "static" if target.name.startswith("x86") else "default"
    return target.create_target_machine(
        cpu=name, features=features, opt=3, reloc=reloc, codemodel="jitdefault", jit=True
    )


def _needs(body: str, own: str) -> list[str] | None:
    """What a function calls of the system; None where it calls anything else, or may raise."""
    needs = set()
    for name in _NAMED.findall(body):
        word = name.split(".")[1] if name.startswith("llvm.") else name
        if word == own or (name.startswith("llvm.") and word in _OWN):
            continue
        if word not in _SYSTEM and word not in _OTHERWISE:
            return None
        needs.add(word)
    return sorted(needs)


def _offered(name: str) -> bool:
    """Whether the system has a function; makes it known to LLVM, by numba's name."""
    import llvmlite.binding as llvm

    if llvm.address_of_symbol(name) is None:
        at = _in_system(_OTHERWISE.get(name, name))
        if at is not None:
            llvm.add_symbol(name, at)
    return llvm.address_of_symbol(name) is not None


def _in_system(name: str) -> int | None:
    """Where the C library, or that of mathematics, has a function."""
    for library in (None, "libm.so.6", "ucrtbase"):
        with suppress(AttributeError, OSError, TypeError):
            return ctypes.cast(getattr(ctypes.CDLL(library), name), ctypes.c_void_p).value
    return None


def _processor() -> tuple[str, str]:
    import llvmlite.binding as llvm

    name = os.environ.get("NUMBA_CPU_NAME") or llvm.get_host_cpu_name()
    features = os.environ.get("NUMBA_CPU_FEATURES")
    return name, llvm.get_host_cpu_features().flatten() if features is None else features


def _numba() -> str:
    """The version of numba, without loading it."""
    spec = find_spec("numba")
    folder = Path(spec.origin).parent if spec is not None and spec.origin else Path()
    return (folder / "_version.py").read_text(encoding="utf-8")
