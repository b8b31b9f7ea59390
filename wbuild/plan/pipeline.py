"""From a compiled module to the file that is shipped: candidates, checks, selection, verdicts, measures. Pure, all of it steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from wbuild.builtins.table import builtin
from wbuild.drivers import Build
from wbuild.model.host_recipe import RuntimeRecipe
from wbuild.model.locked import Unavailable
from wbuild.model.planned import JSON, Builtin, In, Late, Out, Product, Step, Tool
from wbuild.model.tool_recipe import Candidate, ToolRecipe
from wbuild.plan.checks import Trials
from wbuild.steps.words import Value, fill_all, placeholders

VALIDATE_SECONDS = 300.0
"""For one module; a second is enough for a hundred megabytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finish:
    """The steps of one product, compile steps included, and the product that they make."""

    steps: tuple[Step, ...]
    product: Product


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What every step after compiling needs to know."""

    build: Build
    product: Product
    trials: Trials
    work: str
    optimizer: ToolRecipe | None
    validator: RuntimeRecipe | None = None
    """The runtime whose tool validates; None where no runtime that takes the target does."""

    def builtin(self, action: Builtin, *, verb: str, suffix: str = "", inputs: Sequence[str], outputs: Sequence[str]) -> Step:
        """A step of our own."""
        artifact = self.build.artifact.name
        return Step(
            name=f"{artifact}.{self.build.target}:{action.name}{suffix}",
            verb=verb,
            label=artifact,
            artifact=artifact,
            action=action,
            inputs=tuple(inputs),
            outputs=tuple(outputs),
        )


def finish(line: Line, compiled: Sequence[Step]) -> Finish:
    """All steps of a product after its compile steps."""
    module = compiled[-1].outputs[0]
    base, work = f"{line.work}/base.wasm", line.work
    steps: list[Step] = [*compiled, _strip(line, module, base)]
    candidates = _candidates(line)
    made: list[str] = []
    if candidates:
        features = f"{work}/features.json"
        steps.append(_features(line, module, features))
        for candidate in candidates:
            raw, stripped = f"{work}/candidates/{candidate.name}.raw.wasm", f"{work}/candidates/{candidate.name}.wasm"
            steps += [_optimize(line, candidate, features, base, raw), _strip(line, raw, stripped, candidate.name)]
            made.append(stripped)
    outcomes: list[str] = []
    for number, tried in enumerate([base, *made]):
        label = candidates[number - 1].name if number else "compiled"
        for index, trial in enumerate(line.trials.trials):
            outcome = f"{work}/checks/{label}.{index}.json"
            steps.append(line.trials.run(trial, tried, outcome, label=label, optional=number > 0))
            outcomes.append(outcome)
    select = f"{work}/select.json"
    steps.append(_select(line, candidates, [module, base, *made, *outcomes, *_validations(line, [base, *made])], select))
    verdicts = [f"{work}/verdicts/{index}.json" for index in range(len(line.trials.trials))]
    steps += [line.trials.judge(t, o, v) for t, o, v in zip(line.trials.trials, outcomes, verdicts, strict=False)]
    measure = f"{work}/measure.json"
    steps.append(line.builtin(builtin("measure"), verb="measure", inputs=[line.product.file], outputs=[measure]))
    product = replace(line.product, measure=measure, select=select, verdicts=tuple(verdicts), steps=tuple(s.name for s in steps))
    return Finish(steps=tuple(steps), product=product)


def _candidates(line: Line) -> tuple[Candidate, ...]:
    """Candidates of the level; without a check only those that need no proof."""
    recipe = line.optimizer.optimizer if line.optimizer else None
    if recipe is None:
        return ()
    found = recipe.levels.get(line.build.level, ())
    return tuple(c for c in found if c.safe or line.trials.trials)


def _strip(line: Line, source: str, target: str, candidate: str = "") -> Step:
    """A module without what is dropped. Where something can, it is validated: as compiled it must be valid; a candidate may be dropped."""
    suffix = f":{candidate}" if candidate else ""
    artifact, validator, kit = line.build.artifact, line.validator, line.build.kit
    args: dict[str, JSON] = {**_rules(line), "changed": bool(candidate)}
    if not candidate:
        args |= {"entry": artifact.kind or "", "artifact": artifact.name, "exporting": line.build.language.exporting}
    if validator is None or isinstance(kit.pins.get(validator.tool), Unavailable):
        action = builtin("strip", args=args)
        return line.builtin(action, verb="strip", suffix=suffix, inputs=[source], outputs=[target])
    programs = {name: kit.bin(validator.tool, name.removeprefix("bin:")) for word in validator.validate for name in placeholders(word)}
    args |= {"artifact": artifact.name, "by": validator.title, "knows": [*validator.features], "must": not candidate}
    action = builtin("validate", args=args, worker=fill_all(validator.validate, programs))
    step = line.builtin(action, verb="validate", suffix=suffix, inputs=[source], outputs=[target, *_validations(line, [target])])
    return replace(step, pins=kit.closure([validator.tool]), timeout=VALIDATE_SECONDS)


def _rules(line: Line) -> dict[str, JSON]:
    """What goes of the custom sections."""
    artifact = line.build.artifact
    return {"debug": line.build.debug, "keep": [*artifact.keep_sections], "drop": [*artifact.drop_sections]}


def _validations(line: Line, modules: Sequence[str]) -> list[str]:
    """Where it stands what the validator says of modules; none where there is no validator."""
    if not _validated(line).get("validated"):
        return []
    return [f"{module.removesuffix('.wasm')}.validation.json" for module in modules]


def _validated(line: Line) -> dict[str, JSON]:
    """What `select` is told of validations."""
    if line.validator is None:
        return {}
    pin = line.build.kit.pins.get(line.validator.tool)
    if isinstance(pin, Unavailable):
        why = f"{line.validator.title} cannot be had on {line.build.kit.platform}: {pin.reason}"
        return {"unvalidated": {"status": "unknown", "by": line.validator.title, "why": why}}
    return {"validated": True}


def _features(line: Line, module: str, output: str) -> Step:
    assert line.optimizer is not None
    assert line.optimizer.optimizer is not None
    words: JSON = {name: list(flags) for name, flags in line.optimizer.optimizer.features.items()}
    return line.builtin(builtin("features", args={"words": words}), verb="features", inputs=[module], outputs=[output])


def _optimize(line: Line, candidate: Candidate, features: str, source: str, target: str) -> Step:
    tool, kit, build = line.optimizer, line.build.kit, line.build
    assert tool is not None
    assert tool.optimizer is not None
    programs = [name for word in candidate.run for name in placeholders(word) if name.startswith("bin:")]
    scope: dict[str, Value] = {
        **{name: kit.bin(tool.name, name.removeprefix("bin:")) for name in programs},
        "in": In(source),
        "out": Out(target),
        "features": [(Late(features, "words"),)],
        "debug": [(word,) for word in tool.optimizer.debug.get(build.debug, ())],
    }
    return Step(
        name=f"{build.artifact.name}.{build.target}:optimize:{candidate.name}",
        verb="optimize",
        label=f"{build.artifact.name} {candidate.name}",
        artifact=build.artifact.name,
        action=Tool(argv=fill_all(candidate.run, scope)),
        inputs=(source, features),
        outputs=(target,),
        pins=kit.closure([tool.name]),
        optional=True,
        timeout=candidate.timeout,
        memory=candidate.memory,
    )


def _select(line: Line, candidates: Sequence[Candidate], inputs: Sequence[str], select: str) -> Step:
    copies = [line.product.copy] if line.product.copy else []
    recipe = line.optimizer.optimizer if line.optimizer else None
    args: dict[str, JSON] = {
        "metric": line.product.metric,
        "names": [c.name for c in candidates],
        "checks": [[t.check.name, t.runtime.name] for t in line.trials.trials],
        "known": [*recipe.features] if recipe else [],
        "copies": len(copies),
        **_rules(line),
        **_validated(line),
    }
    action = builtin("select", args=args)
    step = line.builtin(action, verb="select", inputs=inputs, outputs=[line.product.file, select, *copies])
    guarded = () if line.product.artifact.out_replaces else tuple(copies)
    return replace(step, picks=(line.product.file, *copies), among=tuple(inputs[1 : 2 + len(candidates)]), copies=guarded)
