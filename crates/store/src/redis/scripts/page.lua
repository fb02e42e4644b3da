-- Where the newest rows of a list stand in this partition: pairs of time and member, newest first.
local list, wanted, most, since, before, cursor_at, cursor = take(), take(), number(), take(), take(), take(), take()
local states = {}
for n = 1, number() do
  states[n] = take()
end
-- Each group of names narrows the list to the orders that one of them leads to.
local groups = {}
for n = 1, number() do
  groups[n] = {}
  for a = 1, number() do
    groups[n][a] = take()
  end
end

local found = {}

local function is_behind(at, member)
  if cursor_at == '' or tonumber(at) < tonumber(cursor_at) then
    return true
  end
  return tonumber(at) == tonumber(cursor_at) and member < cursor
end

-- `owner` is given where rows have to be looked at: refused requests, of which few are kept.
local function has_code(owner, id)
  if not owner or #states == 0 then
    return true
  end
  local row = call('HGET', T .. 'fr:' .. owner, id)
  return row and cjson.decode(row)['code'] == states[1]
end

local function scan(key, owner)
  local from, skipped, taken = before, 0, 0
  if cursor_at ~= '' then
    from = cursor_at
    if before ~= '+inf' and tonumber(string.sub(before, 2)) <= tonumber(cursor_at) then
      from = before
    end
  end
  while taken < most do
    local rows = call('ZREVRANGEBYSCORE', key, from, since, 'WITHSCORES', 'LIMIT', skipped, most)
    if #rows == 0 then
      return
    end
    for n = 1, #rows, 2 do
      if taken < most and is_behind(rows[n + 1], rows[n]) and has_code(owner, rows[n]) then
        found[#found + 1] = { rows[n + 1], rows[n] }
        taken = taken + 1
      end
    end
    skipped = skipped + #rows / 2
  end
end

local lists = { receipts = 'r', messages = 'm' }

local function whole(owner)
  local begin = T .. 'i:' .. owner .. ':'
  if list == 'refused' then
    return scan(begin .. 'f', owner)
  end
  if list == 'events' and #states == 0 then
    return scan(begin .. 'e')
  end
  for _, state in ipairs(states) do
    scan(list == 'events' and begin .. 'e:' .. state or begin .. lists[list] .. state)
  end
end

-- The aggregates that any name of a group leads to.
local function leads(owner, names)
  local ids = {}
  for _, alias in ipairs(names) do
    for _, id in ipairs(call('SMEMBERS', T .. 'x:' .. owner .. ':' .. alias)) do
      ids[id] = true
    end
  end
  return ids
end

local function both(a, b)
  if not a then
    return b
  end
  local kept = {}
  for id, value in pairs(a) do
    if b[id] then
      kept[id] = value
    end
  end
  return kept
end

local function receipts_of(owner, ids)
  local receipts = {}
  for id in pairs(ids) do
    for _, member in ipairs(call('ZRANGE', T .. 'gl:' .. owner .. ':' .. id, 0, -1)) do
      receipts[string.match(member, '^(.-)%.')] = true
    end
  end
  return receipts
end

local function is_wanted(state)
  for _, one in ipairs(states) do
    if one == state then
      return true
    end
  end
  return list == 'events' and #states == 0
end

local function is_in_time(at)
  local n = tonumber(at)
  return (since == '-inf' or n >= tonumber(since))
    and (before == '+inf' or n < tonumber(string.sub(before, 2)))
end

local function offer(at, member, state)
  if at and is_wanted(state) and is_in_time(at) and is_behind(at, member) then
    found[#found + 1] = { at, member }
  end
end

local function narrowed(owner)
  local ids
  for _, names in ipairs(groups) do
    local some = leads(owner, names)
    ids = both(ids, list == 'receipts' and receipts_of(owner, some) or some)
  end
  for id in pairs(ids) do
    if list == 'receipts' then
      local r = call('HMGET', T .. 'r:' .. id, 'c', 's')
      offer(r[1], id, r[2])
    else
      local rows = call('ZRANGE', T .. (list == 'events' and 'gl:' or 'gm:') .. owner .. ':' .. id, 0, -1, 'WITHSCORES')
      for n = 1, #rows, 2 do
        local state
        if list == 'events' then
          local receipt, place = string.match(rows[n], '^(.-)%.(%d+)$')
          state = call('HGET', T .. 'l:' .. receipt, place .. 's')
        else
          state = call('HGET', T .. 'm:' .. string.match(rows[n], '%.(.*)$'), 's')
        end
        offer(rows[n + 1], rows[n], state)
      end
    end
  end
end

local owners = { wanted }
if wanted == '' then
  owners = call('SMEMBERS', T .. 'ms')
end
for _, owner in ipairs(owners) do
  if #groups == 0 then
    whole(owner)
  elseif list ~= 'refused' then
    narrowed(owner)
  end
end
table.sort(found, function(a, b)
  local x, y = tonumber(a[1]), tonumber(b[1])
  return x > y or x == y and a[2] > b[2]
end)
local page = {}
for n = 1, math.min(most, #found) do
  page[n] = found[n]
end
return page
