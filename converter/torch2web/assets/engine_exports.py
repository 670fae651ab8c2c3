"""What the engine's modules export: compiled into them, and called by what judges a plan."""

ENGINE_EXPORTS = (
    "engine_base",
    "engine_check",
    "engine_input",
    "engine_input_length",
    "engine_output",
    "engine_output_length",
    "engine_place",
    "engine_ready",
    "engine_run",
    "engine_scale",
    "engine_size",
    "engine_stack",
    "engine_staging",
    "engine_staging_bytes",
    "engine_store",
    "engine_stored_bytes",
    "engine_stored_scales",
    "engine_unpack",
    "engine_weight_length",
    "engine_weights",
)
"""Functions of web/engine/; each module exports `__stack_pointer` too, since further threads need stacks."""
