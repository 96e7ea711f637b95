-- One event stored: staged push actions, a state group, the event, its edges, the forward extremity, a receipt.
\set room random_exponential(1, :rooms, 3.0)
\set user random(1, :users)
\set other random(1, :users)
\set previous random(1, :events)
SELECT nextval('events_stream_seq') AS stream, nextval('state_group_id_seq') AS group_id, nextval('receipts_sequence') AS receipt, nextval('cache_invalidation_stream_seq') AS invalidation \gset
BEGIN ISOLATION LEVEL REPEATABLE READ;
INSERT INTO event_push_actions_staging (event_id, user_id, actions, notif, highlight, unread, thread_id) VALUES ('$new:stream', '@user:other', '', 1, 0, 1, 'main');
INSERT INTO state_groups (id, room_id, event_id) VALUES (:group_id, '!roomAbCdEfGhIjKlMn:room', '$new:stream');
INSERT INTO state_group_edges (state_group, prev_state_group) VALUES (:group_id, 1);
INSERT INTO state_groups_state (state_group, room_id, type, state_key, event_id) VALUES (:group_id, '!roomAbCdEfGhIjKlMn:room', 'm.room.member', '@user:user', '$new:stream');
INSERT INTO events (topological_ordering, event_id, type, room_id, processed, outlier, depth, origin_server_ts, received_ts, sender, contains_url, instance_name, stream_ordering) VALUES (:stream, '$new:stream', 'm.room.message', '!roomAbCdEfGhIjKlMn:room', true, false, :stream, 1, 1, '@user:user', false, 'master', :stream);
INSERT INTO event_json (event_id, room_id, internal_metadata, json, format_version) VALUES ('$new:stream', '!roomAbCdEfGhIjKlMn:room', '{"token_id": 1, "stream_ordering": :stream}', (SELECT json FROM event_json WHERE event_id = '$eventAbCdEfGhIjKlMnOpQrStUvWxYzAbCdEf:previous'), 4);
INSERT INTO event_to_state_groups (event_id, state_group) VALUES ('$new:stream', :group_id);
INSERT INTO event_edges (event_id, prev_event_id) VALUES ('$new:stream', '$eventAbCdEfGhIjKlMnOpQrStUvWxYzAbCdEf:previous');
INSERT INTO event_auth (event_id, auth_id, room_id) VALUES ('$new:stream', '$eventAbCdEfGhIjKlMnOpQrStUvWxYzAbCdEf:previous', '!roomAbCdEfGhIjKlMn:room');
INSERT INTO event_push_actions (room_id, event_id, user_id, actions, stream_ordering, topological_ordering, notif, highlight, unread, thread_id) SELECT '!roomAbCdEfGhIjKlMn:room', event_id, user_id, actions, :stream, :stream, notif, highlight, unread, thread_id FROM event_push_actions_staging WHERE event_id = '$new:stream';
DELETE FROM event_push_actions_staging WHERE event_id = '$new:stream';
INSERT INTO cache_invalidation_stream_by_instance (stream_id, instance_name, cache_func, keys, invalidation_ts) VALUES (:invalidation, 'master', 'get_latest_event_ids_in_room', ARRAY['!roomAbCdEfGhIjKlMn:room'], 1);
INSERT INTO receipts_linearized (stream_id, room_id, receipt_type, user_id, event_id, data, instance_name, event_stream_ordering) VALUES (:receipt, '!roomAbCdEfGhIjKlMn:room', 'm.read', '@user:user', '$new:stream', '{"ts": 1700000000000}', 'master', :stream) ON CONFLICT (room_id, receipt_type, user_id) WHERE thread_id IS NULL DO UPDATE SET stream_id = EXCLUDED.stream_id, event_id = EXCLUDED.event_id, data = EXCLUDED.data, event_stream_ordering = EXCLUDED.event_stream_ordering;
END;
