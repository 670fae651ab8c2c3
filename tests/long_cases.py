"""Which cases only `make test-all` runs, and which representatives of them `make test` keeps."""

import re
from collections import Counter
from collections.abc import Iterator

import pytest

SLOWEST = (
    "unit/cli/test_build_file.py",
    "unit/cli/test_rebuild.py",
    "unit/cli/test_replace.py",
    "browser/page/test_snippets.py",
    "browser/test_cache.py",
    "browser/offline/test_updates.py",
    "browser/offline/test_page.py",
    "browser/test_corpus.py",
    "browser/sources/test_exact.py",
    "browser/sources/test_img_elements.py",
    "browser/test_tabs.py",
    "browser/test_backend_faults.py",
    "engine/kernels/test_convolutions.py",
    "browser/test_parity.py",
    "browser/test_loader.py",
    "unit/verification/test_verify.py",
    "browser/test_delivery.py",
    "browser/test_verify_page.py",
    "unit/site/signing/test_signature.py",
    "unit/pipeline/test_backends.py",
    "browser/test_watch.py",
    "browser/test_bounded.py",
    "engine/plans/test_operators_in_webassembly.py",
    "engine/test_build.py",
    "browser/test_teeth.py",
    "engine/plans/test_under_sanitizers.py",
)
"""The files that take longest. Workers get them first: one worker runs a whole file, at the end all alone."""

LONG: dict[str, tuple[str, ...] | int] = {
    "browser/test_backend_faults.py::test_checked_again_when_idle": (),
    "browser/test_backend_faults.py::test_run_that_never_ends_is_replaced": (),
    "browser/test_backend_faults.py": 1,
    "browser/test_backend_sites.py::test_python_in_the_page_finds_every_file": (),
    "browser/test_backends.py::test_webgpu_gives_the_right_numbers": (),
    "browser/test_bounded.py::test_image_that_never_arrives_blocks_nothing": (),
    "browser/test_bounded.py": 1,
    "browser/tasks/test_page.py::test_networks_chosen_while_others_load": (),
    "browser/test_burden.py::test_frames_leave_memory_flat": (),
    "browser/test_burden.py::test_page_is_never_blocked": (),
    "browser/test_burden.py::test_long_tasks_are_noticed": (),
    "browser/test_burden.py::test_memory_is_flat": (),
    "browser/test_cache.py::test_altered_entry_is_dropped_and_fetched_again": ("weights",),
    "browser/test_cache.py": 1,
    "browser/test_corpus.py::test_every_file_gives_pillows_tensor": ("every third",),
    "browser/test_corpus.py::test_orientation_is_ignored_where_the_manifest_says_so": (),
    "browser/test_corpus.py::test_damaged_files_give_pixels_or_a_decode_error": (),
    "browser/test_delivery.py::test_download_cut_off_at_any_byte_goes_on_at_the_first_missing_part": (
        "\\[2]",
    ),
    "browser/test_delivery.py::test_each_part_in_turn": (),
    "browser/test_delivery.py": 1,
    "browser/test_docs.py::test_axe_finds_nothing": ("360-740-light-api", "1280-800-dark-cli"),
    "browser/test_downloads.py": 1,
    "browser/test_elsewhere.py::test_sandboxed_frame": (),
    "browser/test_embed.py::test_camera_of_the_tag": (),
    "browser/test_features.py": (),
    "browser/test_recheck.py::test_found_out_and_its_answers_told": ("60",),
    "browser/test_recheck.py::test_watching_goes_on_with_the_next_backend": ("lost",),
    "browser/test_recheck.py::test_page_tells_the_worker_that_it_came_back": (),
    "browser/test_recheck.py::test_page_says_so_and_answers_again": (),
    "browser/test_recheck.py::test_element_tells_its_page": (),
    "browser/test_backends.py::test_hanging_backend_is_demoted": (),
    "browser/test_heatmap.py::test_maps_are_pytorchs": ("worker-compiled",),
    "browser/test_inputs.py::test_grey_from_a_file_is_grey_of_its_rgb": (),
    "browser/test_inputs.py::test_grey_of_every_kind_of_file": (),
    "browser/test_report.py::test_measuring_fills_in_the_report": (),
    "browser/test_inputs.py::test_page_predicts_what_pytorch_predicts": ("compiled", "grey-wasm"),
    "browser/test_inputs.py::test_python_in_the_page_judges_every_input": (),
    "browser/test_mutated_files.py": ("few",),
    "browser/test_networks.py": ("state_dict-one",),
    "browser/test_scales.py": (),
    "browser/test_labels.py::test_a_thousand": (),
    "browser/test_labels.py::test_as_written_repeated_and_isolated": (),
    "unit/site/report/test_documents.py::test_same_input_same_bytes": (),
    "unit/pipeline/test_activation.py::test_build_says_so": (),
    "browser/offline/test_page.py::test_opting_out_leaves_nothing_and_can_be_taken_back": (),
    "browser/offline/test_page.py::test_network_that_was_never_here": (),
    "browser/offline/test_page.py::test_server_in_trouble_is_like_no_network": (),
    "browser/offline/test_page.py::test_only_plain_requests_for_listed_files_are_answered": (),
    "browser/offline/test_page.py": 1,
    "browser/offline/test_updates.py::test_interrupted_update_is_not_reported_as_altered": (),
    "browser/offline/test_updates.py::test_open_page_keeps_its_version": (),
    "browser/offline/test_updates.py::test_page_of_the_old_version_does_not_call_for_the_new_worker": (),
    "browser/offline/test_updates.py::test_update_with_a_changed_file_leaves_the_old_version": (),
    "browser/offline/test_updates.py": 1,
    "browser/test_old_browsers.py::test_works_without_newer_features": ("compiled-in the worker",),
    "browser/test_parity.py::test_loader_computes_what_python_computes": ("int8-compiled",),
    "browser/test_parity.py::test_page_shows_that_label": (),
    "browser/test_backend_sites.py::test_answers_by_what_it_carries": 3,
    "browser/page/test_answers.py::test_every_sample_shows_what_it_was_drawn_to_show": (),
    "browser/page/test_keyboard.py": ("test_camera",),
    "browser/page/test_start.py::test_slow_network_is_told_all_the_time": (),
    "browser/tasks/test_camera.py": (),
    "browser/page/test_states.py": ("\\[ready]", "several_pictures]"),
    "browser/page/test_camera.py::test_dark_picture_and_camera_without_a_picture_are_hinted_at": (),
    "browser/page/test_looks.py::test_nothing_is_cut_off": ("360",),
    "browser/page/test_measured.py::test_nothing_moves": ("360",),
    "browser/page/test_snippets.py::test_external_snippet_refuses_changed_files": 1,
    "browser/test_parity_serving.py::test_device_on_which_python_does_not_start_says_so": (),
    "browser/test_parity_serving.py::test_device_checks_itself_and_is_in_the_report": (),
    "browser/test_pictures.py": 2,
    "browser/test_pillow_rules.py::test_repaired_files": ("png",),
    "browser/test_policy.py": 1,
    "browser/test_tabs.py": 1,
    "browser/test_tabs.py::test_tab_that_shows_life_is_waited_for": (),
    "browser/test_signature.py": 1,
    "unit/verification/test_scaled_heads.py": (),
    "browser/sources/test_exact.py::test_exact_means_pillows_pixels": (),
    "browser/sources/test_img_elements.py::test_lazy_img_out_of_view_is_named": (),
    "browser/sources/test_exact.py::test_photo_larger_than_a_canvas_of_this_device": (),
    "browser/sources/test_exact.py": 1,
    "browser/sources/test_img_elements.py": 1,
    "browser/sources/test_wrong_sources.py": 1,
    "browser/test_teeth.py::test_wrong_preprocessing_is_caught_by_the_comparison": (),
    "browser/test_teeth.py::test_scaled_weight_is_refused_by_the_self_check": (),
    "browser/test_teeth.py": 1,
    "browser/test_versions.py::test_other_schema_is_refused": ("worker-0.9.0", "list-0.0.9"),
    "browser/test_versions.py::test_other_engine_is_refused": ("page-0.9.0",),
    "browser/test_versions.py::test_backend_that_fails_otherwise_says_so_too": (),
    "browser/test_watch.py::test_slow_model_sees_the_newest_frame": (),
    "browser/test_watch.py::test_failed_frames_are_skipped": (),
    "browser/test_watch.py::test_end_of_the_video_is_reported_and_it_may_play_on": (),
    "browser/test_watch.py::test_label_follows_the_face": (),
    "browser/test_watch.py::test_many_failed_frames_end_watching_with_the_cause": (),
    "browser/test_watch.py::test_camera_without_frames_is_reported": (),
    "browser/test_watch.py::test_camera_starts": ("10",),
    "browser/test_verify_page.py::test_changed_file_of_the_judge_stops_it": (),
    "browser/test_verify_page.py::test_both_judges_follow_a_model_cards_steps": (),
    "browser/test_verify_page.py::test_judge_in_the_page": ("default",),
    "browser/test_verify_page.py::test_outcome_is_sent_where_the_address_asks_for_it": (),
    "browser/test_verify_page.py::test_wrong_loader_fails": (),
    "browser/test_verify_page.py::test_wrong_model_fails": (),
    "unit/demo/test_demo.py::test_right_on_unseen_faces": (),
    "unit/docs/test_commands.py::test_commands_run_as_typed": (),
    "loader/node/test_node.py": (),
    "loader/npm/test_package.py::test_types": ("native",),
    "loader/test_vp8l.py::test_small_file_of_a_huge_image": (),
    "loader/test_vp8l.py::test_pixels": ("\\[0]", "\\[4]"),
    "engine/plans/test_random_networks.py": 1,
    "engine/plans/test_check.py::test_changed_words_with_the_right_checksum": (),
    "engine/plans/test_models.py": (),
    "engine/plans/test_opsets.py": ("\\[9]", "\\[18]", "\\[25]"),
    "engine/test_build.py::test_the_same_bytes_each_time": (),
    "unit/coding/test_under_sanitizers.py::test_random_and_altered_parts": ("a few",),
    "engine/plans/test_under_sanitizers.py::test_model": (),
    "engine/plans/test_under_sanitizers.py::test_operators_networks_and_stored_weights": ("every fortieth",),
    "engine/plans/test_special_numbers.py::test_random_networks": 1,
    "engine/plans/test_webassembly.py": 2,
    "unit/server/test_running.py": (),
    "unit/server/test_starting.py::test_another_answer_than_the_builds": (),
    "unit/server/test_starting.py::test_requirements_of_the_container_are_all_that_the_server_imports": (),
    "unit/server/test_twin.py": (),
    "browser/tasks/test_server_twin.py": (),
    "unit/cli/test_build_file.py::test_an_onnx_file": (),
    "unit/cli/test_build_file.py::test_catalogue_that_add_writes_builds_the_same": (),
    "unit/cli/test_usage.py::test_relative_paths_are_relative_to_where_one_stands": (),
    "unit/cli/test_console.py::test_qr_code_only_where_it_fits": (),
    "unit/cli/test_rebuild.py::test_damaged_cache_is_not_used": (),
    "unit/cli/test_checkpoints.py::test_bad_checkpoint_is_named_and_the_old_site_stays": ("does not fit",),
    "unit/cli/test_checkpoints.py::test_dead_weights_are_refused_unless_allowed": (),
    "unit/cli/test_rebuild.py::test_editing_the_site_does_not_spoil_the_next_build": (),
    "unit/cli/test_replace.py::test_interrupted_build_leaves_the_old_site": ("2-Writing",),
    "unit/cli/test_checkpoints.py::test_other_labels_need_other_weights": (),
    "unit/cli/test_checkpoints.py::test_own_checkpoints": (),
    "unit/cli/test_rebuild.py::test_two_builds_are_byte_identical": (),
    "unit/pipeline/test_backends.py::test_a_conversion_with_a_plan_serves_all_three": (),
    "unit/pipeline/test_backends.py::test_compiled_alone_refuses_what_it_cannot_run": (),
    "unit/pipeline/test_backends.py::test_onnxruntime_alone_makes_no_plan": (),
    "unit/pipeline/test_backends.py::test_both_falls_back_with_a_note": (),
    "unit/pipeline/test_backends.py::test_model_that_onnxruntime_gives_less_exactly": (),
    "unit/pipeline/test_backends.py::test_byte_identical_from_nothing": (),
    "unit/verification/test_verify.py::test_fresh_network_is_dead": ("tiny",),
    "unit/sources/test_networks.py::test_computes_what_pytorch_computes": (
        "\\[regnet-state_dict",
        "\\[swin-state_dict",
        "\\[lenet_grey-torchscript",
        "\\[inception-onnx",
    ),
    "unit/sources/test_networks.py::test_torch_export_writes_what_pytorch_computes": ("wide",),
    "unit/sources/test_export.py::test_exporter_and_opset": ("values0", "values4"),
    "unit/sources/test_export.py::test_what_torch_export_cannot_trace_is_exported_by_the_older_exporter": (),
    "unit/sources/test_fold_weights.py::test_standardised_network_is_planned": ("torchscript",),
    "unit/sources/test_free_sizes.py": ("one image",),
    "unit/sources/test_networks.py::test_a_fixed_batch_is_freed": ("vit_sdpa-1",),
    "unit/sources/test_networks.py::test_loading_changes_no_random_state": ("lazy", "built_in_normalize"),
    "unit/verification/test_verify.py::test_photographs_too": (),
    "unit/store/test_parts.py::test_no_file_over_the_limit": (),
    "unit/site/test_recheck.py::test_every_single_file_counts": (),
    "unit/pipeline/test_telemetry.py": (),
    "unit/pipeline/test_calibration.py::test_the_smallest_weights_that_pass_are_the_default": (),
    "unit/pipeline/test_all_models.py::test_of_many_models_one_that_changed_is_converted": (),
    "unit/pipeline/test_all_models.py::test_keep_going_builds_the_site_of_the_others": (),
    "unit/pipeline/test_cluster.py": (),
    "unit/versions/test_store.py::test_killed_at_any_step": (),
    "unit/versions/test_store.py::test_two_publishers_at_once": (),
    "unit/pipeline/test_processes.py::test_killed_build_goes_on_where_it_was": (),
    "unit/pipeline/test_processes.py::test_a_process_that_dies_is_replaced": (),
    "unit/site/signing/test_signature.py::test_verify_says_what_it_checked": (),
    "unit/site/signing/test_signature.py::test_signed_builds_differ_in_the_signature_and_what_lists_it": (),
}
"""By `file::function`, or by `file` for its other functions: the cases that `make test` keeps.

Regular expressions that their ids contain, or how many of each function's, from the first on.
"""


def mark_long(items: list[pytest.Item]) -> Iterator[str]:
    """Mark every case of LONG but its representatives; yield the rules that fit no collected case."""
    used: set[str] = set()
    seen: Counter[str] = Counter()
    for item in items:
        file, _, function = item.nodeid.removeprefix("tests/").partition("::")
        name, _, case = function.partition("[")
        rule = next((rule for rule in (f"{file}::{name}", file) if rule in LONG), None)
        if rule is None:
            continue
        used.add(rule)
        seen[f"{file}::{name}"] += 1
        kept = LONG[rule]
        if isinstance(kept, int):
            keep = seen[f"{file}::{name}"] <= kept
        else:
            keep = any(re.search(pattern, f"{name}[{case}") for pattern in kept)
        if not keep:
            item.add_marker(pytest.mark.long)
    yield from sorted(LONG.keys() - used)


def slowest_first(items: list[pytest.Item]) -> None:
    """Sort the cases by SLOWEST, else as they were collected."""
    ranks = {f"tests/{file}": rank for rank, file in enumerate(SLOWEST)}
    items.sort(key=lambda item: ranks.get(item.nodeid.partition("::")[0], len(ranks)))
