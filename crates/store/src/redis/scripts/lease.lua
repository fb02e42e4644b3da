-- Takes, keeps or gives back the lease of a partition, by this server's clock. Answers the epoch, or
-- nothing when somebody else has it.
local verb, me, epoch, ttl = take(), take(), take(), number()
local time = call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local lease = call('HMGET', T .. 'lease', 'owner', 'epoch', 'ends')
local is_mine = lease[1] == me and lease[2] == epoch
if verb == 'give' then
  if is_mine then
    call('HSET', T .. 'lease', 'owner', '', 'ends', '0')
  end
  return false
end
local ends = string.format('%.0f', now + ttl)
if is_mine then
  call('HSET', T .. 'lease', 'ends', ends)
  return epoch
end
if verb == 'keep' or (lease[1] and lease[1] ~= '' and lease[1] ~= me and tonumber(lease[3]) > now) then
  return false
end
local next = string.format('%.0f', tonumber(lease[2] or '0') + 1)
call('HSET', T .. 'lease', 'owner', me, 'epoch', next, 'ends', ends)
return next
