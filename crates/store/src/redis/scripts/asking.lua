-- Ids of receipts about which something is to be asked by now, by merchant; and when the next is.
local now, each = take(), number()
local found, next = {}, ''
for _, merchant in ipairs(call('SMEMBERS', T .. 'asks')) do
  local queue = T .. 'ask:' .. merchant
  local due = call('ZRANGEBYSCORE', queue, '-inf', now, 'LIMIT', 0, each)
  if #due > 0 then
    found[#found + 1] = { merchant, due }
  end
  next = earlier(next, call('ZRANGEBYSCORE', queue, '(' .. now, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)[2])
end
return { found, next }
