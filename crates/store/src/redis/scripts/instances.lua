-- Says that this instance is there (or goes), forgets those that were silent for longer than a lease,
-- and answers who is there, in an order that is the same for all.
local verb, me, ttl = take(), take(), number()
local time = call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
if verb == 'go' then
  call('ZREM', T .. 'seen', me)
else
  call('ZADD', T .. 'seen', string.format('%.0f', now), me)
end
call('ZREMRANGEBYSCORE', T .. 'seen', '-inf', '(' .. string.format('%.0f', now - ttl))
local seen = call('ZRANGE', T .. 'seen', 0, -1)
table.sort(seen)
return seen
