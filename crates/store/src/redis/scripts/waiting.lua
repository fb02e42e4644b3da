-- The ids of receipts that wait, by owner, oldest first: `each`, and as many more as are handed out.
local each = number()
local handed = {}
for _ = 1, number() do
  local owner = take()
  handed[owner] = number()
end
local found = {}
for _, owner in ipairs(call('SMEMBERS', T .. 'w')) do
  local last = each + (handed[owner] or 0) - 1
  found[#found + 1] = { owner, call('ZRANGE', T .. 'i:' .. owner .. ':r0', 0, last) }
end
return found
