-- One receipt, whole; nothing when it is not in this partition.
local id = take()
local r = call('HMGET', T .. 'r:' .. id, 'o', 'c', 's', 'w', 'k', 'n')
if not r[1] then
  return false
end
r[7], r[8] = call('GET', T .. 'rh:' .. id), call('GET', T .. 'rb:' .. id)
r[9] = call('GET', T .. 'ra:' .. id)
local messages = {}
for n, message in ipairs(call('LRANGE', T .. 'rm:' .. id, 0, -1)) do
  local m = call('HMGET', T .. 'm:' .. message, 'o', 'd', 'r', 'z', 'n', 'b', 's', 'w', 't', 'e')
  m[11], m[12] = call('GET', T .. 'mh:' .. message), call('GET', T .. 'mf:' .. message)
  messages[n] = { message, m, call('LRANGE', T .. 'mt:' .. message, 0, -1) }
end
return { r, call('HGETALL', T .. 'l:' .. id), messages }
