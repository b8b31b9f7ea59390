"""Grammar of names, versions and paths in manifests and recipes. Everything here is lexical: nothing looks at a disk."""

from __future__ import annotations

import json
import re
from posixpath import normpath
from typing import Final

from wbuild.text.globs import set_problem
from wbuild.text.redact import secret_in
from wbuild.text.units import FormError

LONGEST: Final = 100
"""Characters of a name, so that file names made from it stay below the limits of every file system."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*\Z")
_VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z.+_-]*\Z")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_RESERVED = frozenset({"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))})
_DRIVE = re.compile(r"[A-Za-z]:")
_REFUSED = re.compile(
    r"(?:PATH|PATHEXT|COMSPEC|SHELL|HOME|IFS|ENV|BASH_.*|BASHOPTS|SHELLOPTS|PS4|CDPATH|LD_.*|DYLD_.*|GCONV_PATH|LOCPATH|GLIBC_TUNABLES"
    r"|MALLOC_.*|NODE_.*|NPM_CONFIG_.*|PYTHON.*|PIP_.*|PERL5.*|PERLLIB|RUBY.*|GEM_.*|BUNDLE_.*|JAVA_TOOL_OPTIONS|_JAVA_OPTIONS|JDK_JAVA_OPTIONS"
    r"|CLASSPATH|GIT_.*|SSH_.*|(?:ALL|HTTPS?|FTP|NO)_PROXY|SSL_CERT_.*|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE|WBUILD_.*)\Z",
    re.IGNORECASE,
)


def quoted(value: object) -> str:
    """A value in double quotes, control characters escaped, for messages."""
    return json.dumps(value if isinstance(value, str) else str(value), ensure_ascii=False)


def name_problem(name: str) -> str:
    """What is wrong with the name of an artifact, profile, tag or vendored source; "" when nothing is."""
    if not _NAME.match(name):
        return "a name is made of letters, digits, '.', '_' and '-', and begins with a letter or digit"
    if len(name) > LONGEST:
        return f"a name has at most {LONGEST} characters"
    if name.partition(".")[0].lower() in _RESERVED:
        return "Windows reserves this name"
    if name.endswith("."):
        return "Windows drops the dot at the end"
    return ""


def name_hint(name: str) -> str:
    """A name near to one that may not be."""
    fixed = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip(".-_")[: LONGEST // 2].rstrip(".-_")
    if name_problem(fixed):
        fixed = f"my-{fixed}" if fixed else "my-app"
    return f"call it {quoted(fixed)}"


def is_version(text: str) -> bool:
    """Whether a text can be one exact version."""
    return bool(_VERSION.match(text)) and any(c.isdigit() for c in text)


def variable_problem(name: str) -> str:
    """What is wrong with setting an environment variable for build steps; "" when nothing is."""
    if not _VARIABLE.match(name):
        return "the name of an environment variable is made of letters, digits and '_'"
    if _REFUSED.match(name):
        return "it changes which programs or libraries a tool runs, so a project may not set it"
    return ""


def secret_problem(name: str) -> str:
    """What is wrong with reading an environment variable into build steps; "" when nothing is."""
    if not _VARIABLE.match(name):
        return "the name of an environment variable is made of letters, digits and '_'"
    found = secret_in(name)
    return f"a name with {found} looks like a credential, and credentials never reach build steps" if found else ""


def path_form(value: object) -> str:
    """A relative POSIX path in normal form. Raises FormError."""
    if not isinstance(value, str):
        raise FormError("expected a path as text", code="WB205")
    _refuse(value)
    return normpath(value)


def glob_form(value: object) -> str:
    """A relative POSIX glob in normal form; it may begin with {vendor.NAME}/. Raises FormError."""
    if not isinstance(value, str):
        raise FormError("expected a glob as text", code="WB205")
    problem = set_problem(value)
    if problem:
        raise FormError(f"{quoted(value)}: {problem}", hint="write the lower end of a range first, as in [a-z]", code="WB205")
    head, member = vendor_parts(value)
    if not head:
        return path_form(value)
    _refuse(member or ".")
    rest = normpath(member) if member else ""
    if rest == ".." or rest.startswith("../"):
        raise FormError(f"{quoted(value)} leaves the vendored source", code="WB209")
    return f"{{vendor.{head}}}/{rest}" if rest and rest != "." else f"{{vendor.{head}}}"


def vendor_parts(path: str) -> tuple[str, str]:
    """("lua", "src/x.c") of "{vendor.lua}/src/x.c"; ("", path) for a path of the project."""
    if path.startswith("{vendor.") and "}" in path:
        head, _, member = path[len("{vendor.") :].partition("}")
        if member[:1] in ("", "/"):
            return head, member.lstrip("/")
    return "", path


def _refuse(value: str) -> None:
    if not value:
        raise FormError("a path may not be empty", hint='"." is the folder itself', code="WB209")
    if any(ord(c) < 32 or ord(c) == 127 for c in value):
        raise FormError(f"{quoted(value)} holds a control character", hint="rename the file", code="WB209")
    if "\\" in value:
        raise FormError(f"{quoted(value)} holds a backslash", hint="paths are written with / on every system", code="WB209")
    if value.startswith("/") or _DRIVE.match(value):
        raise FormError(f"{quoted(value)} is absolute", hint="paths are relative, so that the project builds anywhere", code="WB209")
