-- What all scripts share. KEYS[1] is the beginning of every key of one partition; arguments are read
-- one after the other. Numbers stay the texts they came as: Lua would write large ones with an exponent.
local T = KEYS[1]
local call = redis.call
local read = 0

local function take()
  read = read + 1
  return ARGV[read]
end

local function number()
  return tonumber(take())
end

-- Whether the caller (its name and its epoch are the next arguments) owns the partition.
local function is_owner()
  local lease = call('HMGET', T .. 'lease', 'owner', 'epoch')
  local me, epoch = take(), take()
  return lease[1] == me and lease[2] == epoch
end

-- What many rows of one call change alike is gathered, and written by `finish`.
local sums, places, owners_seen, emptied = {}, {}, {}, {}

-- Counters are those of merchants; the name of a feed begins with `~`.
local function count(owner, name, by)
  if name and string.sub(owner, 1, 1) ~= '~' then
    sums[owner] = sums[owner] or {}
    sums[owner][name] = (sums[owner][name] or 0) + by
  end
end

-- There is something of this owner in the partition.
local function note_owner(owner)
  owners_seen[owner] = true
end

local receipt_names = {
  ['0'] = 'waiting', ['7'] = 'waiting', ['1'] = 'forwarded', ['2'] = 'filtered',
  ['3'] = 'parked', ['4'] = 'failed',
}

local message_names = { ['0'] = 'pending', ['1'] = 'sent', ['2'] = 'dead', ['3'] = 'cancelled' }

-- Moves a receipt from one state to another, in its lists and in the books.
local function move_receipt(id, owner, came, before, after)
  local lists = T .. 'i:' .. owner .. ':r'
  call('ZREM', lists .. before, id)
  call('ZADD', lists .. after, came, id)
  if before == '0' then
    emptied[owner] = true
  end
  if after == '0' then
    call('SADD', T .. 'w', owner)
  end
  call('HSET', T .. 'r:' .. id, 's', after)
  if receipt_names[before] ~= receipt_names[after] then
    count(owner, receipt_names[before], -1)
    count(owner, receipt_names[after], 1)
  end
end

-- `place` is merchant/destination: when the first of its messages is due may have changed.
local function note_due(place)
  places[place] = true
end

local function write_due(place)
  local first = call('ZRANGE', T .. 'q:' .. place, 0, 0, 'WITHSCORES')
  if first[2] then
    call('ZADD', T .. 'due', first[2], place)
  else
    call('ZREM', T .. 'due', place)
  end
end

-- Of each lane only the first unsent message is queued, whatever became of it before.
local function queue_first(merchant, destination, aggregate)
  local place = merchant .. '/' .. destination
  local ending = '/' .. destination
  local first = true
  for _, member in ipairs(call('ZRANGE', T .. 'gp:' .. merchant .. ':' .. aggregate, 0, -1)) do
    if string.sub(member, -#ending) == ending then
      local id = string.sub(member, 1, #member - #ending)
      if first then
        call('ZADD', T .. 'q:' .. place, call('HGET', T .. 'm:' .. id, 'n'), id)
        first = false
      else
        call('ZREM', T .. 'q:' .. place, id)
      end
    end
  end
  note_due(place)
end

-- Ends an unsent message; the next one of its lane comes up.
local function end_message(id, merchant, after, why, at)
  local key = T .. 'm:' .. id
  local m = call('HMGET', key, 'd', 'g', 'q', 'z')
  local place = merchant .. '/' .. m[1]
  call('ZREM', T .. 'gp:' .. merchant .. ':' .. m[2], id .. '/' .. m[1])
  call('ZREM', T .. 'q:' .. place, id)
  local member = m[3] .. '.' .. id
  call('ZREM', T .. 'i:' .. merchant .. ':m0', member)
  call('ZADD', T .. 'i:' .. merchant .. ':m' .. after, m[4], member)
  call('HSET', key, 's', after, 'e', at)
  if why ~= '' then
    call('HSET', key, 'w', why)
  end
  count(merchant, 'pending', -1)
  count(merchant, message_names[after], 1)
  queue_first(merchant, m[1], m[2])
end

-- Pauses or resumes a destination. What waits for the pause's end goes at once when it is resumed.
local function change_pause(merchant, destination, kind, ends, text)
  local place = merchant .. '/' .. destination
  if kind == 'pause' then
    call('HSET', T .. 'p', place, ends .. '|' .. text)
    return
  end
  local pause = call('HGET', T .. 'p', place)
  if not pause then
    return
  end
  call('HDEL', T .. 'p', place)
  local was = string.match(pause, '^(%d+)|')
  for _, id in ipairs(call('ZRANGEBYSCORE', T .. 'q:' .. place, was, was)) do
    call('HSET', T .. 'm:' .. id, 'n', '0')
    call('ZADD', T .. 'q:' .. place, 0, id)
  end
  note_due(place)
end

-- The end of every script that writes.
local function finish(answer)
  for owner, names in pairs(sums) do
    for name, by in pairs(names) do
      if by ~= 0 then
        call('HINCRBY', T .. 'n:' .. owner, name, by)
      end
    end
  end
  for owner in pairs(emptied) do
    if call('EXISTS', T .. 'i:' .. owner .. ':r0') == 0 then
      call('SREM', T .. 'w', owner)
    end
  end
  for place in pairs(places) do
    write_due(place)
  end
  for owner in pairs(owners_seen) do
    call('SADD', T .. 'ms', owner)
  end
  return answer
end

-- The earlier of two times that may be absent.
local function earlier(a, b)
  if not a or a == '' then
    return b or ''
  end
  if not b or b == '' or tonumber(a) <= tonumber(b) then
    return a
  end
  return b
end
