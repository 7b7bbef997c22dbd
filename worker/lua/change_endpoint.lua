-- Makes or deletes a registered endpoint, or changes what is named of one: nothing else of it is touched, and none that
-- was deleted meanwhile comes back. One that is enabled anew, or that moves, starts with a clean slate.
-- Reads:  kerbside:webhook:<endpoint> kerbside:subscriptions:<tenant> kerbside:deliveries:<endpoint>, and of a delivery
--         kerbside:job:<id>
-- Writes: kerbside:webhook:<endpoint> kerbside:subscriptions:<tenant> kerbside:destination:<destination>, and what
--         webhooks' fill_slots writes
-- Arguments: 6 'create', 'change' or 'delete', 7 tenant, 8 endpoint, 9 endpoints that a tenant may have, then field, value, ..
-- Returns: 'unknown' it is not there, or another's; 'too_many'; 'off' this has disabled it; 'done'
local tenant, endpoint = ARGV[7], ARGV[8]
local key, index = 'kerbside:webhook:' .. endpoint, 'kerbside:subscriptions:' .. tenant
if ARGV[6] == 'delete' then
  -- A removal first; of a broken record too, whose tenant the index still knows.
  if redis.call('HDEL', index, endpoint) == 0 then
    -- Whoever deleted it may not have come as far as its log.
    local left = redis.call('ZRANGE', 'kerbside:deliveries:' .. endpoint, 0, 0)[1]
    return left and redis.call('HGET', job_key(left), 'tenant') == tenant and 'done' or 'unknown'
  end
  redis.call('DEL', key)
  return 'done'
end
local before = redis.call('HMGET', key, 'tenant', 'url', 'enabled')
if ARGV[6] == 'create' then
  if redis.call('HLEN', index) >= tonumber(ARGV[9]) then
    return 'too_many'
  end
  redis.call('HSET', key, 'tenant', tenant, 'created', now)
elseif before[1] ~= tenant or not before[2] then
  return 'unknown'
end
if ARGV[10] then
  redis.call('HSET', key, unpack(ARGV, 10))
end
local after = redis.call('HMGET', key, 'url', 'enabled', 'events')
local is_off = after[2] ~= '1' and before[3] ~= after[2]
if is_off then
  -- Of its tenant's own will: no event tells of it.
  redis.call('HSET', key, 'disabled_reason', 'by_client', 'disabled_at', now)
elseif after[2] == '1' then
  redis.call('HDEL', key, 'disabled_reason', 'disabled_at')
end
redis.call('HSET', index, endpoint, (after[2] == '1' and 'on ' or 'off ') .. after[3])
if after[2] == '1' and before[3] ~= '1' or after[1] ~= before[2] then
  redis.call('HDEL', destination_key(endpoint), 'failing_since', 'failed_at', 'in_a_row', 'weight', 'opened',
    'paused_until', 'answers')
  fill_slots(endpoint)
end
return is_off and 'off' or 'done'
