-- Pauses or resumes a destination outside an attempt.
local merchant, destination, pause, ends, text = take(), take(), take(), take(), take()
change_pause(merchant, destination, pause, ends, text)
return finish('done')
