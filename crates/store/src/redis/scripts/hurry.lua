-- Asks at once what waits for this reason.
local why = take()
for _, merchant in ipairs(call('SMEMBERS', T .. 'asks')) do
  local queue = T .. 'ask:' .. merchant
  for _, id in ipairs(call('ZRANGE', queue, 0, -1)) do
    if call('HGET', T .. 'r:' .. id, 'w') == why then
      call('HSET', T .. 'r:' .. id, 'n', '0')
      call('ZADD', queue, 0, id)
    end
  end
end
return 'done'
