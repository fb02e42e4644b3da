-- Forgets what is settled and old, at most `most` of a kind; answers how much that was. What is not
-- finished is looked at again a day later, so that it does not stand before what is.
local bodies, receipts, memory, most, day = take(), take(), take(), number(), take()
local gone = 0

for _, id in ipairs(call('ZRANGEBYSCORE', T .. 'sb', '-inf', '(' .. bodies, 'LIMIT', 0, most)) do
  local settled = call('ZSCORE', T .. 'sb', id)
  call('UNLINK', T .. 'rb:' .. id, T .. 'ra:' .. id)
  call('ZREM', T .. 'sb', id)
  call('ZADD', T .. 's', settled, id)
  gone = gone + 1
end

local function is_finished(id)
  for _, message in ipairs(call('LRANGE', T .. 'rm:' .. id, 0, -1)) do
    if call('HGET', T .. 'm:' .. message, 's') == '0' then
      return false
    end
  end
  -- What follows from an order is told with the receipts that spoke of it.
  local merchant = call('HGET', T .. 'r:' .. id, 'o') or ''
  local lines = call('HGETALL', T .. 'l:' .. id)
  for n = 1, #lines, 2 do
    local aggregate = lines[n + 1]
    if string.match(lines[n], '^%d+g$') and call('ZSCORE', T .. 'wake', merchant .. '/' .. aggregate) then
      return false
    end
  end
  return true
end

local function forget_message(id)
  local m = call('HMGET', T .. 'm:' .. id, 'o', 'g', 's', 'q')
  if not m[1] then
    return
  end
  local member = m[4] .. '.' .. id
  call('ZREM', T .. 'i:' .. m[1] .. ':m' .. m[3], member)
  call('ZREM', T .. 'gm:' .. m[1] .. ':' .. m[2], member)
  call('UNLINK', T .. 'm:' .. id, T .. 'mh:' .. id, T .. 'mf:' .. id, T .. 'mt:' .. id)
end

local function forget_receipt(id)
  local r = call('HMGET', T .. 'r:' .. id, 'o', 's')
  for _, message in ipairs(call('LRANGE', T .. 'rm:' .. id, 0, -1)) do
    forget_message(message)
  end
  local lines = call('HGETALL', T .. 'l:' .. id)
  local fields = {}
  for n = 1, #lines, 2 do
    fields[lines[n]] = lines[n + 1]
  end
  for field, status in pairs(fields) do
    local place = string.match(field, '^(%d+)s$')
    if place then
      local member = id .. '.' .. place
      call('ZREM', T .. 'i:' .. r[1] .. ':e', member)
      call('ZREM', T .. 'i:' .. r[1] .. ':e:' .. status, member)
      call('ZREM', T .. 'gl:' .. r[1] .. ':' .. (fields[place .. 'g'] or ''), member)
    end
  end
  call('ZREM', T .. 'i:' .. r[1] .. ':r' .. r[2], id)
  call('UNLINK', T .. 'r:' .. id, T .. 'rh:' .. id, T .. 'rm:' .. id, T .. 'l:' .. id)
end

for _, id in ipairs(call('ZRANGEBYSCORE', T .. 's', '-inf', '(' .. receipts, 'LIMIT', 0, most)) do
  if is_finished(id) then
    forget_receipt(id)
    call('ZREM', T .. 's', id)
    gone = gone + 1
  else
    call('ZINCRBY', T .. 's', day, id)
  end
end

for _, place in ipairs(call('ZRANGEBYSCORE', T .. 'u', '-inf', '(' .. memory, 'LIMIT', 0, most)) do
  local merchant, id = string.match(place, '^(.-)/(.*)$')
  local own = merchant .. ':' .. id
  if call('ZSCORE', T .. 'wake', place) or call('EXISTS', T .. 'gp:' .. own) == 1 then
    call('ZINCRBY', T .. 'u', day, place)
  else
    for _, alias in ipairs(call('SMEMBERS', T .. 'ax:' .. own)) do
      call('SREM', T .. 'x:' .. merchant .. ':' .. alias, id)
    end
    call('UNLINK', T .. 'a:' .. own, T .. 'ax:' .. own, T .. 'gl:' .. own, T .. 'gm:' .. own)
    call('ZREM', T .. 'u', place)
    gone = gone + 1
  end
end
return gone
