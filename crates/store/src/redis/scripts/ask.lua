-- Lets receipts wait for what is asked about them, those that wait to be decided without an answer.
if not is_owner() then
  return 'not owner'
end
local at = take()
for _ = 1, number() do
  local id = take()
  local r = call('HMGET', T .. 'r:' .. id, 's', 'o', 'c', 'w')
  if r[1] == '0' and not r[4] and call('EXISTS', T .. 'ra:' .. id) == 0 then
    move_receipt(id, r[2], r[3], '0', '7')
    call('HSET', T .. 'r:' .. id, 'n', at)
    call('ZADD', T .. 'ask:' .. r[2], at, id)
    call('SADD', T .. 'asks', r[2])
  end
end
return finish('done')
