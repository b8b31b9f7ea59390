"""From a compiled module to the file that is shipped: candidates, checks, selection, verdicts, measures. Pure, all of it steps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from wbuild.builtins.table import builtin
from wbuild.catalog.stage_rules import COMPILED, stages_of
from wbuild.drivers import Build
from wbuild.model.host_recipe import RuntimeRecipe
from wbuild.model.locked import Unavailable
from wbuild.model.planned import JSON, Builtin, In, Late, Out, Product, ProductFile, Step, Tool
from wbuild.model.tool_recipe import OptimizerStage, ToolRecipe
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
    stages = _stages(line)
    made = {stage.name: f"{work}/candidates/{stage.name}.wasm" for stage in stages if stage.candidate}
    if stages:
        steps.append(_features(line, module, f"{work}/features.json"))
    for stage in stages:
        steps.append(_optimize(line, stage, base))
        if stage.candidate:
            steps.append(_strip(line, _raw(line, stage.name), made[stage.name], stage.name))
    contest = Contest(line=line, module=module, base=base, made=made)
    steps += contest.steps()
    steps.append(_select(contest))
    verdicts = [f"{work}/verdicts/{index}.json" for index in range(len(line.trials.trials))]
    steps += [line.trials.judge(t, o, v) for t, o, v in zip(line.trials.trials, contest.outcomes(COMPILED), verdicts, strict=True)]
    files = _beside(line, compiled[-1])
    if files:
        copies = [one.file for one in files]
        steps.append(line.builtin(builtin("copy"), verb="ship", inputs=compiled[-1].outputs[1:], outputs=copies))
    measure = f"{work}/measure.json"
    steps.append(line.builtin(builtin("measure"), verb="measure", inputs=[line.product.file], outputs=[measure]))
    product = replace(
        line.product,
        files=files,
        measure=measure,
        select=f"{work}/select.json",
        verdicts=tuple(verdicts),
        steps=tuple(s.name for s in steps),
    )
    return Finish(steps=tuple(steps), product=product)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contest:
    """The candidates of one product: which of them is checked, and what with.

    Checks are run on the module as compiled, on the best candidate that may win, and on the next best only when one before has failed.
    """

    line: Line
    module: str
    """As the compiler wrote it."""
    base: str
    """The module as compiled, without the custom sections that are dropped anyway."""
    made: Mapping[str, str]
    """Candidate → its module."""

    @property
    def ranking(self) -> tuple[str, ...]:
        """What `rank` says; nothing without candidates."""
        return (f"{self.line.work}/rank.json",) if self.made else ()

    @property
    def places(self) -> tuple[str, ...]:
        """Places in the ranking, best first: one for each candidate, if there are checks."""
        return tuple(map(_place, range(len(self.made)))) if self.line.trials.trials else ()

    def outcomes(self, place: str) -> tuple[str, ...]:
        """What checks say of the module in a place, or of the one as compiled."""
        return tuple(f"{self.line.work}/checks/{place}.{index}.json" for index in range(len(self.line.trials.trials)))

    def told(self) -> tuple[str, ...]:
        """All outcomes: of the module as compiled, then place by place."""
        return tuple(outcome for place in (COMPILED, *self.places) for outcome in self.outcomes(place))

    def steps(self) -> Iterator[Step]:
        """The ranking, and all checks."""
        yield from self._checks(COMPILED, self.base)
        if self.made:
            yield self._rank()
        for number, place in enumerate(self.places):
            if number:
                yield self._challenge(number, place)
            yield from self._checks(place, self._challenger(place))

    def _challenger(self, place: str) -> str:
        return f"{self.line.work}/contest/{place}.wasm"

    def _checks(self, place: str, module: str) -> Iterator[Step]:
        for trial, outcome in zip(self.line.trials.trials, self.outcomes(place), strict=True):
            yield self.line.trials.run(trial, module, outcome, label=place, optional=place != COMPILED)

    def _rank(self) -> Step:
        line = self.line
        args: dict[str, JSON] = {"metric": line.product.metric, "names": [*self.made], "known": _known(line), "checked": bool(self.places)}
        validations = _validations(line, [*self.made.values()])
        action = builtin("rank", args={**args, "validated": bool(validations)})
        challenger = [self._challenger(place) for place in self.places[:1]]
        inputs = [self.module, self.base, *self.made.values(), *validations]
        return line.builtin(action, verb="order", inputs=inputs, outputs=[*self.ranking, *challenger])

    def _challenge(self, number: int, place: str) -> Step:
        tried = (outcome for before in (COMPILED, *self.places[:number]) for outcome in self.outcomes(before))
        action = builtin("challenge", args={"names": [*self.made], "checks": len(self.line.trials.trials)})
        inputs = [*self.ranking, *self.made.values(), *tried]
        return self.line.builtin(action, verb="order", suffix=f":{place}", inputs=inputs, outputs=[self._challenger(place)])


def _beside(line: Line, last: Step) -> tuple[ProductFile, ...]:
    """What is shipped beside the module: further outputs of the last compile step, named after the artifact."""
    recipes = line.build.toolchain.steps[-1].files
    stem = line.product.file.removesuffix(".wasm")
    places = (f"{stem}{recipe.suffix}{'/' * path.endswith('/')}" for path, recipe in zip(last.outputs[1:], recipes, strict=True))
    return tuple(ProductFile(role=recipe.role, file=place) for recipe, place in zip(recipes, places, strict=True))


def _place(number: int) -> str:
    """best, second, third, place-4, …"""
    return ("best", "second", "third")[number] if number < 3 else f"place-{number + 1}"


def _raw(line: Line, stage: str) -> str:
    """What a stage has made, as it made it."""
    return f"{line.work}/candidates/{stage}.raw.wasm"


def _stages(line: Line) -> tuple[OptimizerStage, ...]:
    """Stages of the level; without a check only those that need no proof, and what they go on from."""
    recipe = line.optimizer.optimizer if line.optimizer else None
    if recipe is None:
        return ()
    found = stages_of(recipe, line.build.language, line.build.level)
    if line.trials.trials:
        return found
    wanted = {stage.name for stage in found if stage.candidate and stage.safe}
    for stage in reversed(found):
        wanted.update(stage.from_ if stage.name in wanted else ())
    return tuple(stage if stage.safe else replace(stage, candidate=False) for stage in found if stage.name in wanted)


def _known(line: Line) -> list[JSON]:
    """Features that the optimizer has words for."""
    recipe = line.optimizer.optimizer if line.optimizer else None
    return [*recipe.features] if recipe else []


def _strip(line: Line, source: str, target: str, candidate: str = "") -> Step:
    """A module without what is dropped. Where something can, it is validated: as compiled it must be valid; a candidate may be dropped."""
    suffix = f":{candidate}" if candidate else ""
    artifact, validator, kit = line.build.artifact, line.validator, line.build.kit
    args: dict[str, JSON] = {**line.build.section_rules, "changed": bool(candidate)}
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


def _optimize(line: Line, stage: OptimizerStage, base: str) -> Step:
    tool, kit, build = line.optimizer, line.build.kit, line.build
    assert tool is not None
    assert tool.optimizer is not None
    inputs = {name: base if name == COMPILED else _raw(line, name) for name in stage.from_}
    first, target = next(iter(inputs.values())), _raw(line, stage.name)
    if stage.builtin:
        action = builtin(stage.builtin, args={**line.build.section_rules, **stage.args})
        step = line.builtin(action, verb="optimize", inputs=[*inputs.values()], outputs=[target])
        return replace(step, name=f"{build.artifact.name}.{build.target}:optimize:{stage.name}")
    features = f"{line.work}/features.json"
    programs = [name for word in stage.run for name in placeholders(word) if name.startswith("bin:")]
    scope: dict[str, Value] = {
        **{name: kit.bin(tool.name, name.removeprefix("bin:")) for name in programs},
        **{f"in:{name}": In(path) for name, path in inputs.items()},
        "in": In(first),
        "out": Out(target),
        "features": [(Late(features, "words"),)],
        "debug": [(word,) for word in tool.optimizer.debug.get(build.debug, ())],
        "language": [(word,) for word in build.language.optimizer.words],
    }
    return Step(
        name=f"{build.artifact.name}.{build.target}:optimize:{stage.name}",
        verb="optimize",
        label=f"{build.artifact.name} {stage.name}",
        artifact=build.artifact.name,
        action=Tool(argv=fill_all(stage.run, scope)),
        inputs=(*inputs.values(), features),
        outputs=(target,),
        pins=kit.closure([tool.name]),
        optional=True,
        timeout=stage.timeout,
        memory=stage.memory,
    )


def _select(contest: Contest) -> Step:
    line = contest.line
    copies = [line.product.copy] if line.product.copy else []
    args: dict[str, JSON] = {
        "names": [*contest.made],
        "checks": [[t.check.name, t.runtime.name] for t in line.trials.trials],
        "copies": len(copies),
        **line.build.section_rules,
        **_validated(line),
    }
    modules = [contest.base, *contest.made.values()]
    inputs = [contest.module, *modules, *contest.ranking, *contest.told(), *_validations(line, modules)]
    step = line.builtin(
        builtin("select", args=args), verb="select", inputs=inputs, outputs=[line.product.file, f"{line.work}/select.json", *copies]
    )
    guarded = () if line.product.artifact.out_replaces else tuple(copies)
    return replace(step, picks=(line.product.file, *copies), among=tuple(modules), copies=guarded)
