-- Writes something that means nothing: replicas that have it have all that was written before.
call('SET', T .. 'seal', '')
return 'done'
