from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pytest

from tests.modules import component, module
from tests.unit.test_judge import outcome
from wbuild.builtins.features import features
from wbuild.builtins.rank import Ranking, challenge, rank
from wbuild.builtins.select import select
from wbuild.builtins.strip import strip
from wbuild.errors import ArtifactError
from wbuild.model.planned import JSON
from wbuild.toml.from_json import parse
from wbuild.wasm.writer import section

BASE = module(code=b"\x01" * 100)
SMALL = module(code=b"\x01" * 50)
SMALLER = module(code=b"\x01" * 40)
LARGE = module(code=b"\x01" * 101)
SAME = outcome(stdout=b"90\n", fuel=70)


@dataclass(kw_only=True)
class Trial:
    """One call of `select` with its defaults: two candidates, one check, everything behaves the same."""

    candidates: Mapping[str, bytes | None] = field(default_factory=lambda: {"Oz": SMALL, "flat": SMALLER})
    base: bytes = BASE
    compiled: bytes = BASE + b"\0\x03\x01zz"
    checks: Sequence[str] = ("ten percent",)
    before: Sequence[bytes | None] = (SAME,)
    after: Mapping[str, Sequence[bytes | None]] = field(default_factory=dict)
    args: Mapping[str, JSON] = field(default_factory=dict)

    def run(self) -> tuple[bytes, dict[str, JSON]]:
        args: dict[str, JSON] = {
            "metric": "raw",
            "names": list(self.candidates),
            "checks": [[name, "wasmtime"] for name in self.checks],
            **self.args,
        }
        modules = [self.compiled, self.base, *self.candidates.values()]
        ranking = rank(args, modules)[:1] if self.candidates else []
        winner, text, *copies = select(args, [*modules, *ranking, *self.before, *self.outcomes(ranking)])
        assert winner is not None
        assert text is not None
        assert copies == [winner] * len(copies)
        return winner, json.loads(text)

    def outcomes(self, ranking: Sequence[bytes | None]) -> list[bytes | None]:
        """Those of the places that a contest has: every candidate that may win is checked until one passes."""
        if not self.checks or not ranking or ranking[0] is None:
            return []
        challengers = parse(Ranking, ranking[0]).challengers
        rows: list[list[bytes | None]] = []
        args: dict[str, JSON] = {"names": list(self.candidates), "checks": len(self.checks)}
        for place in range(len(self.candidates)):
            told = [one for row in rows for one in row]
            (following,) = challenge(args, [*ranking, *self.candidates.values(), *self.before, *told])
            tried = following is not None
            rows.append([*self.after.get(challengers[place], self.before)] if tried else [None] * len(self.checks))
        return [one for row in rows for one in row]


def test_the_smallest_that_behaves_the_same_wins() -> None:
    winner, doc = Trial().run()
    assert winner == SMALLER
    assert doc == {
        "chosen": "flat",
        "before": len(BASE),
        "compiled": len(BASE) + 5,
        "after": len(SMALLER),
        "why": "",
        "checked": True,
        "degraded": False,
        "fuel": {"ten percent/wasmtime": 70},
    }


def test_fuel_is_that_of_the_winner() -> None:
    after = {"flat": [outcome(stdout=b"90\n", fuel=55)]}
    assert Trial(after=after).run()[1]["fuel"] == {"ten percent/wasmtime": 55}


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (outcome(stdout=b"a"), outcome(stdout=b"b"), "changed the output of"),
        (outcome(stderr=b"a"), outcome(stderr=b"b"), "changed the error output of"),
        (outcome(), outcome(exit=1), "changed the exit code of"),
        (outcome(exit=None, returns=["1"]), outcome(exit=None, returns=["2"]), "changed the returned value of"),
        (outcome(), outcome(exit=None, trap="unreachable"), "trapped in"),
        (outcome(exit=None, trap="unreachable"), outcome(), "no longer trapped in"),
        (outcome(), outcome(exit=None, limit="time"), "ran into the limit of time in"),
        (outcome(), outcome(exit=None, error="no such import"), "could not be run in"),
        (outcome(), None, "could not be run in"),
    ],
)
def test_F119_a_candidate_that_behaves_differently_is_dropped_with_the_reason(before: bytes, after: bytes | None, words: str) -> None:
    winner, doc = Trial(before=[before], after={"flat": [after]}).run()
    assert winner == SMALL
    assert doc["chosen"] == "Oz"
    assert doc["why"] == f'flat {words} check "ten percent" on wasmtime'


def test_a_trap_may_have_another_wording() -> None:
    before, after = (outcome(exit=None, trap=text, stderr=text.encode()) for text in ("at f", "at g"))
    assert Trial(before=[before], after={"flat": [after]}).run()[0] == SMALLER


def test_a_check_that_the_runtime_cannot_run_says_nothing() -> None:
    broken = outcome(exit=None, error="cannot load")
    winner, doc = Trial(checks=["a", "b"], before=[broken, SAME], after={"flat": [None, SAME]}).run()
    assert (winner, doc["checked"]) == (SMALLER, True)


@pytest.mark.parametrize("nothing", [None, outcome(exit=None, error="cannot load"), outcome(exit=None, limit="time")])
def test_without_a_check_that_ran_nothing_is_proven(nothing: bytes | None) -> None:
    winner, doc = Trial(before=[nothing]).run()
    assert winner == BASE
    assert (doc["chosen"], doc["checked"]) == ("unoptimized", False)
    assert doc["why"] == "no check ran to its end on the module as compiled, so none could compare"


def test_without_checks_the_candidates_are_those_that_need_none() -> None:
    winner, doc = Trial(checks=[], before=[]).run()
    assert (winner, doc["chosen"], doc["checked"], doc["why"]) == (SMALLER, "flat", False, "")


@pytest.mark.parametrize(
    ("candidates", "why"),
    [
        ({"Oz": LARGE}, "Oz was 1 B larger"),
        ({"Oz": None}, "Oz failed"),
        ({"Oz": None, "flat": LARGE}, "flat was 1 B larger; Oz failed"),
        ({}, ""),
        ({"Oz": b""}, "Oz is no valid module: the Wasm file is empty"),
        ({"Oz": module(exports=("main",))}, "Oz dropped the export run"),
        ({"Oz": module(exports=("run", "x"))}, "Oz added the export x"),
        ({"Oz": module(imports=[("env", "f")])}, "Oz added the import env.f"),
        ({"Oz": module(code=b"\x41\x00\xc0\x1a")}, "Oz needs sign-ext, which the compiled module does not"),
    ],
)
def test_F119_else_the_module_as_compiled_is_kept_and_the_row_says_why(candidates: Mapping[str, bytes | None], why: str) -> None:
    winner, doc = Trial(candidates=candidates).run()
    assert winner == BASE
    assert doc["chosen"] == "unoptimized"
    assert doc["why"] == why
    assert doc["after"] == len(BASE)


def test_C15_an_invalid_candidate_is_dropped_with_the_reason() -> None:
    valid: dict[str, JSON] = {"status": "valid", "by": "E", "why": ""}
    invalid: dict[str, JSON] = {"status": "invalid", "by": "E", "why": "type mismatch"}
    said = [json.dumps(one).encode() for one in (valid, valid, invalid)]
    args: dict[str, JSON] = {"metric": "raw", "names": ["Oz", "flat"], "checks": [["c", "e"]], "validated": True}
    (ranking,) = rank(args, [BASE, BASE, SMALL, SMALLER, *said[1:]])
    winner, text, *_ = select(args, [BASE, BASE, SMALL, SMALLER, ranking, SAME, SAME, None, *said])
    assert winner == SMALL
    assert text is not None
    doc = json.loads(text)
    assert (doc["why"], doc["validation"]) == ("flat is no valid module: type mismatch", valid)


def test_a_validator_that_this_machine_cannot_have_is_told() -> None:
    said: JSON = {"status": "unknown", "by": "E", "why": "E cannot be had"}
    assert Trial(args={"unvalidated": said}).run()[1]["validation"] == said


def test_an_import_that_nothing_uses_may_go() -> None:
    winner, _ = Trial(
        base=module(imports=[("env", "f"), ("env", "g")], code=b"\x01" * 9), candidates={"Oz": module(imports=[("env", "g")])}
    ).run()
    assert winner == module(imports=[("env", "g")])


def test_a_declared_feature_may_be_used() -> None:
    optimized = module(code=b"\x41\x00\xc0\x1a")
    compiled = module(code=b"\x01" * 100, customs={"target_features": b"\x01+\x08sign-ext"})
    assert Trial(compiled=compiled, candidates={"Oz": optimized}).run()[0] == optimized


def test_equal_size_is_not_larger_and_ties_go_to_the_first() -> None:
    twin = module(code=b"\x41\x00\x1a" + b"\x01" * 97)
    other = module(code=b"\x41\x01\x1a" + b"\x01" * 97)
    assert Trial(candidates={"Oz": twin, "flat": other}).run()[1]["chosen"] == "Oz"
    assert Trial(candidates={"flat": other, "Oz": twin}).run()[1]["chosen"] == "flat"


def test_the_metric_decides_and_raw_breaks_ties() -> None:
    noisy = module(code=b"".join(b"\x41" + bytes([n]) + b"\x1a" for n in range(1, 30)))  # fewer bytes than BASE, but they do not compress
    assert len(noisy) < len(BASE)
    assert Trial(candidates={"Oz": noisy}).run()[0] == noisy
    winner, doc = Trial(candidates={"Oz": noisy}, args={"metric": "gzip"}).run()
    assert winner == BASE
    why = doc["why"]
    assert isinstance(why, str)
    assert why.startswith("Oz was ")
    assert why.endswith(" B larger after gzip")


def test_a_feature_that_the_optimizer_does_not_know() -> None:
    args: dict[str, JSON] = {"known": ["mutable-globals"]}
    used = module(code=b"\x41\x00\xc0\x1a")
    winner, doc = Trial(base=used, compiled=used, candidates={"Oz": None}, args=args).run()
    assert (winner, doc["why"]) == (used, "needs sign-ext, which the optimizer does not know")
    assert Trial(args=args).run()[0] == SMALLER


def test_copies_of_the_winner_are_outputs_too() -> None:
    assert len(select({"metric": "raw", "names": [], "checks": [], "copies": 2}, [BASE, BASE])) == 4


def test_features_become_words_each_once_in_the_order_of_the_recipe() -> None:
    words: JSON = {
        "mutable-globals": ["--enable-mutable-globals"],
        "bulk-memory-opt": ["--bulk"],
        "sign-ext": ["--enable-sign-ext"],
        "bulk-memory": ["--bulk", "--more"],
    }
    data = module(code=b"\x41\x00\xc0\x1a", customs={"target_features": b"\x02+\x0bbulk-memory+\x07simd128"})
    (made,) = features({"words": words}, [data])
    assert made is not None
    doc = json.loads(made)
    assert doc["words"] == ["--bulk", "--enable-sign-ext", "--more"]
    assert doc["unknown"] == []  # simd128 is only declared, and the optimizer reads a module without declarations
    assert doc["features"]["simd128"] == "declared in target_features"
    assert doc["features"]["sign-ext"].startswith("instruction 0xc0 in function 0 at 0x")
    (made,) = features({"words": {}}, [data])
    assert json.loads(made)["unknown"] == ["sign-ext"]


def test_strip_drops_a_data_count_that_no_instruction_needs() -> None:
    def counted(data: bytes) -> bytes:
        at = data.rindex(b"\x0a", 0, data.index(b"\x41\x00"))
        return data[:at] + section(12, b"\x01") + data[at:]

    copy, init = (module(memory=(1, None), code=b"\x41\x00" * 3 + last) for last in (b"\x1a\x1a\x1a", b"\xfc\x08\x00\x00"))
    active, passive = (section(11, b"\x01" + segment + b"\x01a") for segment in (b"\x00\x41\x00\x0b", b"\x01"))
    assert strip({"keep": []}, [counted(copy + active)]) == [copy + active]
    assert strip({"keep": []}, [counted(init + passive)]) == [counted(init + passive)]


def test_strip_drops_custom_sections_but_those_to_keep() -> None:
    data = module(customs={"name": b"\0", "producers": b"\0", "dylink.0": b"", "component-type:x": b"1"})
    kept = module(customs={"dylink.0": b"", "component-type:x": b"1"})
    assert strip({"keep": []}, [data]) == [kept]
    assert strip({"keep": ["name"]}, [data]) == [module(customs={"name": b"\0", "dylink.0": b"", "component-type:x": b"1"})]
    assert strip({"keep": ["*"]}, [data]) == [data]
    assert strip({"keep": []}, [None]) == [None]
    assert strip({"keep": []}, [component(data)]) == [component(kept)]
    with pytest.raises(ArtifactError):
        strip({"keep": []}, [b"not wasm"])


NAMES: Mapping[str, JSON] = {"names": ["Oz", "flat", "big"], "checks": 1, "metric": "raw", "checked": True}
OTHER = outcome(stdout=b"no\n")


def test_only_what_can_still_win_is_checked() -> None:
    candidates = [SMALL, SMALLER, LARGE]
    ranking, best = rank(NAMES, [BASE, BASE, *candidates])
    assert best == SMALLER
    assert challenge(NAMES, [ranking, *candidates, SAME, SAME]) == [None]  # the best has passed
    assert challenge(NAMES, [ranking, *candidates, SAME, OTHER]) == [SMALL]
    assert challenge(NAMES, [ranking, *candidates, SAME, OTHER, SAME]) == [None]
    assert challenge(NAMES, [ranking, *candidates, SAME, OTHER, OTHER]) == [None]  # the third is larger than without it
    assert challenge(NAMES, [ranking, *candidates, None, None]) == [None]  # nothing could compare


def test_a_module_that_may_not_be_changed_has_no_contest() -> None:
    ranking, best = rank({**NAMES, "known": []}, [module(code=b"\x41\x00\xc0\x1a"), BASE, SMALL, SMALLER, LARGE])
    assert best is None
    assert ranking is not None
    assert parse(Ranking, ranking).challengers == ()
    assert rank({**NAMES, "checked": False}, [BASE, BASE, SMALL, SMALLER, LARGE])[1:] == []
