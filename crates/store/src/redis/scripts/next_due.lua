-- When the next thing becomes due: a message, an aggregate, the end of a pause.
local function first(key)
  return call('ZRANGEBYSCORE', T .. key, '(0', '+inf', 'WITHSCORES', 'LIMIT', 0, 1)[2]
end
local next = earlier(first('due'), first('wake'))
for _, pause in ipairs(call('HVALS', T .. 'p')) do
  next = earlier(next, string.match(pause, '^(%d+)|'))
end
return next
