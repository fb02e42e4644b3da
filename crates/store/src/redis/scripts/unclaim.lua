-- Messages that were handed out and not tried: revisions may touch them again.
for _ = 1, number() do
  call('HDEL', T .. 'm:' .. take(), 'c')
end
return 'done'
