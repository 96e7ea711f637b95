-- One turn of /sync: timeline, state of members, receipts, to-device messages, counts of notifications.
\set room random_exponential(1, :rooms, 3.0)
\set user random(1, :users)
\set since random(1, :events)
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT e.event_id, e.stream_ordering, e.topological_ordering, j.internal_metadata, j.json FROM events AS e JOIN event_json AS j USING (event_id) WHERE e.room_id = '!roomAbCdEfGhIjKlMn:room' AND e.stream_ordering > :since AND NOT e.outlier ORDER BY e.stream_ordering DESC LIMIT 20;
SELECT type, state_key, event_id FROM current_state_events WHERE room_id = '!roomAbCdEfGhIjKlMn:room' AND membership = 'join';
SELECT receipt_type, user_id, event_id, data FROM receipts_linearized WHERE room_id = '!roomAbCdEfGhIjKlMn:room' AND stream_id <= :events;
SELECT stream_id, message_json FROM device_inbox WHERE user_id = '@user:user' AND device_id = 'DEVICE' AND stream_id > 0 ORDER BY stream_id LIMIT 100;
SELECT count(*), count(CASE WHEN highlight = 1 THEN 1 END) FROM event_push_actions WHERE user_id = '@user:user' AND room_id = '!roomAbCdEfGhIjKlMn:room' AND stream_ordering > :since;
END;
