-- What lies on a shelf of an owner behind a key: key, value, in the order of the keys.
local shelf, owner, after, limit = take(), take(), take(), take()
local name = shelf .. ':' .. owner
local from = after == '' and '-' or ('(' .. string.sub(after, 2))
local answer = {}
for _, key in ipairs(call('ZRANGEBYLEX', T .. 'vi:' .. name, from, '+', 'LIMIT', 0, limit)) do
  answer[#answer + 1] = key
  answer[#answer + 1] = call('HGET', T .. 'v:' .. name, key)
end
return answer
