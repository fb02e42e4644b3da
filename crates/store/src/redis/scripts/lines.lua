-- What became of the events of receipts so far: fields and values as they are kept.
local answers = {}
for n = 1, number() do
  answers[n] = call('HGETALL', T .. 'l:' .. take())
end
return answers
