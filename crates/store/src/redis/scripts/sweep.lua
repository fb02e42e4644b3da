-- Looks at receipts, messages and orders for what nobody would ever come to, and puts it back where it belongs:
-- look and mending in one. What is in hand stands in all of its lists too. Answers what was found: kind, id.
if not is_owner() then
  return 'not owner'
end
local now = take()
local found = {}

local function note(kind, id)
  found[#found + 1] = { kind, id }
end

-- Whether something that belongs into a sorted set was missing there.
local function was_missing(key, score, member)
  return call('ZADD', key, 'NX', score, member) == 1
end

-- The orders that a receipt is told with: whether one of them wakes, and those that are there.
local function orders_of(id, merchant)
  local there = {}
  local lines = call('HGETALL', T .. 'l:' .. id)
  for n = 1, #lines, 2 do
    local order = lines[n + 1]
    if order ~= '' and string.match(lines[n], '^%d+g$') then
      if call('ZSCORE', T .. 'wake', merchant .. '/' .. order) then
        return true, there
      end
      if call('EXISTS', T .. 'a:' .. merchant .. ':' .. order) == 1 then
        there[#there + 1] = order
      end
    end
  end
  return false, there
end

local looks = {}

function looks.r(id)
  local r = call('HMGET', T .. 'r:' .. id, 's', 'o', 'c', 'n')
  local state, owner, came = r[1], r[2], r[3]
  if state ~= '0' and state ~= '7' and state ~= '3' then
    return
  end
  local is_lost = was_missing(T .. 'i:' .. owner .. ':r' .. state, came, id)
  if state == '0' then
    if call('SADD', T .. 'w', owner) == 1 or is_lost then
      note('receipt', id)
    end
    return
  end
  if state == '7' then
    is_lost = was_missing(T .. 'ask:' .. owner, r[4] or '0', id) or is_lost
    if call('SADD', T .. 'asks', owner) == 1 or is_lost then
      note('question', id)
    end
    return
  end
  local wakes, orders = orders_of(id, owner)
  if not wakes then
    is_lost = true
    for _, order in ipairs(orders) do
      call('HSET', T .. 'a:' .. owner .. ':' .. order, 'w', now)
      call('ZADD', T .. 'wake', now, owner .. '/' .. order)
    end
    if #orders == 0 then
      -- There is none that would tell it: it is decided anew.
      call('HDEL', T .. 'r:' .. id, 'w')
      move_receipt(id, owner, came, '3', '0')
    end
  end
  if is_lost then
    note('fact', id)
  end
end

-- The first unsent message of a lane. Those before it that have ended, or are gone, stood in its way.
local function first_of_lane(lane, queue, destination)
  local ending, cleared = '/' .. destination, false
  for _, member in ipairs(call('ZRANGE', lane, 0, -1)) do
    if string.sub(member, -#ending) == ending then
      local id = string.sub(member, 1, #member - #ending)
      if call('HGET', T .. 'm:' .. id, 's') == '0' then
        return id, cleared
      end
      call('ZREM', lane, member)
      call('ZREM', queue, id)
      cleared = true
    end
  end
end

function looks.m(id)
  local m = call('HMGET', T .. 'm:' .. id, 's', 'o', 'd', 'g', 'q', 'z')
  if m[1] ~= '0' then
    return
  end
  local merchant, destination, order = m[2], m[3], m[4]
  local place = merchant .. '/' .. destination
  local lane, queue = T .. 'gp:' .. merchant .. ':' .. order, T .. 'q:' .. place
  local is_lost = was_missing(T .. 'i:' .. merchant .. ':m0', m[6], m[5] .. '.' .. id)
  is_lost = was_missing(lane, m[5], id .. '/' .. destination) or is_lost
  local first, was_cleared = first_of_lane(lane, queue, destination)
  is_lost = is_lost or was_cleared
  if first == id then
    is_lost = is_lost or not call('ZSCORE', queue, id) or not call('ZSCORE', T .. 'due', place)
  end
  if is_lost then
    queue_first(merchant, destination, order)
    note('message', id)
  end
end

function looks.a(own)
  local merchant, id = string.match(own, '^(.-):(.*)$')
  local wake = call('HGET', T .. 'a:' .. own, 'w')
  if wake and wake ~= '' and was_missing(T .. 'wake', wake, merchant .. '/' .. id) then
    note('order', id)
  end
end

for _ = 1, number() do
  looks[take()](take())
  -- The next thing may stand in the same lists.
  write_lists()
end
return finish(found)
