"""Sources alone → guesses, for languages whose compiler wbuild starts itself: what no build file speaks of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from posixpath import basename, dirname, splitext

from wbuild.init.survey.guess import Code, Guess
from wbuild.model.language_recipe import LanguageRecipe
from wbuild.model.shipped import Catalog
from wbuild.model.written import Kind, OptionValue
from wbuild.text.names import name_problem

__all__ = ["guesses", "is_program"]


def guesses(code: Code, catalog: Catalog, name: str, claimed: frozenset[str]) -> Iterator[Guess]:
    """Artifacts for the sources that nothing has claimed; `name` is what the first is called."""
    first = True
    for language in catalog.languages.values():
        sources = [n for n in code.names if splitext(n)[1] in language.extensions and n not in claimed]
        if sources and language.driver == "compiler":
            called = name if first else f"{name}-{language.name}"
            first = False
            yield from _many(language, sources, code, called) if _takes_many(language) else _single(language, sources, code, called)


def is_program(language: str, sources: Iterable[str], code: Code) -> bool:
    """Whether one of these sources has a start."""
    pattern = code.starts.get(language)
    return pattern is not None and any(pattern.search(code.texts.get(source, "")) for source in sources)


def _takes_many(language: LanguageRecipe) -> bool:
    """Whether one artifact is made from all files of the language (C), not from a root file (Zig, WAT)."""
    return any(option.name == "sources" for option in language.options)


def _many(language: LanguageRecipe, sources: list[str], code: Code, name: str) -> Iterator[Guess]:
    """One artifact from all sources."""
    usual = set(sources) == set(code.glob(language.sources))
    yield _guess(language, name, sources, code, {} if usual else {"sources": tuple(_globs(sources, code))})


def _single(language: LanguageRecipe, sources: list[str], code: Code, name: str) -> Iterator[Guess]:
    """One artifact from the file that is a program or stands highest; for independent files (WAT), one each."""
    option = next((o.name for o in language.options if o.type == "globs"), "")
    if language.name == "wat" and len(sources) > 1:
        yield from (_guess(language, _stem(source, name), [source], code, {option: (source,)}) for source in sources)
        return
    default = next((n for pattern in language.sources for n in code.glob([pattern])), "")
    root = min(sources, key=lambda s: (not is_program(language.name, [s], code), s != default, s.count("/"), s))
    yield _guess(language, name, [root], code, {} if root == default or not option else {option: (root,)})


def _guess(language: LanguageRecipe, name: str, sources: list[str], code: Code, options: Mapping[str, OptionValue]) -> Guess:
    program = is_program(language.name, sources, code)
    many = f"{len(sources)} {language.title} files" if len(sources) > 1 else sources[0]
    kind: Kind = "command" if program else "reactor"
    why = f"{many}, {'with a start' if program else 'without a start'}"
    return Guess(name=name, lang=language.name, folder=".", why=why, kind=kind, options=options)


def _globs(sources: list[str], code: Code) -> list[str]:
    """One glob for each top folder and ending; the files themselves where a glob would take others too."""
    groups: dict[str, list[str]] = {}
    for source in sources:
        top, ending = source.split("/")[0] if "/" in source else "", splitext(source)[1]
        groups.setdefault(f"{top}/**/*{ending}" if top else f"*{ending}", []).append(source)
    return [entry for glob, own in sorted(groups.items()) for entry in ([glob] if set(code.glob([glob])) == set(own) else own)]


def _stem(source: str, fallback: str) -> str:
    stem = splitext(basename(source))[0]
    return stem if not name_problem(stem) else f"{fallback}-{dirname(source) or 'module'}"
