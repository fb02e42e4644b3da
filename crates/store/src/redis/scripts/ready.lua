-- Ids of messages that are due by destination, the first ones of their lanes; and when the next is.
local now, each = take(), number()
local found, next = {}, ''
for _, place in ipairs(call('ZRANGEBYSCORE', T .. 'due', '-inf', now)) do
  local pause = call('HGET', T .. 'p', place)
  local ends = pause and string.match(pause, '^(%d+)|')
  if ends and tonumber(ends) > tonumber(now) then
    next = earlier(next, ends)
  else
    local queue = T .. 'q:' .. place
    found[#found + 1] = { place, call('ZRANGEBYSCORE', queue, '-inf', now, 'LIMIT', 0, each) }
    next = earlier(next, call('ZRANGEBYSCORE', queue, '(' .. now, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)[2])
  end
end
next = earlier(next, call('ZRANGEBYSCORE', T .. 'due', '(' .. now, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)[2])
return { found, next }
