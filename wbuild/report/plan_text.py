"""`wbuild plan`: the steps of a plan as text or JSON. Late words stand in angle brackets; `resolved` holds what they became."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence

from wbuild.model.locked import Pin
from wbuild.model.planned import JSON, Late, Plan, Step, Tool, Word
from wbuild.steps.words import portable
from wbuild.text.redact import HIDDEN
from wbuild.text.show import escape
from wbuild.text.units import show_bytes

SCHEMA = "wbuild.plan/1"
Resolved = Mapping[tuple[str, str], Sequence[str]]
"""(path, field) of a late word → the words that it became."""


def command(step: Step, resolved: Resolved | None = None) -> list[str]:
    """The command line of a step in portable form, or the builtin's name with its arguments."""
    if isinstance(step.action, Tool):
        return [text for word in step.action.argv for text in _shown(word, resolved or {})]
    arguments = [f"{name}={json.dumps(value, ensure_ascii=False, sort_keys=True)}" for name, value in sorted(step.action.args.items())]
    return [f"builtin:{step.action.name}/{step.action.version}", *arguments]


def _shown(word: Word, resolved: Resolved) -> Sequence[str]:
    if len(word) == 1 and isinstance(word[0], Late):
        late = word[0]
        return resolved.get((late.path, late.field), [portable(word)])
    return [portable(word)]


def render(
    plan: Plan, missing: Sequence[Pin] = (), reasons: Mapping[str, Sequence[str]] | None = None, resolved: Resolved | None = None
) -> str:
    """The plan as text: what would be downloaded, then each artifact's steps. `reasons`: step → why it would run, () = nothing to do."""
    lines = [f"download  {pin.name} {pin.version} ({show_bytes(pin.size, 1)})" for pin in missing]
    for step in plan.steps:
        state = "" if reasons is None else "  (cached)" if not reasons.get(step.name) else ""
        lines.append(f"{step.verb:<9} {escape(step.name)}{' (optional)' if step.optional else ''}{state}")
        if isinstance(step.action, Tool):
            lines.append(f"          {escape(shlex.join(command(step, resolved)))}")
            lines += [f"          {name}={escape(_value(step, name))}" for name in sorted(step.env)]
        else:
            lines.append(f"          {escape(' '.join(command(step)), cap=400)}")
        lines += [f"          because {escape(reason)}" for reason in (reasons or {}).get(step.name, ())]
        lines.append(f"          → {escape(', '.join(step.outputs))}")
    return "\n".join(lines) + "\n" if lines else ""


def to_json(
    plan: Plan, missing: Sequence[Pin] = (), reasons: Mapping[str, Sequence[str]] | None = None, resolved: Resolved | None = None
) -> str:
    """The plan as JSON (`wbuild.plan/1`)."""
    doc: JSON = {
        "schema": SCHEMA,
        "downloads": [{"tool": pin.name, "version": pin.version, "bytes": pin.size} for pin in missing],
        "artifacts": [
            {"name": p.artifact.name, "target": p.target, "profile": p.profile, "level": p.level, "file": p.file} for p in plan.products
        ],
        "steps": [_step(step, (reasons or {}).get(step.name), resolved) for step in plan.steps],
    }
    return json.dumps(doc, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _step(step: Step, reasons: Sequence[str] | None, resolved: Resolved | None) -> JSON:
    doc: dict[str, JSON] = {
        "name": step.name,
        "verb": step.verb,
        "artifact": step.artifact,
        "command": [*command(step, resolved)],
        "env": {name: _value(step, name) for name in step.env},
        "inputs": [*step.inputs],
        "candidates": [*step.candidates],
        "outputs": [*step.outputs],
        "tools": [pin.identity for pin in step.pins],
        "optional": step.optional,
        "network": step.network,
    }
    if reasons is not None:
        doc["reasons"] = [*reasons]
    return doc


def _value(step: Step, name: str) -> str:
    """A variable's value, unless it is one that nobody is shown."""
    return HIDDEN if name in step.hidden else portable(step.env[name])
