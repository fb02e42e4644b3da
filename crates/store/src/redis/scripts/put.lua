-- Writes what is moved here, with all that is derived from it. Writing it again changes nothing.
local puts = {}

function puts.sum()
  local merchant, name, sum = take(), take(), take()
  note_owner(merchant)
  call('HSET', T .. 'n:' .. merchant, name, sum)
end

function puts.code()
  local merchant, source, code, row = take(), take(), take(), take()
  note_owner(merchant)
  local rows, field = T .. 'un:' .. merchant, source .. '/' .. code
  if call('HEXISTS', rows, field) == 0 then
    local seq = string.format('%.0f', call('INCR', T .. 'seq'))
    call('HSET', rows, field, seq .. row)
    call('HINCRBY', T .. 'unn:' .. merchant, source, 1)
  end
end

function puts.unclaimed()
  local feed, account, count = take(), take(), take()
  note_owner(feed)
  call('HSET', T .. 'uc:' .. feed, account, count)
end

function puts.pause()
  local place, pause = take(), take()
  call('HSET', T .. 'p', place, pause)
end

function puts.polled()
  local owner, source, polled = take(), take(), take()
  note_owner(owner)
  call('HSET', T .. 'polls:' .. owner, source, polled)
end

function puts.refused()
  local id, owner, at, row = take(), take(), take(), take()
  note_owner(owner)
  call('ZADD', T .. 'i:' .. owner .. ':f', at, id)
  call('HSET', T .. 'fr:' .. owner, id, row)
end

function puts.receipt()
  local id, owner, came, state, why, asks, ask_at = take(), take(), take(), take(), take(), take(), take()
  local head, body, answer, settled = take(), take(), take(), take()
  local key = T .. 'r:' .. id
  note_owner(owner)
  call('HSET', key, 'o', owner, 'c', came, 's', state)
  call('SET', T .. 'rh:' .. id, head)
  for field, value in pairs({ w = why, k = asks, n = ask_at }) do
    if value ~= '' then
      call('HSET', key, field, value)
    end
  end
  for name, value in pairs({ rb = body, ra = answer }) do
    if value ~= '' then
      call('SET', T .. name .. ':' .. id, value)
    end
  end
  call('ZADD', T .. 'i:' .. owner .. ':r' .. state, came, id)
  if state == '0' then
    call('SADD', T .. 'w', owner)
  elseif ask_at ~= '' then
    call('ZADD', T .. 'ask:' .. owner, ask_at, id)
    call('SADD', T .. 'asks', owner)
  end
  if settled ~= '' then
    call('ZADD', T .. ((body ~= '' or answer ~= '') and 'sb' or 's'), settled, id)
  end
end

function puts.line()
  local receipt, place, merchant, aggregate, status, at = take(), take(), take(), take(), take(), take()
  local fixed, told = take(), take()
  local member = receipt .. '.' .. place
  note_owner(merchant)
  call('HSET', T .. 'l:' .. receipt, place .. 'f', fixed, place .. 's', status, place .. 'z', at,
    place .. 'g', aggregate, place .. 'v', told)
  call('ZADD', T .. 'i:' .. merchant .. ':e', at, member)
  call('ZADD', T .. 'i:' .. merchant .. ':e:' .. status, at, member)
  if aggregate ~= '' then
    call('ZADD', T .. 'gl:' .. merchant .. ':' .. aggregate, at, member)
  end
end

function puts.order()
  local merchant, id, version, blob, wake, updated = take(), take(), take(), take(), take(), take()
  local place = merchant .. '/' .. id
  note_owner(merchant)
  call('HSET', T .. 'a:' .. merchant .. ':' .. id, 'v', version, 'b', blob, 'w', wake)
  call('ZADD', T .. 'u', updated, place)
  if wake ~= '' then
    call('ZADD', T .. 'wake', wake, place)
  end
  for _ = 1, number() do
    local alias = take()
    call('SADD', T .. 'ax:' .. merchant .. ':' .. id, alias)
    call('SADD', T .. 'x:' .. merchant .. ':' .. alias, id)
  end
end

function puts.message()
  local merchant, id, destination, aggregate, receipt = take(), take(), take(), take(), take()
  local created, not_before, backfill, state, why = take(), take(), take(), take(), take()
  local attempts, tries, ended, head, frozen = take(), take(), take(), take(), take()
  local stories = {}
  for n = 1, number() do
    stories[n] = take()
  end
  local key = T .. 'm:' .. id
  if call('EXISTS', key) == 1 then
    return
  end
  note_owner(merchant)
  local seq = string.format('%012.0f', call('INCR', T .. 'seq'))
  call('HSET', key, 'o', merchant, 'd', destination, 'g', aggregate, 'r', receipt, 'z', created,
    'n', not_before, 'b', backfill, 's', state, 'a', attempts, 't', tries, 'q', seq)
  if why ~= '' then
    call('HSET', key, 'w', why)
  end
  if ended ~= '' then
    call('HSET', key, 'e', ended)
  end
  call('SET', T .. 'mh:' .. id, head)
  call('SET', T .. 'mf:' .. id, frozen)
  local member = seq .. '.' .. id
  call('ZADD', T .. 'i:' .. merchant .. ':m' .. state, created, member)
  call('ZADD', T .. 'gm:' .. merchant .. ':' .. aggregate, created, member)
  call('RPUSH', T .. 'rm:' .. receipt, id)
  for _, story in ipairs(stories) do
    call('RPUSH', T .. 'mt:' .. id, story)
  end
  if state == '0' then
    -- Nobody knows any more what was under way: it goes on saying what it says.
    call('HSET', key, 'c', '0')
    call('ZADD', T .. 'gp:' .. merchant .. ':' .. aggregate, seq, id .. '/' .. destination)
    queue_first(merchant, destination, aggregate)
  end
end

function puts.kept()
  local owner, shelf, key, value = take(), take(), take(), take()
  if owner ~= '' then
    note_owner(owner)
  end
  call('HSET', T .. 'v:' .. shelf .. ':' .. owner, key, value)
  call('ZADD', T .. 'vi:' .. shelf .. ':' .. owner, 0, key)
end

function puts.repeats()
  local key, receipt, ttl = take(), take(), take()
  call('SET', T .. 'dd:' .. key, receipt, 'PX', ttl)
end

for _ = 1, number() do
  puts[take()]()
end
return finish('done')
