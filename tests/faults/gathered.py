"""The tests elsewhere in the suite that count for the battery: check → row → tests, as `test_file.py::test_name`."""

from __future__ import annotations

HOSTILE: dict[str, list[str]] = {
    "a .pth, and what starts an environment's Python": [
        "operations/test_untrusted_code_execution.py::test_a_pth_runs_when_its_environment_is_started_and_we_start_none",
        "operations/test_untrusted_code_execution.py::test_a_build_beside_a_pth_does_not_start_the_environment",
        "io/test_interpreters.py::test_a_pth_file_of_an_environment_on_the_path_does_not_run",
    ],
    "sources, folders, editables, git": [
        "operations/test_untrusted_code_execution.py::test_no_source_is_built_to_lock_or_to_install",
        "operations/test_untrusted_code_execution.py::test_a_locks_source_runs_its_build_only_after_a_yes_of_its_own",
        "operations/test_untrusted_code_execution.py::test_a_source_archive_beside_wheels_stays_untouched",
        "operations/test_consent_flow.py::test_a_build_needs_its_own_yes_and_the_hint_says_exactly_how",
        "operations/test_consent_flow.py::test_a_folders_yes_does_not_cover_a_build",
        "operations/test_folders.py::test_a_strangers_copy_of_our_lock_lets_no_build_run",
        "operations/test_folders.py::test_path_of_a_strangers_manifest_needs_a_yes",
    ],
    "hashes: wrong, empty, md5": [
        "operations/test_untrusted_code_execution.py::test_only_the_locked_bytes_are_installed",
        "operations/test_untrusted_code_execution.py::test_bytes_that_the_index_replaced_are_refused",
        "operations/test_consent_flow.py::test_what_is_refused_is_refused_by_every_verb_that_would_use_it",
    ],
    "file://, ../, loopback, redirects to another host": [
        "operations/test_consent_flow.py::test_a_file_of_this_machine_in_a_lock_is_a_path_item",
        "operations/test_consent_flow.py::test_a_relative_path_is_not_looked_up_where_somebody_else_can_put_something",
        "operations/test_consent_flow.py::test_a_strangers_host_is_never_asked_before_its_own_yes",
        "operations/test_consent_flow.py::test_a_folders_yes_does_not_cover_a_host",
        "operations/test_consent_flow.py::test_an_address_that_hides_in_another_key_needs_its_yes",
        "operations/test_credential_isolation.py::test_a_strangers_redirect_leads_nowhere",
    ],
    "credentials: by an index's name, keyring, netrc, ${VAR}": [
        "operations/test_credential_isolation.py::test_a_declared_index_with_the_name_of_the_users_gets_nothing_of_it",
        "operations/test_credential_isolation.py::test_no_program_is_asked_for_a_password",
        "operations/test_credential_isolation.py::test_a_netrc_is_not_sent_to_whoever_asks",
        "operations/test_credential_isolation.py::test_a_redirect_to_another_host_takes_no_credentials_along",
        "operations/test_credential_isolation.py::test_credentials_reach_their_index_and_no_file_of_ours",
        "operations/test_credential_isolation.py::test_credentials_are_in_no_programs_arguments",
        "operations/test_credential_isolation.py::test_what_goes_wrong_with_an_index_is_told_without_its_credentials",
        "operations/test_credential_isolation.py::test_credentials_in_a_declaration_are_refused_and_not_repeated",
        "operations/test_credential_isolation.py::test_a_pasted_requirement_with_a_password_is_in_no_history",
        "operations/test_untrusted_code_execution.py::test_a_variable_in_an_address_is_not_filled_in",
    ],
    "which index is told which name": [
        "operations/test_credential_isolation.py::test_only_what_is_assigned_to_a_declared_index_is_asked_of_it",
        "operations/test_credential_isolation.py::test_opening_tells_nobody_that_it_was_opened",
        "operations/test_consent_flow.py::test_opening_without_consent_asks_no_index_writes_nothing_and_starts_nothing",
    ],
    ".python-version, uv.toml, .venv, the engine's variables and locks": [
        "operations/test_untrusted_code_execution.py::test_what_lies_in_the_working_folder_is_not_obeyed",
        "operations/test_untrusted_code_execution.py::test_the_engines_variables_do_not_change_what_is_locked",
        "operations/test_untrusted_code_execution.py::test_an_engine_lock_that_lies_around_decides_nothing",
        "operations/test_untrusted_code_execution.py::test_every_other_key_of_the_engine_is_refused_by_its_name",
        "operations/test_untrusted_code_execution.py::test_keys_of_a_declared_index_are_refused_too",
    ],
    "modules beside the notebook": [
        "operations/test_untrusted_code_execution.py::test_modules_beside_the_notebook_are_not_imported_by_what_we_start",
        "operations/test_untrusted_code_execution.py::test_the_kernels_first_process_and_the_agent_import_nothing_from_the_notebooks_folder",
        "kernels/test_launcher.py::test_files_beside_the_notebook_do_not_replace_what_starts_the_kernel",
    ],
    "wheels that reach beyond their own files": [
        "operations/test_untrusted_code_execution.py::test_a_wheel_that_reaches_beyond_its_own_files_is_not_sealed",
        "operations/test_untrusted_code_execution.py::test_a_path_in_a_wheel_that_leads_up_leaves_nothing_outside",
        "operations/test_untrusted_code_execution.py::test_a_kernel_that_a_wheel_brings_is_not_offered_by_jupyter",
    ],
    "a poisoned cache, by hard links": [
        "operations/test_untrusted_code_execution.py::test_a_poisoned_cache_is_found_and_cleaned_by_doctor"
    ],
    "locks and notebooks made to hang or to break what reads them": [
        "operations/test_consent_flow.py::test_no_lock_makes_opening_raise_ask_or_take_long",
        "operations/test_consent_flow.py::test_no_declaration_makes_opening_raise",
        "operations/test_consent_flow.py::test_no_notebook_makes_opening_raise",
        "operations/test_consent_flow.py::test_a_huge_lock_is_not_read",
        "operations/test_consent_flow.py::test_a_lock_or_notebook_without_end_is_not_read",
        "operations/test_consent_flow.py::test_nothing_is_written_through_a_lock_that_is_a_link_to_something_else",
    ],
    "consent: laundered, given by a cell, swapped under the question": [
        "operations/test_consent_flow.py::test_update_and_undo_of_a_strangers_notebook_do_not_make_it_the_users_own",
        "operations/test_consent_flow.py::test_adding_to_a_strangers_notebook_does_not_make_it_the_users_own",
        "operations/test_consent_flow.py::test_a_cell_cannot_consent",
        "operations/test_consent_flow.py::test_a_lock_that_is_swapped_while_the_question_stands_is_asked_for_again",
        "operations/test_consent_flow.py::test_the_bytes_that_were_looked_at_are_the_bytes_that_are_built",
    ],
    "%pip and !pip": ["kernels/test_launcher.py::test_pip_by_name_refuses_and_says_what_to_type"],
}
NETWORK: dict[str, list[str]] = {
    "an index that misbehaves or is not there": [
        "cli/test_bad_input.py::test_an_index_that_misbehaves",
        "cli/test_bad_input.py::test_an_index_that_is_not_there",
        "cli/test_bad_input.py::test_files_that_the_index_does_not_give",
    ],
    "other bytes than were locked": [
        "cli/test_bad_input.py::test_a_file_with_other_bytes_than_locked",
        "io/test_engine_contract.py::test_a_file_that_the_index_replaced_is_refused",
        "operations/test_notebook_commands.py::test_a_file_that_the_index_changed_under_a_pin_is_noticed",
    ],
    "a trickle": [
        "operations/test_untrusted_code_execution.py::test_a_server_that_trickles_is_given_up_in_the_end",
        "io/test_name_cache.py::test_a_server_that_trickles_is_left_at_the_deadline",
    ],
    "an upload": [
        "cli/test_publish.py::test_a_half_done_upload_goes_on_with_what_is_missing",
        "cli/test_publish.py::test_an_upload_is_not_sent_on_to_another_host",
    ],
    "a failed build changes nothing": [
        "operations/test_notebook_commands.py::test_a_build_that_fails_leaves_everything_as_it_was"
    ],
    "a silent index, on the page": ["browser/test_bad_days.py::test_a_silent_index_is_told_and_what_was_typed_is_kept"],
}
ACCESS: dict[str, list[str]] = {
    "who may ask": [
        "extension/test_rest_access.py::test_nobody_reaches_anything_without_a_sign_in",
        "extension/test_rest_access.py::test_a_wrong_token_is_nobody",
        "extension/test_rest_access.py::test_a_cookie_without_the_xsrf_word_changes_nothing",
        "extension/test_rest_access.py::test_a_foreign_host_is_refused",
        "extension/test_rest_access.py::test_another_sites_page_with_the_cookie_is_refused",
        "extension/test_rest_access.py::TestWithAnAuthorizer::test_that_denies_all_nothing_is_reached",
        "extension/test_rest_access.py::TestWithAnAuthorizer::test_that_lets_somebody_read_they_read_and_no_more",
        "extension/test_rest_access.py::TestWithAnAuthorizer::test_that_lets_somebody_write_they_install_nothing",
        "extension/test_rest_access.py::test_work_that_installs_packages_is_asked_for_as_execution",
    ],
    "the positive control": ["extension/test_rest_access.py::test_the_token_reaches_every_address"],
    "paths out of the root": [
        "extension/test_rest_access.py::test_paths_out_of_the_root_are_refused_everywhere",
        "extension/test_rest_access.py::test_an_absolute_path_is_refused",
        "extension/test_rest_access.py::test_a_lock_that_is_a_link_out_of_the_root_is_not_read",
        "extension/test_rest_access.py::test_an_encoded_path_is_decoded_once",
    ],
}
MARKUP: dict[str, list[str]] = {
    "in a cell": [
        "magics/test_document.py::test_html_has_no_markup_from_outside",
        "magics/test_document.py::test_hidden_characters_become_visible",
        "magics/test_document.py::test_failure_hides_nothing_either",
        "magics/test_picker_view.py::test_hostile_names_and_summaries_are_text",
    ],
    "on the page, in a browser": [
        "browser/test_many_and_strange.py::test_a_summary_of_the_index_is_text",
        "browser/test_many_and_strange.py::test_a_notebooks_name_is_text",
        "browser/test_many_and_strange.py::test_a_note_in_an_untrusted_output_is_text_without_a_button",
    ],
}

GATHERED: dict[str, dict[str, list[str]]] = {"hostile": HOSTILE, "network": NETWORK, "load": ACCESS, "markup": MARKUP}
