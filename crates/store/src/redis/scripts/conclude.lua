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
  local m = call('HMGET', key, 's', 't', 'g')
  if m[1] == '0' and (tried == '' or tonumber(tried) > tonumber(m[2])) then
    call('HSET', key, 'b', backfill)
    if tried ~= '' then
      call('HINCRBY', key, 't', 1)
      call('RPUSH', T .. 'mt:' .. id, story)
    end
    if kind == 'again' then
      if counts == '1' then
        call('HINCRBY', key, 'a', 1)
      end
      call('HSET', key, 'n', value)
      call('HDEL', key, 'c')
      queue_first(merchant, destination, m[3])
    else
      end_message(id, merchant, kind, value, at)
    end
    if pause ~= '' then
      change_pause(merchant, destination, pause, ends, text)
    end
  end
end
return finish('done')
