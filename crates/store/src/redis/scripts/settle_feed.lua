-- Settles a feed's receipt; the body of one that nobody claims is dropped.
if not is_owner() then
  return 'not owner'
end
local id, after, why, at, drops = take(), take(), take(), take(), take()
local key = T .. 'r:' .. id
local r = call('HMGET', key, 'o', 'c', 's')
if r[3] ~= '0' or string.sub(r[1], 1, 1) ~= '~' then
  return 'settled'
end
move_receipt(id, r[1], r[2], '0', after)
if why ~= '' then
  call('HSET', key, 'w', why)
end
call('ZADD', T .. 'sb', at, id)
if drops == '1' then
  call('DEL', T .. 'rb:' .. id)
end
for _ = 1, number() do
  call('HINCRBY', T .. 'uc:' .. r[1], take(), 1)
end
return finish('done')
