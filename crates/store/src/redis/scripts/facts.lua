-- Small lists of a partition that are read whole: codes that no table knew, or pauses.
local what, wanted = take(), take()
if what == 'pauses' then
  return call('HGETALL', T .. 'p')
end
local owners = { wanted }
if wanted == '' then
  owners = call('SMEMBERS', T .. 'ms')
end
local found = {}
for _, owner in ipairs(owners) do
  local rows = call('HGETALL', T .. 'un:' .. owner)
  if #rows > 0 then
    found[#found + 1] = { owner, rows }
  end
end
return found
