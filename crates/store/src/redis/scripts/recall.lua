-- What is known for each want: aggregates by alias, the aggregates, their unsent messages.
local answers = {}
for n = 1, number() do
  local merchant = take()
  local found, ids, seen = {}, {}, {}
  local function note(id)
    if not seen[id] then
      seen[id] = true
      ids[#ids + 1] = id
    end
  end
  for a = 1, number() do
    local leads = call('SMEMBERS', T .. 'x:' .. merchant .. ':' .. take())
    table.sort(leads)
    found[a] = leads
    for _, id in ipairs(leads) do
      note(id)
    end
  end
  for _ = 1, number() do
    note(take())
  end
  table.sort(ids)
  local aggregates, pending = {}, {}
  for _, id in ipairs(ids) do
    local a = call('HMGET', T .. 'a:' .. merchant .. ':' .. id, 'v', 'b')
    if a[1] then
      aggregates[#aggregates + 1] = { id, a[1], a[2] }
      for _, member in ipairs(call('ZRANGE', T .. 'gp:' .. merchant .. ':' .. id, 0, -1)) do
        local message, destination = string.match(member, '^(.-)/(.*)$')
        pending[#pending + 1] = {
          message, id, destination, call('HGET', T .. 'm:' .. message, 'b'),
          call('GET', T .. 'mh:' .. message),
        }
      end
    end
  end
  answers[n] = { found, aggregates, pending }
end
return answers
