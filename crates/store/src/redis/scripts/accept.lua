-- Makes receipts durable. Answers for each: `new`, `gone` (the body it shares is no longer there), or
-- the id under which it was accepted before.
local answers, waits = {}, {}
for n = 1, number() do
  local id, owner, dedupe, came, head, body = take(), take(), take(), take(), take(), take()
  local ttl = take()
  -- What has no body is not new. Anything else is what is known by its key from now on, if nothing was.
  local known
  if body == '' then
    known = call('GET', T .. 'dd:' .. dedupe)
  else
    known = call('SET', T .. 'dd:' .. dedupe, id, 'NX', 'GET', 'PX', ttl)
  end
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
    call('HSET', T .. 'r:' .. id, 'o', owner, 'c', came, 's', '0')
    call('MSET', T .. 'rh:' .. id, head, T .. 'rb:' .. id, body)
    list(T .. 'i:' .. owner .. ':r0', came, id)
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
