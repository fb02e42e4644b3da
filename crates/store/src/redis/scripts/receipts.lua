-- Whole receipts, those in the state that is asked for.
local state = take()
local found, texts = {}, {}
for _ = 1, number() do
  local id = take()
  local r = call('HMGET', T .. 'r:' .. id, 's', 'o', 'c', 'w', 'k')
  if r[1] == state then
    found[#found + 1] = { id, r[2], r[3], r[4], r[5] }
    for _, kind in ipairs({ 'rh:', 'rb:', 'ra:' }) do
      texts[#texts + 1] = T .. kind .. id
    end
  end
end
add_texts(found, texts)
return found
