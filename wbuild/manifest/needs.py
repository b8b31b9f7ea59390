"""`needs`: artifacts that are inputs of others: their order, what is wrong with it, and how a manifest names their files. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from typing import Final

from wbuild.model.planned import In, Part, Root, Word
from wbuild.model.written import Artifact, Target
from wbuild.text.names import quoted
from wbuild.toml.locate import Path
from wbuild.toml.problems import Faults, dotted

__all__ = ["check_needs", "in_order", "selected", "with_files", "with_needed"]

_REFERENCE: Final = re.compile(r"\{artifact\.([^{}]*)\}")


def check_needs(artifacts: Sequence[tuple[Artifact, Faults]]) -> None:
    """Note names in `needs` that no artifact has, references to artifacts that are not in it, and every cycle with its path."""
    noted = {artifact.name: faults for artifact, faults in reversed(artifacts)}
    for artifact, faults in artifacts:
        for position, name in enumerate(artifact.needs):
            where: Path = ("artifact", artifact.name, "needs", position)
            if name not in noted:
                faults.add("WB256", where, f"{dotted(where)}: no artifact is called {quoted(name)}", near=(name, noted))
        for keys, name in _references(artifact):
            if name not in artifact.needs:
                where = ("artifact", artifact.name, *keys)
                message = f"{dotted(where)} names the artifact {quoted(name)}, which is not in its `needs`"
                faults.add("WB256", where, message, hint=f'add needs = ["{name}"] to [{dotted(where[:2])}]')
    by_name = {artifact.name: artifact for artifact, _ in artifacts}
    for cycle in _cycles(by_name):
        where = ("artifact", cycle[0], "needs", by_name[cycle[0]].needs.index(cycle[1]))
        message = f"artifacts need each other: {' → '.join(cycle)}"
        noted[cycle[0]].add("WB257", where, message, hint="take one of them out of `needs`")


def _references(artifact: Artifact) -> Iterator[tuple[Path, str]]:
    """(keys below the artifact's table, name) of every `{artifact.NAME}`."""
    texts: list[tuple[Path, object]] = [(("env", name), value) for name, value in artifact.env.items()]
    texts += [(("flags", "compile", position), flag) for position, flag in enumerate(artifact.flags.compile)]
    texts += [(("flags", "link", position), flag) for position, flag in enumerate(artifact.flags.link)]
    for option, value in artifact.options.items():
        entries = enumerate(value) if isinstance(value, tuple) else ()
        texts += [((artifact.lang, option, position), entry) for position, entry in entries] or [((artifact.lang, option), value)]
    for keys, text in texts:
        for name in _REFERENCE.findall(text) if isinstance(text, str) else ():
            yield keys, name


def _cycles(artifacts: Mapping[str, Artifact]) -> Iterator[tuple[str, ...]]:
    """Every cycle, each from one that needs the next to itself again."""
    needs = {name: {other for other in artifact.needs if other in artifacts} for name, artifact in artifacts.items()}
    while cycle := _first_cycle(needs):
        yield cycle
        needs[cycle[-2]].discard(cycle[-1])


def _first_cycle(needs: Mapping[str, Collection[str]]) -> tuple[str, ...]:
    """A cycle, from that of its members which stands first; () when there is none."""
    try:
        TopologicalSorter(needs).prepare()
    except CycleError as error:
        found = tuple(reversed(error.args[1]))
        order = [*needs]
        start = min(range(len(found) - 1), key=lambda at: order.index(found[at]))
        return (*found[start:-1], *found[:start], found[start])
    return ()


def in_order(artifacts: Sequence[Artifact]) -> tuple[Artifact, ...]:
    """The artifacts, each after those that it needs; as they are when none needs another."""
    if not any(artifact.needs for artifact in artifacts):
        return tuple(artifacts)
    by_name = {artifact.name: artifact for artifact in artifacts}
    return tuple(by_name[name] for name in TopologicalSorter({a.name: a.needs for a in artifacts}).static_order())


def with_needed(artifacts: Sequence[Artifact], names: Collection[str]) -> tuple[str, ...]:
    """Names and all that they need, in the order of `artifacts`."""
    found = set(names)
    for artifact in reversed(in_order(artifacts)):
        if artifact.name in found:
            found.update(artifact.needs)
    return tuple(artifact.name for artifact in artifacts if artifact.name in found)


def selected(artifacts: Sequence[Artifact], names: Collection[str], targets: Collection[Target]) -> dict[str, tuple[Target, ...]]:
    """Artifact → what it is built for: its chosen targets (all, when `targets` is empty), and the first one when another needs it."""
    found: dict[str, tuple[Target, ...]] = {}
    needed: set[str] = set()
    for artifact in reversed(in_order(artifacts)):
        chosen = [t for t in artifact.targets if artifact.name in names and (not targets or t in targets)]
        if artifact.name in needed and artifact.targets[0] not in chosen:
            chosen.insert(0, artifact.targets[0])
        if chosen:
            found[artifact.name] = tuple(chosen)
            needed.update(artifact.needs)
    return found


def with_files(text: str, files: Mapping[str, str]) -> Word:
    """A word of a manifest; `{artifact.NAME}` becomes the absolute path of that artifact's file, which no key holds.

    Absolute, because compilers take paths from different folders: cargo's from the package, a preprocessor's from the source.
    """
    parts: list[Part] = []
    for position, piece in enumerate(_REFERENCE.split(text)):
        if position % 2:
            parts += [Root(), "/", In(files[piece])]
        elif piece:
            parts.append(piece)
    return tuple(parts) or ("",)
