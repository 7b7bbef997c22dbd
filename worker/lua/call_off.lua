-- Calls off what an endpoint was still to be told, as when it is disabled or deleted; some at a time.
-- Writes: kerbside:deliveries:<endpoint> kerbside:ended:<endpoint> kerbside:missed:<endpoint> kerbside:cooling:<lane>
--         kerbside:destination:<destination>, and what webhooks' call_off and forget write
-- Arguments: 6 endpoint, 7 'disabled' or 'deleted', 8 deliveries looked at per call, 9 the last id of the call before or ''
-- Returns: where to go on, '' at the end
local endpoint, deleted, most = ARGV[6], ARGV[7] == 'deleted', tonumber(ARGV[8])
local log = 'kerbside:deliveries:' .. endpoint
local first = not deleted and ARGV[9] ~= '' and (redis.call('ZRANK', log, ARGV[9]) or -1) + 1 or 0
local ids = redis.call('ZRANGE', log, first, first + most - 1)
-- No slot is filled meanwhile; should the caller not come back, in a minute. A removal first (see prelude's finish).
redis.call('ZREM', 'kerbside:cooling:' .. WEBHOOKS, endpoint)
redis.call('ZADD', 'kerbside:cooling:' .. WEBHOOKS, now + 60000, endpoint)
note(endpoint, 'paused_until', now + 60000)
for _, id in ipairs(ids) do
  if is_open(redis.call('HGET', job_key(id), 'state')) then
    call_off(id, deleted and 'canceled' or 'failed', deleted and 'endpoint_deleted' or 'endpoint_disabled')
  end
  if deleted then
    forget(endpoint, id)
  end
end
if #ids == most then
  return ids[#ids]
end
redis.call('HDEL', destination_key(endpoint), 'paused_until')
redis.call('ZREM', 'kerbside:cooling:' .. WEBHOOKS, endpoint)
if deleted then
  redis.call('DEL', log, 'kerbside:ended:' .. endpoint, 'kerbside:missed:' .. endpoint, destination_key(endpoint))
end
return ''
