-- The refused requests of these ids, wherever their owner is.
local wanted = take()
local ids = {}
for n = 1, number() do
  ids[n] = take()
end
local owners = { wanted }
if wanted == '' then
  owners = call('SMEMBERS', T .. 'ms')
end
local rows = {}
for _, owner in ipairs(owners) do
  for _, id in ipairs(ids) do
    local row = call('HGET', T .. 'fr:' .. owner, id)
    if row then
      rows[#rows + 1] = { id, row }
    end
  end
end
return rows
