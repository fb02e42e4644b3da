-- Makes receipts durable. Answers for each: `new`, `gone` (the body it shares is no longer there), or
-- the id under which it was accepted before.
local answers, waits = {}, {}
for n = 1, number() do
  local id, owner, dedupe, came, head, body = take(), take(), take(), take(), take(), take()
  local ttl = take()
  local known = call('GET', T .. 'dd:' .. dedupe)
  if known == id then
    -- This call was made before, and its answer was lost.
    answers[n] = 'new'
  elseif known then
    answers[n] = known
    count(owner, 'duplicate', 1)
  elseif body == '' then
    answers[n] = 'gone'
  else
    answers[n] = 'new'
    call('SET', T .. 'dd:' .. dedupe, id, 'PX', ttl)
    call('HSET', T .. 'r:' .. id, 'o', owner, 'c', came, 's', '0')
    call('SET', T .. 'rh:' .. id, head)
    call('SET', T .. 'rb:' .. id, body)
    call('ZADD', T .. 'i:' .. owner .. ':r0', came, id)
    if not waits[owner] then
      waits[owner] = true
      call('SADD', T .. 'w', owner)
    end
    note_owner(owner)
    count(owner, 'accepted', 1)
    count(owner, 'waiting', 1)
  end
end
return finish(answers)
