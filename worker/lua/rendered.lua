-- Keeps the bytes of a delivery before they are sent for the first time: every attempt sends the same.
-- Writes: kerbside:job:<id>
-- Arguments: 6 id, 7 fence, 8 body
-- Returns: 1 kept, 0 the delivery is in other hands
local key = job_key(ARGV[6])
local record = redis.call('HMGET', key, 'state', 'fence')
if record[1] ~= 'running' or record[2] ~= ARGV[7] then
  return 0
end
-- A removal first (see prelude's finish); then of what the body says now. The trace goes with every attempt.
redis.call('HDEL', key, 'next')
for _, field in ipairs(redis.call('HKEYS', key)) do
  if string.sub(field, 1, 4) == 'job:' and field ~= 'job:sequence' and field ~= 'job:traceparent' then
    redis.call('HDEL', key, field)
  end
end
redis.call('HSET', key, 'body', ARGV[8])
return 1
