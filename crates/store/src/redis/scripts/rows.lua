-- The rows of a list that stand at these members.
local list = take()
local rows = {}
for n = 1, number() do
  local member = take()
  if list == 'receipts' then
    local r = call('HMGET', T .. 'r:' .. member, 'o', 'c', 's', 'w')
    rows[n] = { member, r[1], r[2], r[3], r[4], call('GET', T .. 'rh:' .. member) }
  elseif list == 'events' then
    local receipt, place = string.match(member, '^(.-)%.(%d+)$')
    local l = call('HMGET', T .. 'l:' .. receipt, place .. 'f', place .. 'v')
    rows[n] = { receipt, place, l[1], l[2] }
  elseif list == 'messages' then
    local id = string.match(member, '%.(.*)$')
    local m = call('HMGET', T .. 'm:' .. id, 'o', 'd', 'r', 'z', 'n', 'b', 's', 'w', 't', 'e')
    m[11], m[12] = call('GET', T .. 'mh:' .. id), call('GET', T .. 'mf:' .. id)
    rows[n] = { id, m }
  end
end
return rows
