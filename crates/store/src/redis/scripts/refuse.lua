-- Counts refused requests and keeps the newest of each owner.
local most = number()
for _ = 1, number() do
  local id, owner, at, row = take(), take(), take(), take()
  local list, rows = T .. 'i:' .. owner .. ':f', T .. 'fr:' .. owner
  note_owner(owner)
  if call('ZADD', list, at, id) == 1 then
    count(owner, 'refused', 1)
  end
  call('HSET', rows, id, row)
  local over = call('ZCARD', list) - most
  if over > 0 then
    for _, old in ipairs(call('ZRANGE', list, 0, over - 1)) do
      call('HDEL', rows, old)
    end
    call('ZREMRANGEBYRANK', list, 0, over - 1)
  end
end
return finish('done')
