-- The sums of one merchant, or of all, and when the first receipt came that waits.
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
local answer = { oldest }
for name, sum in pairs(sums) do
  answer[#answer + 1] = name
  answer[#answer + 1] = string.format('%.0f', sum)
end
return answer
