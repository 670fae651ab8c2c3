from torch2web.assets.engine import ENGINE_BUILDS, build_engine, engine_version, native_engine
from torch2web.assets.scripts import (
    build_offline,
    build_scripts,
    check_engine_budgets,
    install_node_modules,
    node_package,
    runtime_files,
    runtime_version,
)

__all__ = [
    "ENGINE_BUILDS",
    "build_engine",
    "build_offline",
    "build_scripts",
    "check_engine_budgets",
    "engine_version",
    "install_node_modules",
    "native_engine",
    "node_package",
    "runtime_files",
    "runtime_version",
]
