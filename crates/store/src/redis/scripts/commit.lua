-- Steps of process, in order, each whole or not at all: all that a step read is checked before any of
-- it is written. Answers `yes` or `stale` for each; `not owner` for all.
if not is_owner() then
  return 'not owner'
end

local function read_list(one)
  local list = {}
  for n = 1, number() do
    list[n] = one()
  end
  return list
end

local function read_step()
  local step = { merchant = take(), at = take() }
  step.outcomes = read_list(function()
    return { id = take(), after = take(), why = take() }
  end)
  step.aggregates = read_list(function()
    local a = { id = take(), read = take(), blob = take(), wake = take(), into = take() }
    a.aliases = read_list(take)
    return a
  end)
  step.looked_up = read_list(function()
    return { alias = take(), leads = read_list(take) }
  end)
  step.messages = read_list(function()
    return {
      id = take(), destination = take(), aggregate = take(), receipt = take(), created = take(),
      not_before = take(), backfill = take(), head = take(), frozen = take(),
    }
  end)
  step.revisions = read_list(function()
    return { kind = take(), id = take(), text = take() }
  end)
  step.story = read_list(function()
    return {
      receipt = take(), place = take(), aggregate = take(), status = take(), fixed = take(),
      told = take(),
    }
  end)
  step.unmapped = read_list(function()
    return { source = take(), code = take(), receipt = take() }
  end)
  return step
end

local function is_current(step)
  for _, outcome in ipairs(step.outcomes) do
    -- Owner, time, state, why: what `settle` needs to know as well.
    outcome.kept = call('HMGET', T .. 'r:' .. outcome.id, 'o', 'c', 's', 'w')
    local state = outcome.kept[3]
    if state ~= '0' and state ~= '3' then
      return false
    end
  end
  for _, a in ipairs(step.aggregates) do
    if (call('HGET', T .. 'a:' .. step.merchant .. ':' .. a.id, 'v') or '') ~= a.read then
      return false
    end
  end
  local absent = {}
  for _, looked in ipairs(step.looked_up) do
    local key = T .. 'x:' .. step.merchant .. ':' .. looked.alias
    if #looked.leads == 0 then
      absent[#absent + 1] = key
    elseif call('SCARD', key) ~= #looked.leads then
      return false
    end
    for _, id in ipairs(looked.leads) do
      if call('SISMEMBER', key, id) == 0 then
        return false
      end
    end
  end
  return #absent == 0 or call('EXISTS', unpack(absent)) == 0
end

local function settle(outcome, at)
  local owner, came, before, said = unpack(outcome.kept, 1, 4)
  local why = outcome.why ~= '' and outcome.why or nil
  move_receipt(outcome.id, owner, came, before, outcome.after, why)
  if said and not why then
    call('HDEL', T .. 'r:' .. outcome.id, 'w')
  end
  -- What is parked is not settled yet.
  if outcome.after ~= '3' then
    list(T .. 'sb', at, outcome.id)
  end
end

-- Lines, messages and lanes of an aggregate that goes belong to the one that stays.
local function merge(merchant, from, into)
  local lines, all = T .. 'gl:' .. merchant .. ':', T .. 'gm:' .. merchant .. ':'
  local lanes = T .. 'gp:' .. merchant .. ':'
  local old = call('ZRANGE', lines .. from, 0, -1, 'WITHSCORES')
  for n = 1, #old, 2 do
    local receipt, place = string.match(old[n], '^(.-)%.(%d+)$')
    call('HSET', T .. 'l:' .. receipt, place .. 'g', into)
    call('ZADD', lines .. into, old[n + 1], old[n])
  end
  old = call('ZRANGE', all .. from, 0, -1, 'WITHSCORES')
  for n = 1, #old, 2 do
    call('HSET', T .. 'm:' .. string.match(old[n], '%.(.*)$'), 'g', into)
    call('ZADD', all .. into, old[n + 1], old[n])
  end
  local destinations = {}
  old = call('ZRANGE', lanes .. from, 0, -1, 'WITHSCORES')
  for n = 1, #old, 2 do
    destinations[string.match(old[n], '/(.*)$')] = true
    call('ZADD', lanes .. into, old[n + 1], old[n])
  end
  call('DEL', lines .. from, all .. from, lanes .. from)
  for destination in pairs(destinations) do
    queue_first(merchant, destination, into)
  end
end

local function write_aggregate(merchant, a, at)
  if a.into ~= '' then
    merge(merchant, a.id, a.into)
  end
  local key, names = T .. 'a:' .. merchant .. ':' .. a.id, T .. 'ax:' .. merchant .. ':' .. a.id
  local place = merchant .. '/' .. a.id
  -- Most writes change no name: only those that do are written.
  local known, stays = {}, {}
  if a.read ~= '' then
    for _, alias in ipairs(call('SMEMBERS', names)) do
      known[alias] = true
    end
  end
  local new = {}
  if a.blob ~= '' then
    for _, alias in ipairs(a.aliases) do
      stays[alias] = true
      if not known[alias] then
        new[#new + 1] = alias
        call('SADD', T .. 'x:' .. merchant .. ':' .. alias, a.id)
      end
    end
  end
  if #new > 0 then
    call('SADD', names, unpack(new))
  end
  for alias in pairs(known) do
    if not stays[alias] then
      call('SREM', names, alias)
      call('SREM', T .. 'x:' .. merchant .. ':' .. alias, a.id)
    end
  end
  if a.blob == '' then
    call('DEL', key)
    unlist(T .. 'wake', place)
    unlist(T .. 'u', place)
    return
  end
  local version = string.format('%.0f', tonumber(a.read == '' and '0' or a.read) + 1)
  call('HSET', key, 'v', version, 'b', a.blob, 'w', a.wake)
  list(T .. 'u', at, place)
  if a.wake == '' then
    if a.read ~= '' then
      unlist(T .. 'wake', place)
    end
  else
    list(T .. 'wake', a.wake, place)
  end
end

-- The number of the message that was made last.
local last_seq = 0

local function write_message(merchant, m)
  local key = T .. 'm:' .. m.id
  if call('EXISTS', key) == 1 then
    return
  end
  last_seq = last_seq + 1
  local seq = string.format('%012.0f', last_seq)
  call('HSET', key, 'o', merchant, 'd', m.destination, 'g', m.aggregate, 'r', m.receipt, 'z', m.created,
    'n', m.not_before, 'b', m.backfill, 's', '0', 'a', '0', 't', '0', 'q', seq)
  call('MSET', T .. 'mh:' .. m.id, m.head, T .. 'mf:' .. m.id, m.frozen)
  local member = seq .. '.' .. m.id
  list(T .. 'i:' .. merchant .. ':m0', m.created, member)
  call('ZADD', T .. 'gm:' .. merchant .. ':' .. m.aggregate, m.created, member)
  call('ZADD', T .. 'gp:' .. merchant .. ':' .. m.aggregate, seq, m.id .. '/' .. m.destination)
  call('RPUSH', T .. 'rm:' .. m.receipt, m.id)
  count(merchant, 'created', 1)
  count(merchant, 'pending', 1)
  queue_first(merchant, m.destination, m.aggregate, m.id, m.not_before)
end

local function revise(merchant, revision, epoch, at)
  local key = T .. 'm:' .. revision.id
  local m = call('HMGET', key, 's', 'c', 't', 'n', 'd', 'g', 'q', 'z')
  -- What is under way says what it says; only its owner's word counts for that.
  if m[1] ~= '0' or m[2] == epoch then
    return
  end
  if revision.kind == 'cancel' then
    local known = { destination = m[5], aggregate = m[6], seq = m[7], created = m[8] }
    end_message(revision.id, merchant, '3', revision.text, at, known, {})
  elseif revision.kind == 'refill' then
    -- A mark of another epoch: whoever left it may have told it already.
    if m[3] == '0' and not m[2] then
      call('SET', T .. 'mf:' .. revision.id, revision.text)
    end
  else
    call('HSET', key, 'b', '1')
    -- A hold ends here; the wait before a retry does not.
    if m[3] == '0' and tonumber(m[4]) > tonumber(at) then
      call('HSET', key, 'n', at)
      queue_first(merchant, m[5], m[6])
    end
  end
end

local function write_line(merchant, line, at)
  local key, field = T .. 'l:' .. line.receipt, line.place
  local member = line.receipt .. '.' .. line.place
  if call('HSETNX', key, field .. 'f', line.fixed) == 1 then
    call('HSET', key, field .. 's', line.status, field .. 'z', at, field .. 'g', line.aggregate,
      field .. 'v', line.told)
    list(T .. 'i:' .. merchant .. ':e', at, member)
    list(T .. 'i:' .. merchant .. ':e:' .. line.status, at, member)
    if line.aggregate ~= '' then
      call('ZADD', T .. 'gl:' .. merchant .. ':' .. line.aggregate, at, member)
    end
    return
  end
  local before = call('HMGET', key, field .. 'g', field .. 'z')
  if before[1] and before[1] ~= '' and before[1] ~= line.aggregate then
    call('ZREM', T .. 'gl:' .. merchant .. ':' .. before[1], member)
  end
  if line.aggregate ~= '' then
    call('ZADD', T .. 'gl:' .. merchant .. ':' .. line.aggregate, before[2], member)
  end
  call('HSET', key, field .. 'g', line.aggregate, field .. 'v', line.told)
end

-- A row is: order of coming, how often, first and last time, a receipt.
local function count_unmapped(merchant, told, at, most)
  local rows, known = T .. 'un:' .. merchant, T .. 'unn:' .. merchant
  local function again(code)
    local field = told.source .. '/' .. code
    local row = call('HGET', rows, field)
    if not row then
      return false
    end
    local seq, times, first = string.match(row, '^(%d+)|(%d+)|(%d+)|')
    times = string.format('%.0f', tonumber(times) + 1)
    call('HSET', rows, field, table.concat({ seq, times, first, at, told.receipt }, '|'))
    return true
  end
  if again(told.code) then
    return
  end
  local code = told.code
  if tonumber(call('HGET', known, told.source) or '0') >= most then
    code = ''
    if again(code) then
      return
    end
  end
  call('HINCRBY', known, told.source, 1)
  local seq = string.format('%.0f', call('INCR', T .. 'seq'))
  call('HSET', rows, told.source .. '/' .. code, table.concat({ seq, '1', at, at, told.receipt }, '|'))
end

local function write(step, epoch, most_codes)
  for _, outcome in ipairs(step.outcomes) do
    settle(outcome, step.at)
  end
  for _, aggregate in ipairs(step.aggregates) do
    write_aggregate(step.merchant, aggregate, step.at)
  end
  for _, message in ipairs(step.messages) do
    write_message(step.merchant, message)
  end
  for _, revision in ipairs(step.revisions) do
    revise(step.merchant, revision, epoch, step.at)
  end
  for _, line in ipairs(step.story) do
    write_line(step.merchant, line, step.at)
  end
  for _, told in ipairs(step.unmapped) do
    count_unmapped(step.merchant, told, step.at, most_codes)
  end
end

local epoch = ARGV[read]
local most_codes = number()
local steps, messages = read_list(read_step), 0
for _, step in ipairs(steps) do
  messages = messages + #step.messages
end
if messages > 0 then
  -- Numbers of steps that are not current are not used.
  last_seq = call('INCRBY', T .. 'seq', messages) - messages
end
local answers = {}
for n, step in ipairs(steps) do
  note_owner(step.merchant)
  if is_current(step) then
    write(step, epoch, most_codes)
    answers[n] = 'yes'
  else
    answers[n] = 'stale'
  end
end
return finish(answers)
