-- The sums of one merchant, or of all; when the first receipt came that waits; of all, when the first message
-- is due whose destination is not paused.
local wanted = take()
local sums, oldest = {}, ''
local owners = { wanted }
if wanted == '' then
  owners = call('SMEMBERS', T .. 'ms')
end
for _, owner in ipairs(owners) do
  local fields = call('HGETALL', T .. 'n:' .. owner)
  for n = 1, #fields, 2 do
    sums[fields[n]] = (sums[fields[n]] or 0) + tonumber(fields[n + 1])
  end
  for _, state in ipairs({ '0', '7' }) do
    local first = call('ZRANGE', T .. 'i:' .. owner .. ':r' .. state, 0, 0, 'WITHSCORES')
    oldest = earlier(oldest, first[2])
  end
end
local due = ''
if wanted == '' then
  local places = call('ZRANGE', T .. 'due', 0, -1, 'WITHSCORES')
  for n = 1, #places, 2 do
    if due == '' and call('HEXISTS', T .. 'p', places[n]) == 0 then
      due = places[n + 1]
    end
  end
end
local answer = { oldest, due }
for name, sum in pairs(sums) do
  answer[#answer + 1] = name
  answer[#answer + 1] = string.format('%.0f', sum)
end
return answer
