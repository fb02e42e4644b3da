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

-- Sorted sets that many rows of one call are put into, or taken out of: key → member → score, or false. Each
-- call of a script costs more than what it does, so all that goes into one set goes at once.
local lists = {}

local function list(key, score, member)
  lists[key] = lists[key] or {}
  lists[key][member] = score
end

local function unlist(key, member)
  list(key, false, member)
end

-- So many arguments fit on Lua's stack with room to spare.
local most_arguments = 2000

local function call_in_parts(command, key, arguments)
  for n = 1, #arguments, most_arguments do
    call(command, key, unpack(arguments, n, math.min(n + most_arguments - 1, #arguments)))
  end
end

local function write_lists()
  for key, members in pairs(lists) do
    local added, removed = {}, {}
    for member, score in pairs(members) do
      if score then
        added[#added + 1], added[#added + 2] = score, member
      else
        removed[#removed + 1] = member
      end
    end
    call_in_parts('ZREM', key, removed)
    call_in_parts('ZADD', key, added)
  end
  lists = {}
end

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

-- Adds to each of these rows as many of the texts under `keys` as fall to it: fetched at once, since each
-- call of a script costs more than the text.
local function add_texts(rows, keys)
  if #rows == 0 then
    return
  end
  local each, texts = #keys / #rows, call('MGET', unpack(keys))
  for n, row in ipairs(rows) do
    local width = #row
    for m = 1, each do
      row[width + m] = texts[(n - 1) * each + m]
    end
  end
end

local receipt_names = {
  ['0'] = 'waiting', ['7'] = 'waiting', ['1'] = 'forwarded', ['2'] = 'filtered',
  ['3'] = 'parked', ['4'] = 'failed',
}

local message_names = { ['0'] = 'pending', ['1'] = 'sent', ['2'] = 'dead', ['3'] = 'cancelled' }

-- Moves a receipt from one state to another, in its lists and in the books; `why` is left out where there
-- is nothing to say of it.
local function move_receipt(id, owner, came, before, after, why)
  local states = T .. 'i:' .. owner .. ':r'
  unlist(states .. before, id)
  list(states .. after, came, id)
  if before == '0' then
    emptied[owner] = true
  end
  if after == '0' then
    call('SADD', T .. 'w', owner)
  end
  if why then
    call('HSET', T .. 'r:' .. id, 's', after, 'w', why)
  else
    call('HSET', T .. 'r:' .. id, 's', after)
  end
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
    list(T .. 'due', first[2], place)
  else
    unlist(T .. 'due', place)
  end
end

-- Of each lane only the first unsent message is queued, whatever became of it before. When message `known`
-- may go is `known_at`.
local function queue_first(merchant, destination, aggregate, known, known_at)
  local place = merchant .. '/' .. destination
  local ending = '/' .. destination
  local first = true
  for _, member in ipairs(call('ZRANGE', T .. 'gp:' .. merchant .. ':' .. aggregate, 0, -1)) do
    if string.sub(member, -#ending) == ending then
      local id = string.sub(member, 1, #member - #ending)
      if first then
        local at = id == known and known_at or call('HGET', T .. 'm:' .. id, 'n')
        list(T .. 'q:' .. place, at, id)
        first = false
      else
        unlist(T .. 'q:' .. place, id)
      end
    end
  end
  note_due(place)
end

-- Ends an unsent message; the next one of its lane comes up. `m` is what is known of it; `fields` and their
-- values are written with its state.
local function end_message(id, merchant, after, why, at, m, fields)
  local key = T .. 'm:' .. id
  call('ZREM', T .. 'gp:' .. merchant .. ':' .. m.aggregate, id .. '/' .. m.destination)
  unlist(T .. 'q:' .. merchant .. '/' .. m.destination, id)
  local member = m.seq .. '.' .. id
  unlist(T .. 'i:' .. merchant .. ':m0', member)
  list(T .. 'i:' .. merchant .. ':m' .. after, m.created, member)
  fields[#fields + 1], fields[#fields + 2] = 's', after
  fields[#fields + 1], fields[#fields + 2] = 'e', at
  if why ~= '' then
    fields[#fields + 1], fields[#fields + 2] = 'w', why
  end
  call('HSET', key, unpack(fields))
  count(merchant, 'pending', -1)
  count(merchant, message_names[after], 1)
  queue_first(merchant, m.destination, m.aggregate)
end

-- Pauses or resumes a destination. What waits for the pause's end goes at once when it is resumed.
local function change_pause(merchant, destination, kind, ends, text)
  write_lists()
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
  write_lists()
  for owner in pairs(emptied) do
    if call('EXISTS', T .. 'i:' .. owner .. ':r0') == 0 then
      call('SREM', T .. 'w', owner)
    end
  end
  for place in pairs(places) do
    write_due(place)
  end
  write_lists()
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
