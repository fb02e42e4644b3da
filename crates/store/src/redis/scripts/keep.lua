-- Puts small things of one owner on their shelves, or takes them away (without a value).
local owner = take()
if owner ~= '' then
  note_owner(owner)
end
for _ = 1, number() do
  local shelf, key, is_there, value = take(), take(), take(), take()
  local name = shelf .. ':' .. owner
  if is_there == '1' then
    call('HSET', T .. 'v:' .. name, key, value)
    call('ZADD', T .. 'vi:' .. name, 0, key)
  else
    call('HDEL', T .. 'v:' .. name, key)
    call('ZREM', T .. 'vi:' .. name, key)
  end
end
return finish('done')
