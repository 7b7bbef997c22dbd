-- Gives back every job that one worker holds: not a crash, and the job keeps its place in time.
-- Writes: kerbside:job:<id> kerbside:running:<lane>, and what prelude's enqueue_next writes
-- Arguments: 6 lane, 7 worker, 8.. jobs that it keeps
-- Returns: how many were given back
local lane, worker = ARGV[6], ARGV[7]
local held, kept = {}, {}
for i = 8, #ARGV do
  kept[ARGV[i]] = true
end
for _, id in ipairs(redis.call('ZRANGE', 'kerbside:running:' .. lane, 0, -1)) do
  local record = redis.call('HMGET', job_key(id), 'worker', 'state', 'sent', 'number')
  if record[1] == worker and record[2] == 'running' and not kept[id] then
    held[#held + 1] = { id = id, sent = record[3], number = tonumber(record[4]) }
  end
end
-- The oldest is put back last and so starts first.
table.sort(held, function(a, b) return a.number > b.number end)
for _, job in ipairs(held) do
  redis.call('ZREM', 'kerbside:running:' .. lane, job.id)
  redis.call('HINCRBY', job_key(job.id), 'fence', 1)
  redis.call('HINCRBY', job_key(job.id), 'sequence', 1)
  redis.call('HSET', job_key(job.id), 'state', 'retrying')
  enqueue_next(job.id, lane, job.sent)
end
return #held
