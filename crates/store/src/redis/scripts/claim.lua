-- Marks messages as being under way and answers them whole, those that are still unsent. The mark keeps
-- revisions away. Under another epoch it keeps other words away only: whoever left it may have told them.
if not is_owner() then
  return 'not owner'
end
local epoch = ARGV[read]
local found = {}
for _ = 1, number() do
  local id = take()
  local key = T .. 'm:' .. id
  local m = call('HMGET', key, 's', 'o', 'd', 'g', 'r', 'z', 'n', 'b', 'a', 't')
  if m[1] == '0' then
    call('HSET', key, 'c', epoch)
    m[1] = id
    m[11] = call('GET', T .. 'mh:' .. id)
    m[12] = call('GET', T .. 'mf:' .. id)
    found[#found + 1] = m
  end
end
return found
