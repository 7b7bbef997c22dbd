-- Ends an attempt to deliver: it was made, is made again later, or has failed for good. And what that tells of its
-- destination: after five failures in a row, or one that weighs as much, nothing is sent there for a while; then one
-- delivery goes first, to see.
-- Writes: kerbside:running:<lane> kerbside:cooling:<lane> kerbside:scheduled:<lane>, and what prelude's finish and
--         webhooks' note, leave_slot and disable write; publishes the attempt's Celery event
-- Arguments: 6 id, 7 fence, 8 'delivered' | 'again' | 'failed', 9 the attempt as JSON, 10 ms until the next,
--            11 failures that it counts for, 12 ms of a first pause, 13 ms of the longest, 14 detail of a failure,
--            15 why the endpoint is to be disabled or '', 16 ms of nothing but failures after which it is,
--            17 ms for which the receiver asked to be left alone, 18 event channel or '', 19 event message
-- Returns: why the endpoint was disabled now, '' where it was not, or nil where the delivery is in other hands
local FAILURES_ALLOWED, FEWEST_IN_ALL = 5, 10
local id, outcome = ARGV[6], ARGV[8]
local record = redis.call('HMGET', job_key(id), 'state', 'fence', 'endpoint', 'destination', 'log', 'tenant', 'sequence',
  'url')
if record[1] ~= 'running' or record[2] ~= ARGV[7] then
  return nil
end
local endpoint, destination = record[3], record[4]
-- A removal first (see prelude's finish).
redis.call('ZREM', 'kerbside:running:' .. WEBHOOKS, id)
redis.call('HDEL', job_key(id), 'crashes')
redis.call('HSET', job_key(id), 'log', record[5] and record[5] .. ',' .. ARGV[9] or ARGV[9])
-- One that the receiver was never asked for uses up nothing of its schedule.
local is_counted = outcome == 'delivered' or tonumber(ARGV[11]) > 0
if is_counted then
  redis.call('HINCRBY', job_key(id), 'tries', 1)
end

local function pause(opened)
  local ms = math.max(tonumber(ARGV[17]), math.min(tonumber(ARGV[13]), ARGV[12] * 2 ^ math.min(opened, 20)))
  note(destination, 'paused_until', math.floor(now + ms), 'opened', opened + 1)
  if not is_registered(endpoint, destination) then
    -- Operators see whom it is about; what follows the host may be a secret of the receiver.
    note(destination, 'tenant', record[6], 'origin', string.match(record[8], '^%a+://[^/?#]+'))
  end
  redis.call('HDEL', destination_key(destination), 'answers')
  redis.call('ZADD', 'kerbside:cooling:' .. WEBHOOKS, math.floor(now + ms), destination)
end

-- Returns why the endpoint has to be disabled, or ''.
local function count_failure()
  local key = destination_key(destination)
  local known = redis.call('HMGET', key, 'failing_since', 'opened', 'in_a_row', 'failed_at')
  local since, in_a_row = tonumber(known[1] or now), tonumber(known[3] or 0) + 1
  -- A failure of long ago says nothing of those in between, of which there were none.
  if now - tonumber(known[4] or 0) > ARGV[16] / 2 then
    since, in_a_row = now, 1
  end
  local weight = redis.call('HINCRBY', key, 'weight', ARGV[11])
  note(destination, 'failing_since', since, 'in_a_row', in_a_row, 'failed_at', now)
  if weight >= FAILURES_ALLOWED then
    pause(tonumber(known[2] or 0))
  end
  if ARGV[15] ~= '' then
    return ARGV[15]
  end
  return now - since >= tonumber(ARGV[16]) and in_a_row >= FEWEST_IN_ALL and 'failing' or ''
end

local reason = ''
if outcome == 'delivered' then
  redis.call('HDEL', destination_key(destination), 'failing_since', 'weight', 'in_a_row', 'opened', 'paused_until',
    'failed_at')
  note(destination, 'answers', 1, 'delivered_at', now)
elseif is_counted then
  reason = count_failure()
end
if outcome == 'again' then
  redis.call('HSET', job_key(id), 'state', 'scheduled', 'next', now + ARGV[10])
  redis.call('ZADD', 'kerbside:scheduled:' .. WEBHOOKS, now + ARGV[10], id)
  leave_slot(id, destination, record[6])
else
  finish(WEBHOOKS, { {
    id = id, tenant = record[6], sequence = record[7], state = outcome == 'delivered' and 'succeeded' or 'failed',
    detail = ARGV[14], more = {},
  } })
end
if ARGV[18] ~= '' then
  redis.call('PUBLISH', ARGV[18], ARGV[19])
end
local disabled = reason ~= '' and is_registered(endpoint, destination) and disable(endpoint, reason)
return disabled and reason or ''
