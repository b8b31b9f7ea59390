"""Hosts: what fits, and the reason of each refusal."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.catalogs import made_up
from tests.plans import make, shipped_catalog
from tests.reports import ARTIFACT, measure_of, plan, product, run, texts, weighed
from wbuild.model.happened import SectionSize
from wbuild.model.host_recipe import HostRecipe
from wbuild.report.assemble import assemble
from wbuild.report.hosts import problems, verdict
from wbuild.report.text import checks, notes

GATE = made_up().hosts["gate"]


def refusals(host: HostRecipe = GATE, **facts: Any) -> list[str]:  # noqa: ANN401
    found = measure_of(weighed("x", **{"exports": ("memory", "run"), **facts}))
    return [f"{p.code} {p.message}" for p in problems(host, "x", found)]


def test_what_fits() -> None:
    assert refusals(imports=("env.log", "env.get_time")) == []
    assert refusals(exports=("memory", "run_fast")) == []
    assert refusals(features={"component-model": "the header"}, imports=("gate:a/b@1.0.0",), exports=()) == []


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({"imports": ("env.log", "env.logs", "wasi.x")}, "WB310 x imports what The Gate does not have: env.logs, wasi.x"),
        ({"imports": tuple(f"e.f{n}" for n in range(10))}, "WB310 x imports what The Gate does not have: "),
        ({"imports": ("e.\x1b[2J",)}, "WB310 x imports what The Gate does not have: e.\\x1b[2J"),
        ({"exports": ("memory", "start")}, "WB311 x lacks exports that The Gate asks for: run or run_*"),
        ({"features": {"simd128": "instruction 0xfd"}}, "WB312 x uses simd128, which The Gate refuses: instruction 0xfd"),
        ({"features": {"component-model": "the header"}, "imports": ("x:y/z",)}, "WB310 x imports what The Gate does not have: x:y/z"),
    ],
)
def test_what_does_not_fit(facts: dict[str, Any], message: str) -> None:
    (found,) = refusals(**facts)
    assert found.startswith(message)


def test_long_lists_are_cut() -> None:
    (found,) = refusals(imports=tuple(f"e.f{n}" for n in range(10)))
    assert found.endswith("e.f7 and 2 more")


def test_forms() -> None:
    hosts = shipped_catalog().hosts
    assert refusals(hosts["cosmwasm"], features={"component-model": "x"}) == ["WB313 x is a component, and CosmWasm takes none"]
    assert refusals(hosts["wasmcloud"]) == ["WB313 x is a core module, and wasmCloud takes none"]


def test_modules_of_real_hosts() -> None:
    hosts = shipped_catalog().hosts
    envoy = {
        "imports": ("env.proxy_log", "wasi_snapshot_preview1.fd_write"),
        "exports": ("_initialize", "malloc", "memory", "proxy_abi_version_0_2_1"),
    }
    assert refusals(hosts["envoy"], **envoy) == []
    abi = " or ".join(f"proxy_abi_version_0_{n}" for n in ("1_0", "2_0", "2_1"))
    assert refusals(hosts["envoy"], imports=("wasi_snapshot_preview1.proc_raise",), exports=("memory",)) == [
        "WB310 x imports what Envoy does not have: wasi_snapshot_preview1.proc_raise",
        f"WB311 x lacks exports that Envoy asks for: malloc or proxy_on_memory_allocate, {abi}",
    ]
    contract = {"imports": ("env.db_read",), "exports": ("allocate", "deallocate", "instantiate", "interface_version_8")}
    assert refusals(hosts["cosmwasm"], **contract) == []
    assert refusals(
        hosts["cosmwasm"], **contract, features={"bulk-memory": "x", "bulk-memory-opt": "y", "call-indirect-overlong": "z"}
    ) == [
        "WB312 x uses bulk-memory, which CosmWasm refuses: x",
        "WB312 x uses call-indirect-overlong, which CosmWasm refuses: z",
    ]
    assert refusals(hosts["cloudflare-workers"], imports=("./x_bg.js.__wbindgen_throw",), exports=()) == []
    assert refusals(hosts["fastly-compute"], imports=("fastly_abi.init", "env.x"), exports=("_start", "memory")) == [
        "WB310 x imports what Fastly Compute does not have: env.x"
    ]


@pytest.mark.parametrize(
    ("host", "section", "facts"),
    [
        ("javy", "import_namespace", {"exports": ("memory", "initialize-runtime", "compile-src", "invoke", "cabi_realloc")}),
        ("substrate", "runtime_version", {"exports": ("Core_version", "Core_execute_block", "Core_initialize_block", "__heap_base")}),
        ("soroban", "contractenvmetav0", {"imports": ("l._",)}),
    ],
)
def test_C17_sections_that_real_hosts_ask_for(host: str, section: str, facts: dict[str, Any]) -> None:
    recipe = shipped_catalog().hosts[host]
    assert refusals(recipe, **facts) == [f"WB314 x lacks custom sections that {recipe.title} asks for: {section}"]
    assert refusals(recipe, **facts, sections=(SectionSize(name=section, offset=8, size=4),)) == []


def test_C17_hosts_that_ask_for_no_section() -> None:
    hosts = shipped_catalog().hosts
    assert refusals(hosts["icp"], imports=("ic0.msg_reply",), exports=("canister_query get",)) == []
    contract: dict[str, Any] = {"imports": ("env.memory", "seal0.seal_return"), "exports": ("call", "deploy")}
    assert refusals(hosts["substrate-contracts"], **contract) == []
    assert refusals(hosts["substrate-contracts"], **contract, features={"multivalue": "type 3"}) == [
        "WB312 x uses multivalue, which Substrate contracts (pallet-contracts) refuses: type 3"
    ]
    runtime: dict[str, Any] = {"imports": ("env.memory", "env.ext_logging_log_version_1", "env.debug_print"), "exports": ("Core_version",)}
    assert refusals(hosts["substrate"], **runtime)[0] == "WB310 x imports what Substrate runtime does not have: env.debug_print"


@pytest.mark.parametrize("host", sorted(shipped_catalog().hosts))
def test_every_shipped_host_says_where_its_facts_are_from(host: str) -> None:
    recipe = shipped_catalog().hosts[host]
    assert recipe.source
    assert recipe.homepage
    assert any(patterns for patterns in recipe.implied_by.values()) or host == "apisix"


def test_a_misfit_is_exit_3_and_in_the_report() -> None:
    made = assemble(plan(_with_host()), run(texts=texts()))
    (artifact,) = made.artifacts
    assert made.exit == 3
    assert [p.code for p in artifact.problems] == ["WB311"]
    assert [(v.host, v.status) for v in artifact.hosts] == [("gate", "refused")]
    assert "does not fit gate" in notes(made)
    rows = checks(made).splitlines()[-2:]
    assert rows[0].split() == ["refused", "hello", "host", "gate"]
    assert rows[1].strip() == artifact.problems[0].message


def test_verdicts_without_problems() -> None:
    assert verdict(GATE, ()).status == "fits"


def _with_host() -> Any:  # noqa: ANN401
    return replace(product(ARTIFACT), hosts=(GATE,))


def test_a_target_that_the_host_does_not_take_is_not_judged() -> None:
    text = '[artifact.a]\nlang = "c"\nkind = "reactor"\ntargets = ["wasip1", "freestanding"]\nhosts = ["cosmwasm"]\n'
    found = make(text, ["a.c"])
    assert [[h.name for h in p.hosts] for p in found.products] == [[], ["cosmwasm"]]
