//! What this day's echo server and client promise, by the names of the tests in
//! `xtask/conformance/src/echo`.

conformance::tests! {
    bytes: [
        messages_of_any_size_are_echoed,
        every_byte_value_is_echoed,
        a_burst_is_echoed_while_it_is_still_being_sent,
        two_hundred_clients_are_served_at_once,
        a_client_that_half_closes_gets_every_byte,
        a_half_close_with_megabytes_in_flight_loses_none,
        a_message_that_arrives_together_with_eof_is_echoed,
        clients_that_come_and_go_in_one_batch_keep_their_own_bytes,
        a_reset_affects_no_other_client,
        a_reply_begins_with_the_prefix,
        received_messages_are_printed_escaped,
        a_quiet_server_prints_nothing_after_its_first_line,
        a_restarted_server_gets_its_address_back,
        ipv6_clients_are_served,
    ],
    client: [
        each_line_gets_its_reply_before_the_next_is_sent,
        a_reader_that_has_enough_ends_the_client_with_success,
        a_last_line_without_a_newline_is_sent,
        without_input_the_client_prints_nothing_and_succeeds,
        a_line_longer_than_all_buffers_comes_back,
        a_killed_server_is_reported_at_the_next_line,
        a_reply_that_is_cut_off_is_reported,
    ],
    descriptors: [
        a_server_without_free_descriptors_serves_those_inside_and_recovers,
    ],
    failures: [
        an_address_in_use_is_reported,
        an_address_that_a_bound_socket_has_is_reported,
        a_port_that_only_root_may_use_is_reported,
        an_address_of_another_machine_is_reported,
        a_refused_connection_is_reported,
        a_wrong_command_line_is_reported,
        help_is_printed_with_success,
    ],
    faults: [
        a_listener_that_cannot_be_resumed_is_tried_again,
    ],
    samples: [
        the_python_client_talks_to_the_server,
        the_client_talks_to_the_python_server_with_threads,
        the_client_talks_to_the_python_server_with_epoll,
    ],
    slow_reader: [
        a_client_that_never_reads_does_not_stop_the_others,
        waiting_for_a_slow_client_uses_no_cpu_time,
        a_slow_client_gets_every_byte_in_the_end,
        slow_clients_get_their_own_bytes,
    ],
}
