"""From a step to its key."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from wbuild.cache.keys import BUILTIN, KEYED, StepKey, canonical, digest
from wbuild.doors.userkey import mac
from wbuild.engine.late import settle
from wbuild.engine.layout import fixed
from wbuild.engine.session import RUNNERS, Run
from wbuild.model.planned import Builtin, RunnerPath, SharedCache, Step, Tool, Word
from wbuild.steps.words import parts, portable


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """The words of a tool step, or of the program that a builtin asks, without late parts."""

    argv: tuple[Word, ...] = ()
    env: Mapping[str, Word]

    @property
    def words(self) -> Iterable[Word]:
        """All words of the command line and of the environment."""
        return (*self.argv, *self.env.values())

    @property
    def shared(self) -> Sequence[str]:
        """Names of the shared caches, each once."""
        return list(dict.fromkeys(part.name for part in parts(self.words) if isinstance(part, SharedCache)))


def settled(session: Run, step: Step) -> Settled:
    """Read the late words of a step. Raises BugError."""
    if isinstance(step.action, Builtin):
        return Settled(argv=step.action.worker, env={})
    env = {name: settle([word], session.late) for name, word in step.env.items()}
    return Settled(argv=settle(step.action.argv, session.late), env={name: words[0] if words else ("",) for name, words in env.items()})


def key_of(session: Run, step: Step, words: Settled, inputs: Mapping[str, str]) -> StepKey:
    """The step's key, given the contents of its inputs."""
    is_tool = isinstance(step.action, Tool)
    base = fixed(session.epoch) if is_tool and not step.network else {}
    return StepKey(
        action=_action(step, words),
        env={**base, **{name: _value(session, step, name, word) for name, word in words.env.items()}},
        texts=step.texts,
        stdin=step.stdin,
        tools={**{pin.name: pin.identity for pin in step.pins}, **_runners(session, words)},
        platform=session.doors.platform if is_tool else "",
        outputs=step.outputs,
        results={path: portable(word) for path, word in step.results.items()},
        inputs=tuple((path, inputs[path]) for path in step.inputs),
        candidates=tuple(sorted(step.candidates)),
        depfile=step.depfile or portable(step.evidence),
        keep=step.keep,
        links=step.links,
    )


def _value(session: Run, step: Step, name: str, word: Word) -> str:
    """A variable's value, or a hash that stands for one that is not shown."""
    text = portable(word)
    if name not in step.hidden:
        return text
    return KEYED + mac(session.doors.key, "variable", name.encode(), text.encode("utf-8", "surrogateescape")).hex()


def _action(step: Step, words: Settled) -> tuple[str, ...]:
    if isinstance(step.action, Tool):
        return tuple(portable(word) for word in words.argv)
    arguments = (f"{name}={canonical(value).decode()}" for name, value in sorted(step.action.args.items()))
    asked = (f"worker={' '.join(portable(word) for word in words.argv)}",) if words.argv else ()
    return (BUILTIN, step.action.name, f"v{step.action.version}", *arguments, *asked)


def _runners(session: Run, words: Settled) -> dict[str, str]:
    """Our own programs that the command line names, by content: the file and its parts, NAME_*.py beside it."""
    files = {part.file for part in parts(words.words) if isinstance(part, RunnerPath)}
    return {f"runner/{file}": _runner(session, file) for file in files}


def _runner(session: Run, file: str) -> str:
    known = session.runners.get(file)
    if known is None:
        stem = file.partition(".")[0]
        parts = sorted(
            path for path in RUNNERS.glob(f"{stem}*") if path.is_file() and (path.stem == stem or path.stem.startswith(f"{stem}_"))
        )
        known = session.runners[file] = digest(canonical([[path.name, session.doors.files.sha256(path)] for path in parts]))
    return known
