-- Who is in a room, what they are called, and which rooms a user is in.
\set room random_exponential(1, :rooms, 3.0)
\set user random(1, :users)
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT m.user_id, m.display_name, m.avatar_url FROM current_state_events AS c JOIN room_memberships AS m USING (room_id, event_id) WHERE c.type = 'm.room.member' AND c.room_id = '!roomAbCdEfGhIjKlMn:room' AND m.membership = 'join';
SELECT room_id, event_id, membership FROM local_current_membership WHERE user_id = '@user:user' AND membership IN ('join', 'invite');
SELECT displayname, avatar_url FROM profiles WHERE full_user_id = '@user:user';
END;
