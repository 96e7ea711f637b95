-- A to-device message comes in, and what was read before goes.
\set user random(1, :users)
SELECT nextval('device_inbox_sequence') AS stream \gset
BEGIN ISOLATION LEVEL REPEATABLE READ;
DELETE FROM device_inbox WHERE user_id = '@user:user' AND device_id = 'DEVICE' AND stream_id <= :stream;
INSERT INTO device_inbox (user_id, device_id, stream_id, message_json, instance_name) VALUES ('@user:user', 'DEVICE', :stream, repeat('{"type": "m.room.encrypted", "content": {}}', 20), 'master');
END;
