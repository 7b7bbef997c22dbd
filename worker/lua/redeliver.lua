-- Opens ended deliveries of an endpoint again, each with a schedule of its own, as if they had just been made.
-- Reads:  kerbside:webhook:<endpoint> kerbside:deliveries:<endpoint>
-- Writes: kerbside:job:<id> kerbside:ended:<endpoint> kerbside:number:<lane>, and what webhooks' give_turn writes
-- Arguments: 6 'one' or 'failed', 7 tenant, 8 the delivery's id, or the endpoint, 9 ms since the epoch from which, 10 the
--            last id of the call before or '', 11 deliveries looked at per call
-- Returns: {'unknown' | 'pending' | 'disabled' | 'erased' | 'too_many_pending'} or {'opened', how many, where to go on or ''}
local tenant = ARGV[7]

local function endpoint_of(id)
  local record = redis.call('HMGET', job_key(id), 'tenant', 'endpoint')
  return record[1] == tenant and record[2] or nil
end

local function has_content(id)
  return redis.call('HEXISTS', job_key(id), 'body') == 1 or redis.call('HEXISTS', job_key(id), 'job:state') == 1
    or redis.call('HEXISTS', job_key(id), 'about:id') == 1
end

local function reopen(id)
  local key = job_key(id)
  local record = redis.call('HMGET', key, 'endpoint', 'destination', 'subject')
  redis.call('ZREM', 'kerbside:ended:' .. record[1], id)
  redis.call('HDEL', key, 'detail', 'completed', 'expires', 'started', 'crashes', 'worker', 'next')
  redis.call('PERSIST', key)
  redis.call('HINCRBY', key, 'fence', 1)
  -- The attempts so far stay in its log; its schedule starts anew.
  redis.call('HSET', key, 'since', now, 'earlier', redis.call('HGET', key, 'attempts') or 0, 'number',
    redis.call('INCR', 'kerbside:number:' .. WEBHOOKS))
  if record[3] ~= '' and redis.call('EXISTS', job_key(record[3])) == 1 then
    redis.call('HINCRBY', job_key(record[3]), 'undelivered', 1)
  end
  give_turn(id, record[2])
end

local function refusal_of(endpoint)
  if string.sub(endpoint, 1, 8) ~= 'default:' and redis.call('HGET', 'kerbside:webhook:' .. endpoint, 'enabled') ~= '1' then
    return 'disabled'
  end
  local pending = redis.call('ZCARD', 'kerbside:deliveries:' .. endpoint) - redis.call('ZCARD', 'kerbside:ended:' .. endpoint)
  return pending >= policy().pending and 'too_many_pending' or nil
end

if ARGV[6] == 'one' then
  local id = ARGV[8]
  local endpoint = endpoint_of(id)
  if not endpoint then
    return { 'unknown' }
  end
  if is_open(redis.call('HGET', job_key(id), 'state')) then
    return { 'pending' }
  end
  if not has_content(id) then
    return { 'erased' }
  end
  local refused = refusal_of(endpoint)
  if refused then
    return { refused }
  end
  reopen(id)
  return { 'opened', 1, '' }
end

local endpoint, most = ARGV[8], tonumber(ARGV[11])
local refused = refusal_of(endpoint)
if refused then
  return { refused }
end
local log = 'kerbside:deliveries:' .. endpoint
local first = ARGV[10] ~= '' and (redis.call('ZRANK', log, ARGV[10]) or -1) + 1 or redis.call('ZCOUNT', log, '-inf', '(' .. ARGV[9])
local opened, last = 0, ''
local looked_at = redis.call('ZRANGE', log, first, first + most - 1)
for _, id in ipairs(looked_at) do
  local state = redis.call('HGET', job_key(id), 'state')
  if (state == 'failed' or state == 'canceled') and has_content(id) then
    if refusal_of(endpoint) then
      return { 'opened', opened, '' }
    end
    reopen(id)
    opened = opened + 1
  end
  last = id
end
return { 'opened', opened, #looked_at == most and last or '' }
