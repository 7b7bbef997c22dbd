-- Lets ended jobs that were kept for the archive end by themselves, as where there is none: their time counts from now.
-- Writes: what prelude's lapse writes
-- Arguments: 6 1 to do it, 0 only to count, 7.. ids
-- Returns: how many of them
local found = 0

for i = 7, #ARGV do
  local state = redis.call('HGET', job_key(ARGV[i]), 'state')
  if state and not is_open(state) and redis.call('TTL', job_key(ARGV[i])) == -1 then
    found = found + 1
    if ARGV[6] == '1' then
      lapse(ARGV[i])
    end
  end
end
return found
