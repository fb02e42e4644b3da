-- What is kept, whole, for whoever moves it: of members of a list, or what there is little of.
local what = take()
local looks = {}

function looks.facts()
  local found = { call('HGETALL', T .. 'p') }
  for _, owner in ipairs(call('SMEMBERS', T .. 'ms')) do
    found[#found + 1] = {
      owner, call('HGETALL', T .. 'n:' .. owner), call('HGETALL', T .. 'un:' .. owner),
      call('HGETALL', T .. 'uc:' .. owner), call('HGETALL', T .. 'polls:' .. owner),
      call('HVALS', T .. 'fr:' .. owner),
    }
  end
  return found
end

function looks.receipts(id)
  local r = call('HMGET', T .. 'r:' .. id, 'o', 'c', 's', 'w', 'k', 'n')
  return {
    id, r[1], r[2], r[3], r[4], r[5], r[6], call('GET', T .. 'rh:' .. id), call('GET', T .. 'rb:' .. id),
    call('GET', T .. 'ra:' .. id), call('ZSCORE', T .. 'sb', id) or call('ZSCORE', T .. 's', id),
  }
end

function looks.lines(member)
  local receipt, place = string.match(member, '^(.-)%.(%d+)$')
  local l = call('HMGET', T .. 'l:' .. receipt, place .. 'f', place .. 'g', place .. 'v')
  return { receipt, place, l[1], l[2], l[3] }
end

function looks.orders(place)
  local merchant, id = string.match(place, '^(.-)/(.*)$')
  local a = call('HMGET', T .. 'a:' .. merchant .. ':' .. id, 'v', 'b')
  return {
    merchant, id, a[1], a[2], call('ZSCORE', T .. 'wake', place), call('ZSCORE', T .. 'u', place),
    call('SMEMBERS', T .. 'ax:' .. merchant .. ':' .. id),
  }
end

function looks.messages(member)
  local id = string.match(member, '%.(.*)$')
  local m = call('HMGET', T .. 'm:' .. id, 'o', 'd', 'g', 'r', 'z', 'n', 'b', 's', 'w', 'a', 't', 'e', 'q')
  m[14], m[15] = call('GET', T .. 'mh:' .. id), call('GET', T .. 'mf:' .. id)
  return { id, m, call('LRANGE', T .. 'mt:' .. id, 0, -1) }
end

-- Under these keys something was accepted, and for how long that is remembered.
function looks.repeats(key)
  local receipt = call('GET', T .. 'dd:' .. key)
  local owner = receipt and call('HGET', T .. 'r:' .. receipt, 'o')
  return { key, receipt, call('PTTL', T .. 'dd:' .. key), owner }
end

if what == 'facts' then
  return looks.facts()
end
local found = {}
for n = 1, number() do
  found[n] = looks[what](take())
end
return found
