-- Opens ended deliveries again, each with a schedule of its own, as if they had just been made: one, or some of those that
-- an endpoint has missed.
-- Reads:  kerbside:webhook:<endpoint>
-- Writes: kerbside:job:<id> kerbside:deliveries:<endpoint> kerbside:ended:<endpoint> kerbside:missed:<endpoint>
--         kerbside:dead:<lane> kerbside:number:<lane>, and what webhooks' give_turn writes
-- Arguments: 6 'one' or 'missed', 7 tenant, 8 the delivery's id, or the endpoint, 9 ms since the epoch from which,
--            10 deliveries opened per call
-- Returns: {'unknown' | 'pending' | 'disabled' | 'erased' | 'too_many_pending'} or {'opened', how many}
local tenant = ARGV[7]

local function has_content(id)
  for _, field in ipairs({ 'body', 'job:state', 'about:id', 'batch' }) do
    if redis.call('HEXISTS', job_key(id), field) == 1 then
      return true
    end
  end
  return false
end

-- A prediction that is told of once more is kept for it, and shows that it is not told of yet.
local function keep_subject(subject, of_end)
  local key = job_key(subject)
  redis.call('HINCRBY', key, 'undelivered', 1)
  if redis.call('TTL', key) > 0 then
    redis.call('EXPIRE', key, math.max(redis.call('TTL', key), KEPT_FOR_DELIVERY))
  end
  if of_end and of_end == redis.call('HGET', key, 'sequence') then
    redis.call('HDEL', key, 'webhook_status')
  end
end

local function reopen(id)
  local key = job_key(id)
  local record = redis.call('HMGET', key, 'endpoint', 'destination', 'subject', 'type', 'job:sequence')
  redis.call('ZREM', 'kerbside:ended:' .. record[1], id)
  redis.call('ZREM', 'kerbside:missed:' .. record[1], id)
  redis.call('ZREM', 'kerbside:dead:' .. WEBHOOKS, id)
  -- The attempts so far stay in its log; its schedule starts anew.
  redis.call('HDEL', key, 'detail', 'completed', 'expires', 'started', 'crashes', 'worker', 'next', 'tries')
  redis.call('PERSIST', key)
  redis.call('HINCRBY', key, 'fence', 1)
  redis.call('HSET', key, 'since', now, 'number', redis.call('INCR', 'kerbside:number:' .. WEBHOOKS))
  if record[3] ~= '' and redis.call('EXISTS', job_key(record[3])) == 1 then
    keep_subject(record[3], end_told(record[1], record[2], record[4], record[5]))
  end
  give_turn(id, record[2])
end

local function refusal_of(endpoint, destination)
  if is_registered(endpoint, destination) and redis.call('HGET', 'kerbside:webhook:' .. endpoint, 'enabled') ~= '1' then
    return 'disabled'
  end
  return pending_of(endpoint, destination) >= policy().pending and 'too_many_pending' or nil
end

if ARGV[6] == 'one' then
  local id = ARGV[8]
  local record = redis.call('HMGET', job_key(id), 'tenant', 'endpoint', 'destination', 'state')
  if record[1] ~= tenant or not record[2] then
    return { 'unknown' }
  end
  if is_open(record[4]) then
    return { 'pending' }
  end
  if not has_content(id) then
    return { 'erased' }
  end
  local refused = refusal_of(record[2], record[3])
  if refused then
    return { refused }
  end
  reopen(id)
  return { 'opened', 1 }
end

local endpoint, opened = ARGV[8], 0
for _, id in ipairs(redis.call('ZRANGEBYSCORE', 'kerbside:missed:' .. endpoint, ARGV[9], '+inf', 'LIMIT', 0, ARGV[10])) do
  local destination = redis.call('HGET', job_key(id), 'destination')
  if not destination then
    redis.call('ZREM', 'kerbside:missed:' .. endpoint, id)
    redis.call('ZREM', 'kerbside:deliveries:' .. endpoint, id)
  else
    local refused = refusal_of(endpoint, destination)
    if refused then
      return opened > 0 and { 'opened', opened } or { refused }
    end
    reopen(id)
    opened = opened + 1
  end
end
return { 'opened', opened }
