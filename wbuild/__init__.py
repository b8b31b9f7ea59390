"""wbuild: a cross-language Wasm build orchestrator."""

__version__ = "0.1.0"
