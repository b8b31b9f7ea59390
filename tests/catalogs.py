"""A small made-up catalogue, so that tests of manifests do not change with the shipped recipes."""

from __future__ import annotations

from functools import cache

from wbuild.catalog import load as catalog
from wbuild.model.shipped import Catalog

MAKER = """\
name = "maker"
summary = "Makes modules"
versions = ">=1,<3"

[probe]
bin = "mk"
args = ["--version"]
expect = "{version}"

[[route]]
source = "pypi"
package = "maker"
bin = { mk = ["{self}/mk{exe}"], mk-link = ["{self}/mk{exe}", "link"] }
"""
SHRINKER = """\
name = "shrinker"
summary = "Shrinks modules"

[[route]]
source = "npm"
package = "shrinker"
needs = ["maker"]
bin = { shrink = ["{bin:mk}", "{self}/shrink.js"] }

[optimizer.features]
simd128 = ["--simd"]

[[optimizer.levels.size]]
name = "small"
run = ["{bin:shrink}", "{features}", "{in}", "{out}"]
"""
LANGUAGE_C = """\
name = "c"
title = "C"
category = "compiled"
driver = "compiler"
extensions = [".c"]
targets = ["wasip1", "freestanding"]
sources = ["*.c"]

[[option]]
name = "sources"
type = "globs"
doc = "What to compile."

[[option]]
name = "include"
type = "paths"
doc = "Folders of headers."
words = ["-I{value}"]

[[option]]
name = "std"
type = "string"
doc = "The standard."
choices = ["c99", "c11"]
words = ["-std={value}"]

[[option]]
name = "fast"
type = "bool"
doc = "Hurry."
default = true

[[toolchain]]
name = "big"
tools = ["maker"]
targets = ["wasip1"]

[[toolchain.step]]
verb = "compile"
each = true
out = ".o"
run = ["{bin:mk}", "{option.std}", "{option.include}", "{in}", "{out}"]

[[toolchain.step]]
verb = "link"
run = ["{bin:mk-link}", "{in}", "{out}"]

[[toolchain]]
name = "tiny"
tools = ["maker"]
targets = ["wasip1", "freestanding"]

[toolchain.words.target-kind]
"wasip1 command" = []
"freestanding reactor" = ["-bare"]

[[toolchain.step]]
verb = "compile"
run = ["{bin:mk}", "{target-kind}", "{in}", "{out}"]
"""
LANGUAGE_CPP = """\
name = "cpp"
title = "C++"
category = "compiled"
driver = "compiler"
extensions = [".cpp"]
targets = ["wasip1"]
sources = ["*.cpp"]
kind = "reactor"
aliases = ["c++"]

[[toolchain]]
name = "big"
tools = ["maker"]
targets = ["wasip1"]

[[toolchain.step]]
verb = "compile"
run = ["{bin:mk}", "{in}", "{out}"]
"""
RUNTIME = """\
name = "engine"
title = "The Engine"
tool = "maker"
targets = ["wasip1"]
modes = ["command"]
check = ["{bin:mk}", "{request}", "{outcome}"]
run = ["{bin:mk}", "{module}", "{args}"]
features = ["simd128", "bulk-memory"]
"""
HOST = """\
name = "gate"
title = "The Gate"
targets = ["wasip1"]
denied = ["simd128"]
source = ["gate.c"]
date = "2026-08"

[implied-by]
cargo = ["gate-sdk"]

[module]
exports = ["memory", "run | run_*"]

[module.imports]
env = ["log", "get_*"]

[component]
imports = ["gate:*"]
"""
TEXTS = {
    "toolchains/tools/maker.toml": MAKER,
    "toolchains/tools/shrinker.toml": SHRINKER,
    "toolchains/languages/c.toml": LANGUAGE_C,
    "toolchains/languages/cpp.toml": LANGUAGE_CPP,
    "toolchains/runtimes/engine.toml": RUNTIME,
    "toolchains/hosts/gate.toml": HOST,
}


@cache
def made_up() -> Catalog:
    """Tools maker and shrinker, languages c and cpp, runtime engine, host gate."""
    return catalog.load(TEXTS, {})
