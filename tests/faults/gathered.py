"""The tests elsewhere in the suite that count for the battery: check → row → tests, as `test_file.py::test_name`."""

from __future__ import annotations

HOSTILE: dict[str, list[str]] = {
    "a .pth, and what starts an environment's Python": [
        "test_canaries.py::test_a_pth_runs_when_its_environment_is_started_and_we_start_none",
        "test_canaries.py::test_a_build_beside_a_pth_does_not_start_the_environment",
        "test_interpreters.py::test_a_pth_file_of_an_environment_on_the_path_does_not_run",
    ],
    "sources, folders, editables, git": [
        "test_canaries.py::test_no_source_is_built_to_lock_or_to_install",
        "test_canaries.py::test_a_locks_source_runs_its_build_only_after_a_yes_of_its_own",
        "test_canaries.py::test_a_source_archive_beside_wheels_stays_untouched",
        "test_consent_flow.py::test_a_build_needs_its_own_yes_and_the_hint_says_exactly_how",
        "test_consent_flow.py::test_a_folders_yes_does_not_cover_a_build",
        "test_folders.py::test_a_strangers_copy_of_our_lock_lets_no_build_run",
        "test_folders.py::test_path_of_a_strangers_manifest_needs_a_yes",
    ],
    "hashes: wrong, empty, md5": [
        "test_canaries.py::test_only_the_locked_bytes_are_installed",
        "test_canaries.py::test_bytes_that_the_index_replaced_are_refused",
        "test_consent_flow.py::test_what_is_refused_is_refused_by_every_verb_that_would_use_it",
    ],
    "file://, ../, loopback, redirects to another host": [
        "test_consent_flow.py::test_a_file_of_this_machine_in_a_lock_is_a_path_item",
        "test_consent_flow.py::test_a_relative_path_is_not_looked_up_where_somebody_else_can_put_something",
        "test_consent_flow.py::test_a_strangers_host_is_never_asked_before_its_own_yes",
        "test_consent_flow.py::test_a_folders_yes_does_not_cover_a_host",
        "test_consent_flow.py::test_an_address_that_hides_in_another_key_needs_its_yes",
        "test_leaks.py::test_a_strangers_redirect_leads_nowhere",
    ],
    "credentials: by an index's name, keyring, netrc, ${VAR}": [
        "test_leaks.py::test_a_declared_index_with_the_name_of_the_users_gets_nothing_of_it",
        "test_leaks.py::test_no_program_is_asked_for_a_password",
        "test_leaks.py::test_a_netrc_is_not_sent_to_whoever_asks",
        "test_leaks.py::test_a_redirect_to_another_host_takes_no_credentials_along",
        "test_leaks.py::test_credentials_reach_their_index_and_no_file_of_ours",
        "test_leaks.py::test_credentials_are_in_no_programs_arguments",
        "test_leaks.py::test_what_goes_wrong_with_an_index_is_told_without_its_credentials",
        "test_leaks.py::test_credentials_in_a_declaration_are_refused_and_not_repeated",
        "test_leaks.py::test_a_pasted_requirement_with_a_password_is_in_no_history",
        "test_canaries.py::test_a_variable_in_an_address_is_not_filled_in",
    ],
    "which index is told which name": [
        "test_leaks.py::test_only_what_is_assigned_to_a_declared_index_is_asked_of_it",
        "test_leaks.py::test_opening_tells_nobody_that_it_was_opened",
        "test_consent_flow.py::test_opening_without_consent_asks_no_index_writes_nothing_and_starts_nothing",
    ],
    ".python-version, uv.toml, .venv, the engine's variables and locks": [
        "test_canaries.py::test_what_lies_in_the_working_folder_is_not_obeyed",
        "test_canaries.py::test_the_engines_variables_do_not_change_what_is_locked",
        "test_canaries.py::test_an_engine_lock_that_lies_around_decides_nothing",
        "test_canaries.py::test_every_other_key_of_the_engine_is_refused_by_its_name",
        "test_canaries.py::test_keys_of_a_declared_index_are_refused_too",
    ],
    "modules beside the notebook": [
        "test_canaries.py::test_modules_beside_the_notebook_are_not_imported_by_what_we_start",
        "test_canaries.py::test_the_kernels_first_process_and_the_agent_import_nothing_from_the_notebooks_folder",
        "test_launcher.py::test_files_beside_the_notebook_do_not_replace_what_starts_the_kernel",
    ],
    "wheels that reach beyond their own files": [
        "test_canaries.py::test_a_wheel_that_reaches_beyond_its_own_files_is_not_sealed",
        "test_canaries.py::test_a_path_in_a_wheel_that_leads_up_leaves_nothing_outside",
        "test_canaries.py::test_a_kernel_that_a_wheel_brings_is_not_offered_by_jupyter",
    ],
    "a poisoned cache, by hard links": ["test_canaries.py::test_a_poisoned_cache_is_found_and_cleaned_by_doctor"],
    "locks and notebooks made to hang or to break what reads them": [
        "test_consent_flow.py::test_no_lock_makes_opening_raise_ask_or_take_long",
        "test_consent_flow.py::test_no_declaration_makes_opening_raise",
        "test_consent_flow.py::test_no_notebook_makes_opening_raise",
        "test_consent_flow.py::test_a_huge_lock_is_not_read",
        "test_consent_flow.py::test_a_lock_or_notebook_without_end_is_not_read",
        "test_consent_flow.py::test_nothing_is_written_through_a_lock_that_is_a_link_to_something_else",
    ],
    "consent: laundered, given by a cell, swapped under the question": [
        "test_consent_flow.py::test_update_and_undo_of_a_strangers_notebook_do_not_make_it_the_users_own",
        "test_consent_flow.py::test_adding_to_a_strangers_notebook_does_not_make_it_the_users_own",
        "test_consent_flow.py::test_a_cell_cannot_consent",
        "test_consent_flow.py::test_a_lock_that_is_swapped_while_the_question_stands_is_asked_for_again",
        "test_consent_flow.py::test_the_bytes_that_were_looked_at_are_the_bytes_that_are_built",
    ],
    "%pip and !pip": ["test_launcher.py::test_pip_by_name_refuses_and_says_what_to_type"],
}
NETWORK: dict[str, list[str]] = {
    "an index that misbehaves or is not there": [
        "test_bad_input.py::test_an_index_that_misbehaves",
        "test_bad_input.py::test_an_index_that_is_not_there",
        "test_bad_input.py::test_files_that_the_index_does_not_give",
    ],
    "other bytes than were locked": [
        "test_bad_input.py::test_a_file_with_other_bytes_than_locked",
        "test_engine_contract.py::test_a_file_that_the_index_replaced_is_refused",
        "test_operations.py::test_a_file_that_the_index_changed_under_a_pin_is_noticed",
    ],
    "a trickle": [
        "test_canaries.py::test_a_server_that_trickles_is_given_up_in_the_end",
        "test_stored_names.py::test_a_server_that_trickles_is_left_at_the_deadline",
    ],
    "an upload": [
        "test_publishing.py::test_a_half_done_upload_goes_on_with_what_is_missing",
        "test_publishing.py::test_an_upload_is_not_sent_on_to_another_host",
    ],
    "a failed build changes nothing": ["test_operations.py::test_a_build_that_fails_leaves_everything_as_it_was"],
    "a silent index, on the page": ["browser/test_bad_days.py::test_a_silent_index_is_told_and_what_was_typed_is_kept"],
}
ACCESS: dict[str, list[str]] = {
    "who may ask": [
        "test_rest_access.py::test_nobody_reaches_anything_without_a_sign_in",
        "test_rest_access.py::test_a_wrong_token_is_nobody",
        "test_rest_access.py::test_a_cookie_without_the_xsrf_word_changes_nothing",
        "test_rest_access.py::test_a_foreign_host_is_refused",
        "test_rest_access.py::test_another_sites_page_with_the_cookie_is_refused",
        "test_rest_access.py::TestWithAnAuthorizer::test_that_denies_all_nothing_is_reached",
        "test_rest_access.py::TestWithAnAuthorizer::test_that_lets_somebody_read_they_read_and_no_more",
        "test_rest_access.py::TestWithAnAuthorizer::test_that_lets_somebody_write_they_install_nothing",
        "test_rest_access.py::test_work_that_installs_packages_is_asked_for_as_execution",
    ],
    "the positive control": ["test_rest_access.py::test_the_token_reaches_every_address"],
    "paths out of the root": [
        "test_rest_access.py::test_paths_out_of_the_root_are_refused_everywhere",
        "test_rest_access.py::test_an_absolute_path_is_refused",
        "test_rest_access.py::test_a_lock_that_is_a_link_out_of_the_root_is_not_read",
        "test_rest_access.py::test_an_encoded_path_is_decoded_once",
    ],
}
MARKUP: dict[str, list[str]] = {
    "in a cell": [
        "test_magics_document.py::test_html_has_no_markup_from_outside",
        "test_magics_document.py::test_hidden_characters_become_visible",
        "test_magics_document.py::test_failure_hides_nothing_either",
        "test_picker_view.py::test_hostile_names_and_summaries_are_text",
    ],
    "on the page, in a browser": [
        "browser/test_many_and_strange.py::test_a_summary_of_the_index_is_text",
        "browser/test_many_and_strange.py::test_a_notebooks_name_is_text",
        "browser/test_many_and_strange.py::test_a_note_in_an_untrusted_output_is_text_without_a_button",
    ],
}

GATHERED: dict[str, dict[str, list[str]]] = {"hostile": HOSTILE, "network": NETWORK, "load": ACCESS, "markup": MARKUP}
