-- Grants turns of one credential, by this server's clock: in no stretch as long as a window are there more than
-- its limit, whichever instance takes them. Answers how many, and after how many ms there may be one more.
-- Kept as one text: `w` counts by window and slot, `u` what instances have under way and until when that is
-- believed, `r` the end of a rest.
local me, under_way, wished, believed, rest = take(), number(), number(), number(), number()
local at_a_time = number()
local SLOTS = 20
-- A turn is used at the latest so many ms after it was granted.
local LAST = number()
local time = call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local kept = call('GET', T .. 'turns')
local state = kept and cjson.decode(kept) or { w = {}, u = {}, r = 0 }
local granted, wait, ttl = wished, 0, 1000

local function at_most(most, after)
  if granted > most then
    granted = math.max(0, most)
    wait = math.max(wait, after)
  end
end

if rest > 0 then
  state.r = math.max(state.r, now + rest)
end
if state.r > now then
  at_most(0, state.r - now)
  ttl = math.max(ttl, state.r - now)
end

local others = 0
for name, one in pairs(state.u) do
  if one[2] <= now or (at_a_time > 0 and name == me) then
    state.u[name] = nil
  else
    others = others + one[1]
    ttl = math.max(ttl, one[2] - now)
  end
end
if at_a_time > 0 then
  -- When a request ends is not known: it is soon worth asking again.
  at_most(at_a_time - others - under_way, 50)
end

-- What is counted in a window, slot by slot, oldest first; what has left it is forgotten.
local function count(counts, current)
  local slots, sum = {}, 0
  for name, many in pairs(counts) do
    if tonumber(name) + SLOTS < current then
      counts[name] = nil
    else
      slots[#slots + 1] = tonumber(name)
      sum = sum + many
    end
  end
  table.sort(slots)
  return slots, sum
end

local windows = {}
for n = 1, number() do
  local seconds, limit = take(), number()
  local one = { limit = limit, slot = tonumber(seconds) * 1000 / SLOTS }
  one.counts = state.w[seconds] or {}
  state.w[seconds] = one.counts
  one.slots, one.sum = count(one.counts, math.floor(now / one.slot))
  at_most(limit - one.sum, 0)
  ttl = math.max(ttl, one.slot * (SLOTS + 2))
  windows[n] = one
end

local function name_of(slot)
  return string.format('%.0f', slot)
end

for _, one in ipairs(windows) do
  -- As many have to leave as let one more in.
  local over = one.sum + granted - (one.limit - 1)
  if granted > 0 then
    local name = name_of(math.floor((now + LAST) / one.slot))
    one.counts[name] = (one.counts[name] or 0) + granted
    one.slots = count(one.counts, math.floor(now / one.slot))
  end
  for _, slot in ipairs(one.slots) do
    if over > 0 then
      over = over - one.counts[name_of(slot)]
      wait = math.max(wait, (slot + SLOTS + 1) * one.slot - now)
    end
  end
end

if at_a_time > 0 and under_way + granted > 0 then
  state.u[me] = { under_way + granted, now + believed }
  ttl = math.max(ttl, believed)
end
if granted > 0 or rest > 0 or at_a_time > 0 then
  call('SET', T .. 'turns', cjson.encode(state), 'PX', string.format('%.0f', ttl))
end
if granted == wished then
  return { granted, '' }
end
return { granted, string.format('%.0f', wait) }
