"""Reference pages in Markdown, made from the model and the catalogue; a test keeps the copies in docs/reference fresh."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from wbuild.catalog import language_rules, rules
from wbuild.catalog.stage_rules import STAGE_WORDS
from wbuild.manifest.load import MACHINE_KEYS
from wbuild.manifest.schema import DEFAULTS_DOC, MADE, TARGET_DOC, shown_default
from wbuild.model.host_recipe import HostComponent, HostModule, HostRecipe, RuntimeRecipe
from wbuild.model.language_recipe import (
    FileRecipe,
    LanguageExtension,
    LanguageOptimizer,
    LanguageRecipe,
    LockRecipe,
    Option,
    PrepareRecipe,
    StepRecipe,
    ToolchainRecipe,
)
from wbuild.model.shipped import Catalog
from wbuild.model.tool_recipe import OptimizerRecipe, OptimizerStage, Probe, Route, ToolExtension, ToolRecipe
from wbuild.model.written import Artifact, Budget, Check, EnvFrom, Flags, Optimize, Profile, ProjectTable, Proposals, Target, Vendor
from wbuild.toml.shape import (
    ChoiceShape,
    FormShape,
    ListShape,
    MappingShape,
    RowShape,
    ScalarShape,
    Shape,
    TableKey,
    TableShape,
    UnionShape,
    docs_of,
    documented,
    shape_of,
    short_key,
)

__all__ = ["manifest_page", "recipes_page"]

NOTE: Final = "<!-- Generated from wbuild/model; `WBUILD_UPDATE_GOLDEN=1 pytest tests/unit/test_schema.py` writes it. -->"

_FORMS: Final[Mapping[str, str]] = {
    "size": "size",
    "duration": "duration",
    "count": "count",
    "share": "percentage",
    "path": "path",
    "glob": "glob",
    "text": "string",
}
_SCALARS: Final[Mapping[type, str]] = {str: "string", bool: "true or false", int: "integer", float: "number"}
_OPTION_TYPES: Final[Mapping[str, str]] = {
    "string": "string",
    "bool": "true or false",
    "int": "integer",
    "list": "list of strings",
    "globs": "glob or list of globs",
    "paths": "path or list of paths",
}

_MANIFEST_HEAD = """\
# wbuild.toml

One file describes a project. Every problem in it is reported at once, with its place. `wbuild schema` prints a JSON Schema for editors.

**How values are written**

| word below | means |
|---|---|
| size | bytes as a number, or `"512 B"`, `"60 kB"` (1000), `"60 KiB"` (1024), likewise `MB`, `MiB`, `GB`, `GiB` |
| duration | `"10s"`, `"500ms"`, `"2min"`, `"1h"` |
| count | a number, or `"500k"`, `"12M"`, `"1G"` |
| percentage | `"90 %"` |
| path | relative, with `/` on every system; stays inside the project's root |
| glob | a path with `*` (in one folder), `**` (across folders), `?`, `[abc]`; may begin with `{vendor.NAME}/` |

`project.recipes`, `artifact.NAME.path` and `artifact.NAME.out` are relative to the folder of wbuild.toml,
all other paths of an artifact to its `path`.
Names of artifacts, profiles, tags and vendored sources are made of letters, digits, `.`, `_` and `-`.
"""

_LEVELS = """\
Order of levels, strongest first: `--opt=LEVEL`, `[artifact.NAME.profile.P]`, `artifact.NAME.opt`, `[profile.P]` and what it inherits.
`artifact.NAME.opt` counts where the profile optimizes at all, and never in `dev`.
An override for one artifact counts in exactly the profile that it names.
`dev` is `opt = "none"`, `debug = "names"`; `release` is `opt = "size"`, `debug = "none"`; a new profile inherits `release`.
"""

_DEFAULTS = """\
`[defaults]` is for all artifacts, `[defaults.LANG]` for those of one language; the second wins over the first, the artifact over both.
The options of a language have defaults in `[defaults.LANG.LANG]`. Each variable of `env` is replaced as a whole.
"""

_RECIPES_HEAD = """\
# Recipes

A recipe is one TOML file that describes a tool, a language, a runtime or a host. Those that come with wbuild are in `toolchains/`;
a project adds its own with `[project] recipes = ["recipes/*.toml"]`. Both have one format, but for one key:
a project's own recipe begins with

```toml
type = "tool"        # or "language", "runtime", "host"
```

A project's own recipe replaces the shipped one with the same name. Its text is digested into wbuild.lock.
Texts that become command lines are templates: `{name}` is a placeholder, `{{` and `}}` are braces.
A placeholder that stands for several words must be a whole entry of the list. Nothing is ever given to a shell.
"""


def manifest_page(catalog: Catalog) -> str:
    """docs/reference/manifest.md."""
    parts = [NOTE, _MANIFEST_HEAD]
    parts += _section("[project]", documented(ProjectTable))
    parts.append("## `[toolchains]`\n\nLanguage = toolchain that serves it; default: the first that the machine can have.\n")
    parts += [f"- `{r.name}`: {', '.join(f'`{t.name}`' for t in r.toolchains)}" for r in catalog.languages.values()]
    parts.append("\n## `[tools]`\n\nTool = exact version; default: the newest that its recipe allows.\n")
    parts += [f"- `{tool.name}`: {tool.summary}" for tool in catalog.tools.values()]
    parts.append("")
    parts += _section("[profile.NAME]", documented(Profile))
    parts += [_LEVELS]
    parts += _section("opt", documented(Optimize), docs_of(Optimize)[""])
    parts += _section("[vendor.NAME]", documented(Vendor), docs_of(Vendor)[""])
    target = TableKey(field="target", name="target", shape=shape_of(Target), required=False, default="", doc=TARGET_DOC)
    parts += _section("[artifact.NAME]", [*documented(Artifact, MADE), target])
    parts += ["## `[defaults]`", "", DEFAULTS_DOC, _DEFAULTS]
    for title, model in (("budget", Budget), ("env", EnvFrom), ("flags", Flags), ("proposals", Proposals)):
        parts += _section(title, documented(model), docs_of(model)[""])
    parts += _section("[[artifact.NAME.check]]", documented(Check), docs_of(Check)[""])
    for recipe in catalog.languages.values():
        parts += _options(recipe)
    parts.append("## Never in wbuild.toml\n")
    parts.append("These belong to the configuration of a machine, and a project that sets one is refused:")
    parts.append(", ".join(f"`{name}`" for name in sorted(MACHINE_KEYS)) + ".")
    return "\n".join(parts) + "\n"


def recipes_page() -> str:
    """docs/reference/recipes.md."""
    origin = ("origin",)
    parts = [NOTE, _RECIPES_HEAD]
    parts += _section("Tool", documented(ToolRecipe, origin), docs_of(ToolRecipe)[""])
    parts += _section("[[route]]", documented(Route), docs_of(Route)[""])
    parts += _section("[probe]", documented(Probe), docs_of(Probe)[""])
    parts += _section("[optimizer]", documented(OptimizerRecipe), docs_of(OptimizerRecipe)[""])
    parts += _section("[[optimizer.levels.LEVEL]]", documented(OptimizerStage), docs_of(OptimizerStage)[""])
    parts += _section("Language", documented(LanguageRecipe, origin), docs_of(LanguageRecipe)[""])
    parts += _section("[optimizer] of a language", documented(LanguageOptimizer), docs_of(LanguageOptimizer)[""])
    parts += _section("[[option]]", documented(Option), docs_of(Option)[""])
    parts += _section("[[toolchain]]", documented(ToolchainRecipe), docs_of(ToolchainRecipe)[""])
    parts += _section("[toolchain.lock]", documented(LockRecipe), docs_of(LockRecipe)[""])
    parts += _section("[[toolchain.step]]", documented(StepRecipe), docs_of(StepRecipe)[""])
    for kind, addition in (("tool", ToolExtension), ("language", LanguageExtension)):
        parts += _section(f"Addition to a {kind}", documented(addition), docs_of(addition)[""])
    parts += _section("[[toolchain.step.file]]", documented(FileRecipe), docs_of(FileRecipe)[""])
    parts += _section("[[toolchain.prepare]]", documented(PrepareRecipe), docs_of(PrepareRecipe)[""])
    parts += _section("Runtime", documented(RuntimeRecipe, origin), docs_of(RuntimeRecipe)[""])
    parts += _section("Host", documented(HostRecipe, origin), docs_of(HostRecipe)[""])
    parts += _section("[module]", documented(HostModule), docs_of(HostModule)[""])
    parts += _section("[component]", documented(HostComponent), docs_of(HostComponent)[""])
    parts.append("## Placeholders\n")
    parts.append("| where | placeholders |\n|---|---|")
    parts += [f"| {where} | {', '.join(f'`{{{name}}}`' for name in names)} |" for where, names in _placeholders()]
    parts.append("\n`{NAME|SEPARATOR}` is all words of a list as one, with the separator between them: `{in|:}`, `-tags={option.tags|,}`.")
    parts.append(
        '\n`{toml.NAME}` is `{NAME}` inside of a string of TOML (`"…"`): quotes and backslashes in paths of the machine are escaped.'
    )
    return "\n".join(parts) + "\n"


def _placeholders() -> Iterator[tuple[str, Iterable[str]]]:
    yield (
        "`bin` of a route",
        (*(word.replace("runner:*", "runner:FILE").replace("*", "PROGRAM") for word in rules.ROUTE_WORDS), "bin:PROGRAM"),
    )
    yield "`files` of a route", rules.FILE_WORDS
    yield "`expect` of a probe", rules.EXPECT_WORDS
    yield "`run` of a stage of an optimizer", (*STAGE_WORDS, "in:NAME", "bin:PROGRAM")
    yield "`words` of an option", language_rules.OPTION_WORDS
    yield "`vendor` of a toolchain", language_rules.VENDOR_WORDS
    yield "`run` and `env` of a step", (*language_rules.STEP_WORDS, "TABLE", "option.NAME", "bin:PROGRAM", "path:PROGRAM", "file:TOOL/NAME")
    yield "`check` of a runtime", (*rules.CHECK_WORDS, "bin:PROGRAM")
    yield "`run` of a runtime", (*rules.RUN_WORDS, "bin:PROGRAM")
    yield "`exports` of a runtime", (*rules.EXPORTS_WORDS, "bin:PROGRAM")
    yield "`start` of a runtime", (*rules.START_WORDS, "bin:PROGRAM")


def _section(title: str, keys: Iterable[TableKey], doc: str = "") -> list[str]:
    heading = f"## {title}" if title[0].isupper() else f"## `{title}`"
    lines = [heading, "", *([doc, ""] if doc else []), "| key | type | default | meaning |", "|---|---|---|---|"]
    for key in keys:
        default = shown_default(key)
        shown = "required" if key.required else "" if default is None else f"`{json.dumps(default, ensure_ascii=False)}`"
        lines.append(f"| `{key.name}` | {_cell(_type(key.shape))} | {shown} | {_cell(key.doc)} |")
    return [*lines, ""]


def _options(recipe: LanguageRecipe) -> list[str]:
    lines = [f"## `[artifact.NAME.{recipe.name}]`", "", f"What only {recipe.title} has.", ""]
    if not recipe.options:
        return [*lines, "No options.", ""]
    lines += ["| key | type | default | meaning |", "|---|---|---|---|"]
    for option in recipe.options:
        kind = " \\| ".join(option.choices) or _OPTION_TYPES[option.type]
        default = "" if option.default is None else f"`{json.dumps(option.default, ensure_ascii=False)}`"
        lines.append(f"| `{option.name}` | {kind} | {default} | {_cell(option.doc)} |")
    return [*lines, ""]


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "\\<")


def _type(shape: Shape) -> str:  # noqa: PLR0911 - one line for each kind of type
    match shape:
        case FormShape(form=form):
            return _FORMS[form]
        case UnionShape(members=members):
            return " or ".join(dict.fromkeys(map(_type, members)))
        case ChoiceShape(choices=choices):
            return " | ".join(choice for choice in choices if choice)
        case ListShape(item=item):
            return "tables" if isinstance(item, TableShape) else f"list of {_plural(_type(item))}"
        case RowShape(items=items):
            return f"list of {', '.join(map(_type, items))}"
        case MappingShape(item=item):
            return f"table of {_plural(_type(item))}"
        case TableShape(model=model):
            short = short_key(model)
            return f"{_type(short.shape)} or table" if short else "table"
        case ScalarShape(type=kind):
            return _SCALARS[kind]


def _plural(word: str) -> str:
    return f"{word}s" if word in ("string", "path", "glob", "table", "size", "integer") else word
