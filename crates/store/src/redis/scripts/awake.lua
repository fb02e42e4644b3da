-- Aggregates whose time has come, and when the next one's comes.
local now, most = take(), number()
local found = {}
for _, place in ipairs(call('ZRANGEBYSCORE', T .. 'wake', '-inf', now, 'LIMIT', 0, most)) do
  local merchant, id = string.match(place, '^(.-)/(.*)$')
  local a = call('HMGET', T .. 'a:' .. merchant .. ':' .. id, 'v', 'b')
  if a[1] then
    found[#found + 1] = { merchant, id, a[1], a[2] }
  end
end
local next = call('ZRANGEBYSCORE', T .. 'wake', '(' .. now, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
return { found, next[2] or '' }
