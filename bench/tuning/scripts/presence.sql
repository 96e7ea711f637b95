-- When a user was last seen, and the presence.
\set user random(1, :users)
SELECT nextval('presence_stream_sequence') AS stream \gset
BEGIN ISOLATION LEVEL REPEATABLE READ;
INSERT INTO user_ips (user_id, access_token, device_id, ip, user_agent, last_seen) VALUES ('@user:user', 'token:user', 'DEVICE', '192.0.2.1', 'client', :stream) ON CONFLICT (user_id, access_token, ip) DO UPDATE SET last_seen = EXCLUDED.last_seen;
DELETE FROM presence_stream WHERE user_id = '@user:user';
INSERT INTO presence_stream (stream_id, user_id, state, last_active_ts, last_federation_update_ts, last_user_sync_ts, currently_active, instance_name) VALUES (:stream, '@user:user', 'online', 1, 1, 1, true, 'master');
END;
