"""The tests elsewhere in the suite that count for the battery: check → row → tests, as `test_file.py::test_name`."""

from __future__ import annotations

HOSTILE: dict[str, list[str]] = {}
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
