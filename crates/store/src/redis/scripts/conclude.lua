-- The ends of attempts. One that is settled is left as it is, and one that is written already too: the
-- number of the try tells.
if not is_owner() then
  return 'not owner'
end
for _ = 1, number() do
  local merchant, destination, id, kind, at = take(), take(), take(), take(), take()
  local value, counts, tried, story, backfill = take(), take(), take(), take(), take()
  local pause, ends, text = take(), take(), take()
  local key = T .. 'm:' .. id
  local m = call('HMGET', key, 's', 't', 'g', 'a', 'd', 'q', 'z')
  if m[1] == '0' and (tried == '' or tonumber(tried) > tonumber(m[2])) then
    local fields = { 'b', backfill }
    if tried ~= '' then
      fields[3], fields[4] = 't', string.format('%.0f', tonumber(m[2]) + 1)
      call('RPUSH', T .. 'mt:' .. id, story)
    end
    if kind == 'again' then
      if counts == '1' then
        fields[#fields + 1], fields[#fields + 2] = 'a', string.format('%.0f', tonumber(m[4]) + 1)
      end
      fields[#fields + 1], fields[#fields + 2] = 'n', value
      call('HSET', key, unpack(fields))
      call('HDEL', key, 'c')
      queue_first(merchant, destination, m[3], id, value)
    else
      local known = { aggregate = m[3], destination = m[5], seq = m[6], created = m[7] }
      end_message(id, merchant, kind, value, at, known, fields)
    end
    if pause ~= '' then
      change_pause(merchant, destination, pause, ends, text)
    end
  end
end
return finish('done')
