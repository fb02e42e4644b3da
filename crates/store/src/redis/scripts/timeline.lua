-- The newest events and messages of one order, as `rows.lua` tells them; messages with their attempts.
local merchant, order, most = take(), take(), number()
local events = {}
for n, member in ipairs(call('ZRANGE', T .. 'gl:' .. merchant .. ':' .. order, -most, -1)) do
  local receipt, place = string.match(member, '^(.-)%.(%d+)$')
  local l = call('HMGET', T .. 'l:' .. receipt, place .. 'f', place .. 'v')
  events[n] = { receipt, place, l[1], l[2] }
end
local messages = {}
for n, member in ipairs(call('ZRANGE', T .. 'gm:' .. merchant .. ':' .. order, -most, -1)) do
  local seq, id = string.match(member, '^(%d+)%.(.*)$')
  local m = call('HMGET', T .. 'm:' .. id, 'o', 'd', 'r', 'z', 'n', 'b', 's', 'w', 't', 'e')
  m[11], m[12] = call('GET', T .. 'mh:' .. id), call('GET', T .. 'mf:' .. id)
  messages[n] = { seq, id, m, call('LRANGE', T .. 'mt:' .. id, 0, -1) }
end
return { events, messages }
