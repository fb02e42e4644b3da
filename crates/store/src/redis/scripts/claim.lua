-- Marks messages as being under way and answers them whole, those that are still unsent. The mark keeps
-- revisions away. Under another epoch it keeps other words away only: whoever left it may have told them.
if not is_owner() then
  return 'not owner'
end
local epoch = ARGV[read]
local found, texts = {}, {}
for _ = 1, number() do
  local id = take()
  local key = T .. 'm:' .. id
  local m = call('HMGET', key, 's', 'o', 'd', 'g', 'r', 'z', 'n', 'b', 'a', 't')
  if m[1] == '0' then
    call('HSET', key, 'c', epoch)
    m[1] = id
    found[#found + 1] = m
    for _, kind in ipairs({ 'mh:', 'mf:' }) do
      texts[#texts + 1] = T .. kind .. id
    end
  end
end
add_texts(found, texts)
return found
