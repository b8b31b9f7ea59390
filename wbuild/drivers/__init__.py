"""Ways of compiling, one module each; a language's recipe names the one that serves it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from wbuild.drivers import compiler, project
from wbuild.drivers.build import Build, Driver
from wbuild.model.language_recipe import DriverName

__all__ = ["DRIVERS", "Build", "Driver"]

DRIVERS: Final[Mapping[DriverName, Driver]] = {"compiler": compiler, "project": project}
