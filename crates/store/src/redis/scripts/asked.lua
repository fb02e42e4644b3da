-- Writes how a try ended. An answer that is there already stays.
if not is_owner() then
  return 'not owner'
end
local id, kind, answer, why, tries, at = take(), take(), take(), take(), take(), take()
local key = T .. 'r:' .. id
local r = call('HMGET', key, 's', 'o', 'c')
if r[1] ~= '7' then
  return 'settled'
end
if why == '' then
  call('HDEL', key, 'w')
else
  call('HSET', key, 'w', why)
end
local queue = T .. 'ask:' .. r[2]
if kind == 'again' then
  call('HSET', key, 'k', tries, 'n', at)
  call('ZADD', queue, at, id)
  return finish('done')
end
if answer ~= '' then
  call('SET', T .. 'ra:' .. id, answer)
end
call('HINCRBY', key, 'k', 1)
call('HDEL', key, 'n')
call('ZREM', queue, id)
if call('EXISTS', queue) == 0 then
  call('SREM', T .. 'asks', r[2])
end
move_receipt(id, r[2], r[3], '7', '0')
return finish('done')
