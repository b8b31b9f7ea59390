"""Which features a file needs, by a walk over every instruction and type, and which it declares."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from wbuild.errors import ArtifactError
from wbuild.wasm import patterns, scalar
from wbuild.wasm.blocks import CONTROL, Blocks
from wbuild.wasm.canon import component_uses
from wbuild.wasm.instructions import last
from wbuild.wasm.module import Body, Component, Module
from wbuild.wasm.opcodes import INDEX_LETTERS
from wbuild.wasm.reader import read, read_module
from wbuild.wasm.uses import DECLARED, FeatureSet, Reason, Uses

__all__ = ["features"]

_DATA_COUNT: Final = 12
_SMALL: Final = 10_000
"""Bytes of code below which the scalar decoder is done before a pattern is compiled."""
_REBUILD: Final = 20_000
"""Tokens after which a pattern that takes the features found so far for plain pays."""


def features(source: bytes | Module | Component) -> FeatureSet:
    """The features of a module, or of a component (`component-model`), of what it is made of itself, and of all modules in it.

    Raises ArtifactError: what `reader` raises, and for code WB333 (past its end), WB334, WB337 (unknown instruction), WB338.
    """
    subject = read(source) if isinstance(source, bytes) else source
    uses = Uses()
    if isinstance(subject, Component):
        uses.add(("component-model",), "the header", subject.start)
        for component in _components(subject):
            component_uses(component, uses)
        for module in _modules(subject):
            uses.merge(_module_reasons(module))
    else:
        uses.merge(_module_reasons(subject))
    return uses.closed()


def _components(component: Component) -> Iterator[Component]:
    yield component
    for nested in component.components:
        yield from _components(nested)


def _modules(component: Component) -> Iterator[Module]:
    for start, end in component.modules:
        yield read_module(component.data, start, end)
    for nested in component.components:
        yield from _modules(nested)


def _module_reasons(module: Module) -> dict[str, Reason]:
    uses = Uses()
    uses.merge(module.reasons)
    scan = _Scan(module, uses)
    if sum(body.end - body.code for body in module.bodies) < _SMALL:
        scan.slowly()
    else:
        scan.quickly()
    declared = module.custom("target_features")
    if declared is not None:
        uses.add(module.target_features, DECLARED, declared.start)
    return uses.reasons


class _Scan:
    """One pass over the function bodies of a module."""

    def __init__(self, module: Module, uses: Uses) -> None:
        self._data = module.data
        self._bodies = module.bodies
        self._first = len(module.imported("func"))
        self._uses = uses
        self._known: set[bytes] = {b""}
        self._counted = any(section.id == _DATA_COUNT for section in module.sections)

    def _note(self, token: bytes, at: int, function: int) -> None:
        """Record what one instruction, seen for the first time, needs."""
        self._known.add(token)
        found = scalar.decode(token)
        if "d" in found.op.immediates and not self._counted:
            message = f"an instruction with the index of a data segment in function {function} at offset {at:#x}, but no data count section"
            raise ArtifactError("WB336", message)
        names = scalar.instruction_features(token, found.op, 0, found.marks)
        if names:
            code = f"{token[0]:#04x}" if token[0] < 0xFB else f"{token[0]:#04x} {token[1]:#04x}"
            self._uses.add(sorted(names), f"instruction {code}", at, function)

    def slowly(self) -> None:
        """Note the features of all bodies with the scalar decoder, one instruction after the other."""
        for function, body in enumerate(self._bodies, self._first):
            self._scalar(body, function)

    def _scalar(self, body: Body, function: int) -> None:
        data, at, end = self._data, body.code, last(self._data, body)
        known, marks = self._known, list[scalar.Mark]()
        blocks = Blocks(function)
        while at < end:
            if data[at] in CONTROL:
                blocks.take(data[at], at)
            op, after = scalar.step(data, at, end, marks)
            if op.features or marks:
                token = data[at:after]
                if token not in known:
                    self._note(token, at, function)
                marks.clear()
            at = after
        blocks.close(end)

    def quickly(self) -> None:
        """Note the features of all bodies with a pattern, made anew when many of its tokens are of features that have been found."""
        data, known = self._data, self._known
        seen = frozenset[str]()  # the same pattern for all modules, until one is worth its own
        find = patterns.feature_pattern(seen).findall
        tokens = 0
        for function, body in enumerate(self._bodies, self._first):
            rows = find(data, body.code, last(data, body))
            if (len(rows) > 1 and rows[-2][1]) or rows[-1][1] or not known.issuperset([token for token, _ in rows]):
                self._exactly(body, function, seen)
            tokens += len(rows) - 1
            if tokens > _REBUILD:
                tokens = 0
                now = frozenset(self._uses.reasons)
                if now != seen:
                    seen = now
                    find = patterns.feature_pattern(seen).findall

    def _exactly(self, body: Body, function: int, seen: frozenset[str]) -> None:
        """A body with something new or something that the pattern does not match, token by token."""
        data, at, end = self._data, body.code, last(self._data, body)
        finditer = patterns.feature_pattern(seen).finditer
        while at < end:
            for match in finditer(data, at, end):
                if match.group(2) is not None:
                    at = self._stuck(match.start(2), end, function)
                    break
                token = match.group(1)
                if token is not None and token not in self._known:
                    self._note(token, match.start(1), function)
            else:
                return

    def _stuck(self, at: int, end: int, function: int) -> int:
        op, after = scalar.step(self._data, at, end)
        token = self._data[at:after]
        if token not in self._known and (op.features or INDEX_LETTERS.intersection(op.immediates)):
            self._note(token, at, function)
        return after
