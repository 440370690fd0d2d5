"""The source of a definition: read for its fields, rewritten for the compiler, hashed for the cache.

1. `tree_of` parses the text of a function.
2. `rewritten` turns ``state.x``, ``bar.x`` and ``p.x`` into plain local names, so that a compiled loop keeps the whole
   state in registers, and lets `update` return its state beside its value.
3. `fingerprint` hashes a function and every function and constant that it reaches.
"""

import ast
import hashlib
import inspect
import linecache
import textwrap
from collections.abc import Callable
from copy import deepcopy
from functools import cache
from types import FunctionType, ModuleType
from typing import Any

from openbell.errors import IndicatorError, Problem

SEEN = "seen"

_COMPILED_ELSEWHERE = ("numpy", "numba", "math")


def tree_of(function: Callable[..., Any]) -> ast.FunctionDef:
    """The parsed definition of a function, at its own line numbers, without decorators and annotations.

    Raises
    ------
    IndicatorError
        If there is no source text: the function was typed at a prompt or made by ``exec``.
    """
    return deepcopy(_parsed(function))


@cache
def _parsed(function: Callable[..., Any]) -> ast.FunctionDef:
    linecache.checkcache(function.__code__.co_filename)
    try:
        lines, first = inspect.getsourcelines(function)
    except OSError as missing:
        raise IndicatorError(
            Problem(
                f"{function.__module__}.{function.__qualname__}",
                "has no source text that can be read",
                "Define it in a file.",
                code="no_source",
            )
        ) from missing
    tree = ast.parse(textwrap.dedent("".join(lines)))
    ast.increment_lineno(tree, first - 1)
    found = tree.body[0]
    if not isinstance(found, ast.FunctionDef):
        raise IndicatorError(_problem(function, found, "is not a def", "Write it as def update(state, bar, p)."))
    found.decorator_list, found.returns = [], None
    for arg in found.args.args:
        arg.annotation = None
    return found


@cache
def fields_read(function: Callable[..., Any], position: int) -> frozenset[str]:
    """Names of the attributes that a function reads from one of its arguments."""
    tree = _parsed(function)
    name = tree.args.args[position].arg
    return frozenset(
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == name
    )


class _Rewriter(ast.NodeTransformer):
    """Attributes of the three records become local names; a return carries the state's scalars along."""

    def __init__(self, function: Callable[..., Any], records: dict[str, dict[str, bool]], kept: list[str]) -> None:
        self._function, self._records, self._kept = function, records, kept

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        record = self._records.get(node.value.id) if isinstance(node.value, ast.Name) else None
        if record is None or not isinstance(node.value, ast.Name):
            return self.generic_visit(node)
        if node.attr not in record:
            known = ", ".join(record) or "nothing"
            what = f"{node.value.id}.{node.attr} does not exist"
            raise IndicatorError(_problem(self._function, node, what, f"{node.value.id} has {known}."))
        if not isinstance(node.ctx, ast.Load) and not record[node.attr]:
            what = f"{node.value.id}.{node.attr} cannot be assigned"
            raise IndicatorError(_problem(self._function, node, what, "Assign to scalar fields of the state only."))
        return ast.copy_location(ast.Name(local(node.value.id, node.attr), node.ctx), node)

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if node.id in self._records:
            what = f"uses {node.id} as a whole"
            raise IndicatorError(_problem(self._function, node, what, f"Pass single fields, like {node.id}.x."))
        return node

    def visit_Return(self, node: ast.Return) -> ast.AST:
        if node.value is None:
            raise IndicatorError(_problem(self._function, node, "returns nothing", "Return a number on every path."))
        value: ast.expr = self.visit(node.value)
        parts: list[ast.expr] = [value, *(ast.Name(name, ast.Load()) for name in self._kept)]
        made = ast.Return(ast.Tuple(parts, ast.Load()))
        return ast.fix_missing_locations(ast.copy_location(made, node))


def local(record: str, field: str) -> str:
    """The local name that stands for a field of a record."""
    return f"{record}__{field}"


def rewritten(
    function: FunctionType,
    scalars: tuple[str, ...],
    windows: tuple[str, ...],
    bar: tuple[str, ...],
    params: tuple[str, ...],
    home: str,
    ready: Callable[[Any], Any],
) -> Any:
    """`update` over plain values: ``(seen, *scalars, *windows, *bar, *params) -> (value, *scalars)``.

    ``home`` and ``ready`` are those of `cloned`.

    Raises
    ------
    IndicatorError
        If the function reads a field that does not exist, or uses a record as a whole; names the line.
    """
    tree = flat(function, scalars, windows, bar, params)
    scope = {**function.__globals__, **_closure(function), "__name__": home}
    made: dict[int, Any] = {}
    for name, value in _names(function):
        if _is_helper(value) and name in scope:
            scope[name] = cloned(value, home, ready, made)
    exec(compile(ast.Module([tree], []), function.__code__.co_filename, "exec"), scope)
    return ready(scope[tree.name])


def flat(
    function: Callable[..., Any],
    scalars: tuple[str, ...],
    windows: tuple[str, ...],
    bar: tuple[str, ...],
    params: tuple[str, ...],
) -> ast.FunctionDef:
    """`update` with plain names instead of fields.

    Raises
    ------
    IndicatorError
        As `rewritten`.
    """
    tree = tree_of(function)
    state_name, bar_name, params_name = (arg.arg for arg in tree.args.args)
    records = {
        state_name: {SEEN: False, **dict.fromkeys(scalars, True), **dict.fromkeys(windows, False)},
        bar_name: dict.fromkeys(bar, False),
        params_name: dict.fromkeys(params, False),
    }
    names = [local(record, field) for record, fields in records.items() for field in fields]
    rewriter = _Rewriter(function, records, [local(state_name, field) for field in scalars])
    tree.body = [rewriter.visit(statement) for statement in _without_docstring(tree.body)]
    tree.args.args = [ast.arg(name) for name in names]
    return ast.fix_missing_locations(tree)


def fingerprint(function: Callable[..., Any]) -> str:
    """A hash of what a function computes: its text, and every function and constant that it reaches.

    Comments, docstrings and the place in the file do not count.
    """
    digest = hashlib.sha256()
    for name, reached in _reached(function):
        digest.update(name.encode())
        digest.update(_text(reached).encode())
    return digest.hexdigest()[:24]


def cloned(function: FunctionType, home: str, ready: Callable[[Any], Any], made: dict[int, Any]) -> Any:
    """A copy of a function, and of every helper that it calls by a bare name, that says it lives in module ``home``.

    Compiled code on disk names the modules of the functions in it, and is found again only where these can be
    imported; a user's file cannot.

    Parameters
    ----------
    function
        What is copied.
    home
        A module that can always be imported.
    ready
        What every copy goes through.
    made
        Copies so far, by the identity of their original.
    """
    if id(function) not in made:
        scope = {**function.__globals__, "__name__": home}
        copy = FunctionType(function.__code__, scope, function.__name__, function.__defaults__, function.__closure__)
        made[id(function)] = ready(copy)
        for name, value in _names(function):
            if _is_helper(value):
                helper = cloned(value, home, ready, made)
                if name in scope:
                    scope[name] = helper
    return made[id(function)]


def _reached(function: Callable[..., Any]) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = [(function.__name__, function)]
    known = {id(function)}
    for _, reached in found:
        if not _is_helper(reached):
            continue
        for name, value in _names(reached):
            if isinstance(value, FunctionType) and id(value) in known:
                continue
            known.add(id(value))
            found.append((name, value))
    return found


@cache
def _names(function: FunctionType) -> list[tuple[str, Any]]:
    scope = {**function.__globals__, **_closure(function)}
    found = []
    for node in ast.walk(_parsed(function)):
        if isinstance(node, ast.Name) and node.id in scope:
            found.append((node.id, scope[node.id]))
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            owner = scope.get(node.value.id)
            if isinstance(owner, ModuleType) or inspect.isclass(owner):
                found.append((f"{node.value.id}.{node.attr}", getattr(owner, node.attr, None)))
    return found


def _text(value: Any) -> str:
    if _is_helper(value):
        return _dumped(value)
    return repr(value) if isinstance(value, int | float | str | bool | tuple) else type(value).__name__


@cache
def _dumped(function: Callable[..., Any]) -> str:
    tree = _parsed(function)
    return "".join(map(ast.dump, [tree.args, *_without_docstring(tree.body)]))


def _is_helper(value: Any) -> bool:
    return isinstance(value, FunctionType) and (value.__module__ or "").split(".")[0] not in _COMPILED_ELSEWHERE


def _without_docstring(body: list[ast.stmt]) -> list[ast.stmt]:
    first = body[0]
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
        return body[1:] or [ast.copy_location(ast.Pass(), first)]
    return body


def _closure(function: Callable[..., Any]) -> dict[str, Any]:
    cells = function.__closure__ or ()
    return dict(zip(function.__code__.co_freevars, (cell.cell_contents for cell in cells), strict=True))


def _problem(function: Callable[..., Any], node: ast.AST, what: str, fix: str) -> Problem:
    place = f"{function.__code__.co_filename}:{getattr(node, 'lineno', function.__code__.co_firstlineno)}"
    return Problem(place, what, fix, code="bad_definition")
