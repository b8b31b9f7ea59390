"""What C sources lead to outside of their artifact's folder: it is read, counts, and concerns the artifact when it changes."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.plans import context_of
from wbuild.model.locked import Lock
from wbuild.model.planned import Step
from wbuild.plan.affected import Change, affected
from wbuild.plan.plan import BuildRequest, make_plan

TOML = '[artifact.a]\nlang = "c"\npath = "app"\n'
PLAIN = "int main(void){return 0;}"


def compile_step(files: Mapping[str, str], toml: str = TOML) -> Step:
    """The step that compiles app/main.c, in a project with more files."""
    plan = make_plan(context_of(toml, {"app/main.c": PLAIN, **files}), BuildRequest(artifacts=("a",), profile="dev"))
    return next(step for step in plan.steps if step.verb == "compile" and "app/main.c" in step.inputs)


def beside(step: Step) -> set[str]:
    """Candidates outside of the artifact's folder."""
    return {name for name in step.candidates if not name.startswith("app/")}


@pytest.mark.parametrize(
    "source",
    [
        '#include "../common/x.h"',
        "#  include  <../common/x.h>",
        '#define HEADER "../common/x.h"\n#include HEADER',
        '#if __has_include("../common/x.h")\n#endif',
        'const char a[] = {\n#embed "../common/x.h"\n};',
        '#include "..\\common\\x.h"',
        '#include "../app/../common/x.h"',
        'char q = \'"\'; const char a[] = ""; \n#define H "../common/x.h"',
        'const char q[] = { \'"\', }; char x[] = { EMBED("../common/x.h") };',
        "#define S(x) #x\n#define IN(x) S(x)\n#include IN(../common/x.h)",
        '__asm__(".incbin \\"common/x.h\\"");',
        "#define FOLDER ../common\n#include IN(FOLDER/x.h)",
    ],
)
def test_a_header_beside_the_folder_is_read_with_the_folder_it_stands_in(source: str) -> None:
    step = compile_step({"app/main.c": source, "common/x.h": "", "common/deep/y.h": "", "other/z.h": ""})
    assert beside(step) == {"common/x.h", "common/deep/y.h"}
    assert "common" in step.roots
    assert "other" not in step.roots


@pytest.mark.parametrize(
    "given",
    [
        '[artifact.a.c]\ndefines = ["HEADER=\\"../common/x.h\\""]\n',
        '[artifact.a.c]\ndefines = ["FOLDER=../common"]\n',
        "[artifact.a.flags]\ncompile = ['-DHEADER=<../common/x.h>']\n",
    ],
)
def test_a_header_that_the_manifest_names_for_a_macro_is_read(given: str) -> None:
    step = compile_step({"app/main.c": "#include HEADER", "common/x.h": "", "other/z.h": ""}, TOML + given)
    assert beside(step) == {"common/x.h"}


def test_headers_lead_on() -> None:
    files = {
        "app/main.c": '#include "own.h"',
        "app/own.h": '#include "../common/x.h"',
        "common/x.h": '#include "../lib/y.h"',
        "lib/y.h": '#include "../top.h"',
        "top.h": '#include "sub/last.h"\n#include "second.h"',
        "second.h": "",
        "sub/last.h": "",
        "third.h": "",
    }
    assert beside(compile_step(files)) == {"common/x.h", "lib/y.h", "top.h", "second.h", "sub/last.h"}


def test_from_a_folder_of_the_search_path_too() -> None:
    toml = TOML + 'c.include = ["../api"]\n'
    files = {"app/main.c": '#include "../base/x.h"', "api/a.h": '#include "../impl/i.h"', "impl/i.h": "", "base/x.h": ""}
    assert beside(compile_step(files, toml)) == {"api/a.h", "impl/i.h", "base/x.h"}


def test_a_source_elsewhere_has_its_own_folder() -> None:
    toml = TOML + 'c.sources = ["main.c", "../shared/u.c"]\n'
    assert "shared" in compile_step({"shared/u.c": '#include "u.h"', "shared/u.h": ""}, toml).roots


def test_what_leads_nowhere_or_out_of_the_project_is_nothing() -> None:
    files = {"app/main.c": '#include "../gone/x.h"\n#include "../../x.h"\n#include "/../x.h"\n#include "../"\nf("../\0")', "x.h": ""}
    assert beside(compile_step(files)) == set()


def test_the_same_folder_twice_ends() -> None:
    files = {"app/main.c": '#include "../a/x.h"', "a/x.h": '#include "../b/y.h"', "b/y.h": '#include "../a/x.h"\n#include "../app/main.c"'}
    assert beside(compile_step(files)) == {"a/x.h", "b/y.h"}


@pytest.mark.parametrize(("changed", "concerned"), [("common/x.h", {"a"}), ("common/new.h", {"a"}), ("other/x.h", set())])
def test_a_change_there_concerns_the_artifact(changed: str, concerned: set[str]) -> None:
    context = context_of(TOML, {"app/main.c": '#include "../common/x.h"', "common/x.h": "", "other/x.h": "", changed: ""})
    plan = make_plan(context, BuildRequest(artifacts=("a",), profile="dev"))
    lock = Lock(tools={}, toolchains={}, recipes="")
    change = Change(files=frozenset({changed}), manifest=context.manifest, lock=lock)
    assert affected(change, plan, context.manifest, lock, context.catalog) == concerned


def test_a_long_chain_of_headers_and_a_long_line_end() -> None:
    chain = {f"d{n}/x.h": f'#include "../d{n + 1}/x.h"' for n in range(3000)}
    files = {"app/main.c": '#include "../d0/x.h"', "app/long.h": '"' + "../" * 300_000, **chain}
    assert beside(compile_step(files)) == {*chain}
