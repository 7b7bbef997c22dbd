-- Webhooks, after the prelude of every script: who is told of an event, and the turns of deliveries. A delivery is a job
-- of lane `webhooks` that carries what its event is about, as it was then.
-- Its destination, an endpoint or the origin of a request's own URL, has so many slots. What has one is in the lane or in
-- hand; what has none is parked, in order, so that no receiver keeps another's deliveries waiting.
-- A destination that has not answered yet may hang, and hold a thread for as long as an attempt lasts: of such a tenant
-- has no more than a share of the threads, and the rest of them stand in line.
-- Reads:  kerbside:subscriptions:<tenant> kerbside:webhook:<endpoint> kerbside:batch:<batch>
-- Writes: kerbside:job:<id> kerbside:deliveries:<endpoint> kerbside:ended:<endpoint> kerbside:missed:<endpoint>
--         kerbside:destination:<destination> kerbside:active:<destination> kerbside:parked:<destination>
--         kerbside:probing:<tenant> kerbside:unproved:<tenant> kerbside:scheduled:<lane> kerbside:cooling:<lane>
--         kerbside:dead:<lane> kerbside:number:<lane> kerbside:feed, and what prelude's enqueue_last and finish write
local WEBHOOKS = 'webhooks'
-- Seconds after which a destination, or an endpoint's log, that nothing comes to is forgotten.
local FORGOTTEN = 30 * 86400

-- Slots of a destination, and of a tenant's destinations that have not answered yet; deliveries of an endpoint that may
-- wait, and ended ones that are kept, and for how many seconds; where clients reach the API.
local known_policy

local function policy()
  if not known_policy then
    local slots, probes, pending, log, ttl, base = string.match(ARGV[4], '^%d+ (%d+) (%d+) (%d+) (%d+) (%d+) (.*)$')
    known_policy = {
      slots = tonumber(slots), probes = tonumber(probes), pending = tonumber(pending), log = tonumber(log),
      ttl = tonumber(ttl), base = base,
    }
  end
  return known_policy
end

-- An id that follows from what it is given, so that nothing that is done twice makes a second one.
local function derived(prefix, ...)
  return prefix .. string.sub(redis.sha1hex(table.concat({ ... }, ' ')), 1, 32)
end

-- Whether an endpoint is registered: then it is its own destination. Else it stands for the URLs that a tenant's requests
-- bring, each of which has its origin for one.
local function is_registered(endpoint, destination)
  return endpoint == destination
end

local function destination_key(destination)
  return 'kerbside:destination:' .. destination
end

local function note(destination, ...)
  redis.call('HSET', destination_key(destination), ...)
  redis.call('EXPIRE', destination_key(destination), FORGOTTEN)
end

-- How many slots are free, and whether it has proved that it answers: none while the destination is paused, and one until
-- it has.
local function free_slots(destination)
  local known = redis.call('HMGET', destination_key(destination), 'paused_until', 'answers')
  if tonumber(known[1] or 0) > now then
    return 0
  end
  return (known[2] and policy().slots or 1) - redis.call('SCARD', 'kerbside:active:' .. destination), known[2]
end

local function take_slot(id, destination)
  redis.call('ZREM', 'kerbside:parked:' .. destination, id)
  redis.call('SADD', 'kerbside:active:' .. destination, id)
  redis.call('HSET', job_key(id), 'state', 'queued', 'sent', now)
  enqueue_last(id, WEBHOOKS, now)
end

local function fill_slots(destination)
  local free, answers = free_slots(destination)
  for _ = 1, free do
    local id = redis.call('ZRANGE', 'kerbside:parked:' .. destination, 0, 0)[1]
    if not id then
      return
    end
    local tenant = redis.call('HGET', job_key(id), 'tenant')
    if not answers then
      if redis.call('SCARD', 'kerbside:probing:' .. tenant) >= policy().probes then
        redis.call('ZADD', 'kerbside:unproved:' .. tenant, 'NX', now, destination)
        return
      end
      redis.call('SADD', 'kerbside:probing:' .. tenant, id)
    end
    take_slot(id, destination)
  end
end

-- Frees the slot of a delivery, for others of its destination and for those of its tenant that stand in line.
local function leave_slot(id, destination, tenant)
  local probing, line = 'kerbside:probing:' .. tenant, 'kerbside:unproved:' .. tenant
  redis.call('SREM', 'kerbside:active:' .. destination, id)
  if redis.call('SREM', probing, id) == 1 then
    -- One may have nothing to send any more: then it is the turn of the next.
    while redis.call('SCARD', probing) < policy().probes do
      local next = redis.call('ZPOPMIN', line)[1]
      if not next then
        break
      end
      fill_slots(next)
    end
  end
  fill_slots(destination)
end

-- Whoever comes finds free slots filled first, so that nothing stays parked for want of an end that frees one.
local function give_turn(id, destination)
  redis.call('HSET', job_key(id), 'state', 'parked')
  redis.call('ZADD', 'kerbside:parked:' .. destination, redis.call('HGET', job_key(id), 'number'), id)
  fill_slots(destination)
end

-- Lets come to their turn what was to wait until now: deliveries that are tried again, destinations that were paused.
local function wake_due()
  local AT_ONCE = 200
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', 'kerbside:scheduled:' .. WEBHOOKS, '-inf', now, 'LIMIT', 0, AT_ONCE)) do
    redis.call('ZREM', 'kerbside:scheduled:' .. WEBHOOKS, id)
    give_turn(id, redis.call('HGET', job_key(id), 'destination'))
  end
  for _, destination in ipairs(redis.call('ZRANGEBYSCORE', 'kerbside:cooling:' .. WEBHOOKS, '-inf', now, 'LIMIT', 0, AT_ONCE)) do
    redis.call('ZREM', 'kerbside:cooling:' .. WEBHOOKS, destination)
    fill_slots(destination)
  end
end

-- Whether one of some patterns takes a type: `*`, `prediction.*` or the type itself.
local function takes(patterns, type)
  for pattern in string.gmatch(patterns, '%S+') do
    local stem = string.match(pattern, '^(.*)%*$')
    if pattern == type or stem and string.sub(type, 1, #stem) == stem then
      return true
    end
  end
  return false
end

-- However it is spelt: one receiver has one place in line.
local function origin_of(tenant, url)
  local scheme, host = string.match(string.lower(url), '^(%a+)://([^/?#]+)')
  local origin = scheme .. '://' .. string.gsub(host, scheme == 'https' and ':443$' or ':80$', '')
  return derived('origin_', tenant, origin)
end

local listed = {}

-- Whom an event of a tenant is for: the URL of its own request, and each endpoint that takes its type.
local function audience(tenant, type, url, types)
  local found = {}
  if url and takes(types, type) then
    found[1] = { endpoint = 'default:' .. tenant, destination = origin_of(tenant, url), url = url, is_on = true }
  end
  listed[tenant] = listed[tenant] or redis.call('HGETALL', 'kerbside:subscriptions:' .. tenant)
  for i = 1, #listed[tenant], 2 do
    local endpoint = listed[tenant][i]
    local mode, patterns = string.match(listed[tenant][i + 1], '^(%S+) (.*)$')
    if takes(patterns, type) then
      found[#found + 1] = { endpoint = endpoint, destination = endpoint, url = '', is_on = mode == 'on' }
    end
  end
  return found
end

-- How many deliveries wait: for an endpoint, or for one origin of those that requests name.
local function pending_of(endpoint, destination)
  if not is_registered(endpoint, destination) then
    return redis.call('ZCARD', 'kerbside:parked:' .. destination) + redis.call('SCARD', 'kerbside:active:' .. destination)
  end
  return redis.call('ZCARD', 'kerbside:deliveries:' .. endpoint) - redis.call('ZCARD', 'kerbside:ended:' .. endpoint)
    - redis.call('ZCARD', 'kerbside:missed:' .. endpoint)
end

-- Makes the delivery of an event, { id =, type =, tenant =, subject = a job or '', content = { field, value, .. } }, to one
-- of its audience; returns its id. One that may not wait has ended at once, and can be recovered.
local function post(event, to)
  local id = derived('dlv_', event.id, to.endpoint)
  local log, kept = 'kerbside:deliveries:' .. to.endpoint, policy()
  local pending = pending_of(to.endpoint, to.destination)
  local number = redis.call('INCR', 'kerbside:number:' .. WEBHOOKS)
  redis.call('HSET', job_key(id), 'lane', WEBHOOKS, 'tenant', event.tenant, 'sequence', 1, 'created', now, 'since', now,
    'number', number, 'endpoint', to.endpoint, 'destination', to.destination, 'url', to.url, 'event', event.id,
    'type', event.type, 'subject', event.subject, 'base', kept.base, unpack(event.content))
  -- Those of one batch have the same millisecond and stay in order all the same.
  redis.call('ZADD', log, now + number % 1000 / 1000, id)
  redis.call('EXPIRE', log, FORGOTTEN)
  if event.subject ~= '' then
    redis.call('HINCRBY', job_key(event.subject), 'undelivered', 1)
  end
  local refused = not to.is_on and 'endpoint_disabled' or pending >= kept.pending and 'too_many_pending'
  if refused then
    redis.call('HINCRBY', destination_key(to.endpoint), 'dropped', 1)
    redis.call('EXPIRE', destination_key(to.endpoint), FORGOTTEN)
    finish(WEBHOOKS, { { id = id, tenant = event.tenant, sequence = 1, state = 'failed', detail = refused, more = {} } })
  else
    give_turn(id, to.destination)
  end
  return id
end

local NOT_TOLD = { deliveries = true, undelivered = true, webhook_status = true, worker = true }

-- What a job was when something happened to it: its record's fields, each with `job:` before its name.
local function snapshot(id)
  local taken, record = {}, redis.call('HGETALL', job_key(id))
  for i = 1, #record, 2 do
    if not NOT_TOLD[record[i]] then
      taken[#taken + 1] = 'job:' .. record[i]
      taken[#taken + 1] = record[i + 1]
    end
  end
  return taken
end

-- Tells of what has happened to a job just now. The event's id follows from the job and the change.
function tell(id, tenant, sequence, type, url, types)
  local to = audience(tenant, type, url, types)
  if #to == 0 then
    return
  end
  local event = {
    id = derived('evt_', id, sequence, type), type = type, tenant = tenant, subject = id, content = snapshot(id),
  }
  local posted = { redis.call('HGET', job_key(id), 'deliveries') or nil }
  for i = 1, #to do
    posted[#posted + 1] = post(event, to[i])
  end
  redis.call('HSET', job_key(id), 'deliveries', table.concat(posted, ' '))
end

-- What an event has of a batch's record: not what each chunk came to.
local OF_BATCH = { 'model', 'version', 'purpose', 'rows', 'chunks', 'completed', 'failed', 'stored', 'created', 'started',
  'settled', 'ended', 'expires', 'deadline', 'error_threshold', 'webhook', 'status', 'metadata' }

-- Tells of what a batch has come to just now: `progress`, or its status at its end, of which its own webhook is told too.
-- Nothing is kept for its deliveries.
function tell_of_batch(batch_id, what)
  local key, type = 'kerbside:batch:' .. batch_id, 'batch.' .. what
  local tenant, url = unpack(redis.call('HMGET', key, 'tenant', 'webhook'))
  local to = audience(tenant, type, what ~= 'progress' and url, type)
  if #to == 0 then
    return
  end
  local content = { 'batch', batch_id }
  for at, value in ipairs(redis.call('HMGET', key, unpack(OF_BATCH))) do
    content[#content + 1] = 'batch:' .. OF_BATCH[at]
    content[#content + 1] = value or ''
  end
  local event = { id = derived('evt_', batch_id, type, now), type = type, tenant = tenant, subject = '', content = content }
  for i = 1, #to do
    post(event, to[i])
  end
end

local function forget(endpoint, id)
  redis.call('DEL', job_key(id))
  for _, kind in ipairs({ 'deliveries', 'ended', 'missed' }) do
    redis.call('ZREM', 'kerbside:' .. kind .. ':' .. endpoint, id)
  end
  redis.call('ZREM', 'kerbside:dead:' .. WEBHOOKS, id)
end

-- Keeps the newest of one kind, some more than there should be at a time.
local function trim(endpoint, kind, most, ttl)
  local AT_ONCE, key = 10, 'kerbside:' .. kind .. ':' .. endpoint
  local over = math.min(AT_ONCE, redis.call('ZCARD', key) - most)
  for _, oldest in ipairs(over > 0 and redis.call('ZRANGE', key, 0, over - 1) or {}) do
    forget(endpoint, oldest)
  end
  for _, old in ipairs(redis.call('ZRANGEBYSCORE', key, '-inf', now - ttl * 1000, 'LIMIT', 0, AT_ONCE)) do
    forget(endpoint, old)
  end
end

-- What was missed is kept for as long as it can be recovered; what was delivered, for those who look.
local function enter_log(endpoint, id, created, kept, is_missed)
  local kind = is_missed and 'missed' or 'ended'
  redis.call('ZADD', 'kerbside:' .. kind .. ':' .. endpoint, is_missed and created or now + clock[2] % 1000 / 1000, id)
  redis.call('EXPIRE', 'kerbside:' .. kind .. ':' .. endpoint, FORGOTTEN)
  trim(endpoint, kind, is_missed and kept.pending or kept.log, kept.ttl)
end

-- Has an ended prediction archived as it is now, and kept until then; where nothing archives any more it ends by itself.
local function archive_anew(subject)
  if tell_archive(subject) then
    redis.call('PERSIST', job_key(subject))
  else
    lapse(subject)
  end
end

-- What a prediction's record shows of its own webhook; and it need not be kept for its deliveries any longer.
-- `of_end`: the sequence of the end that its own webhook was told of, nil where the delivery is another.
local function tell_subject(subject, of_end, state)
  local key = job_key(subject)
  local left = redis.call('HINCRBY', key, 'undelivered', -1)
  local known = redis.call('HMGET', key, 'expires', 'sequence')
  local shows = of_end and of_end == known[2]
  if shows then
    redis.call('HSET', key, 'webhook_status', state == 'succeeded' and 'delivered' or 'failed')
  end
  -- Its time is set where nothing archives it.
  if known[1] == '' and (shows or left <= 0) then
    archive_anew(subject)
  elseif known[1] and known[1] ~= '' and left <= 0 then
    redis.call('PEXPIREAT', key, known[1])
  end
end

-- Of a delivery to the webhook of a prediction's own request, the sequence of the end that it tells of; else nil.
local function end_told(endpoint, destination, type, sequence)
  return not is_registered(endpoint, destination) and type ~= 'prediction.started' and sequence or nil
end

-- What follows the end of a delivery; called by prelude's finish.
function delivered(id, state, detail)
  local kept = policy()
  local record = redis.call('HMGET', job_key(id), 'endpoint', 'destination', 'subject', 'type', 'job:sequence', 'tenant',
    'created')
  local endpoint, destination, subject = record[1], record[2], record[3]
  redis.call('ZREM', 'kerbside:parked:' .. destination, id)
  redis.call('ZREM', 'kerbside:scheduled:' .. WEBHOOKS, id)
  redis.call('EXPIRE', job_key(id), kept.ttl)
  enter_log(endpoint, id, record[7], kept, state ~= 'succeeded' and detail ~= 'data_removed')
  local of_end = end_told(endpoint, destination, record[4], record[5])
  if subject ~= '' and redis.call('EXISTS', job_key(subject)) == 1 then
    tell_subject(subject, of_end, state)
  elseif subject ~= '' and of_end then
    -- It has left for the archive, unless it was deleted.
    tell_archive(subject, 'delivery', id)
  end
  leave_slot(id, destination, record[6])
end

-- Why a delivery whose turn has come cannot be made any more: its state and detail at the end, or nil.
local function undeliverable(id)
  local record = redis.call('HMGET', job_key(id), 'endpoint', 'since', 'destination')
  if is_registered(record[1], record[3]) then
    local enabled = redis.call('HGET', 'kerbside:webhook:' .. record[1], 'enabled')
    if enabled ~= '1' then
      return enabled and 'failed' or 'canceled', enabled and 'endpoint_disabled' or 'endpoint_deleted'
    end
  end
  if now - record[2] > KEPT_FOR_DELIVERY * 1000 then
    return 'failed', 'too_late'
  end
  return nil
end

-- Ends an open delivery before its turn; its message goes with it.
local function call_off(id, state, detail)
  local record = redis.call('HMGET', job_key(id), 'state', 'sent', 'tenant', 'sequence')
  if record[1] == 'queued' or record[1] == 'retrying' then
    withdraw(id, WEBHOOKS, record[2])
  end
  finish(WEBHOOKS, { { id = id, tenant = record[3], sequence = record[4], state = state, detail = detail, more = {} } })
end

-- Takes the answers of a receiver, which may repeat what they were sent, out of a log.
local function without_answers(log)
  local told = {}
  for _, attempt in ipairs(cjson.decode('[' .. log .. ']')) do
    attempt.response = ''
    told[#told + 1] = cjson.encode(attempt)
  end
  return table.concat(told, ',')
end

-- Takes the house and the price out of a delivery; one that was not made yet is called off.
local function erase(id)
  local record = redis.call('HMGET', job_key(id), 'state', 'endpoint', 'log')
  if not record[1] then
    return
  end
  if is_open(record[1]) then
    call_off(id, 'canceled', 'data_removed')
  end
  redis.call('HDEL', job_key(id), 'body')
  for _, field in ipairs(redis.call('HKEYS', job_key(id))) do
    if string.sub(field, 1, 4) == 'job:' then
      redis.call('HDEL', job_key(id), field)
    end
  end
  if record[3] then
    redis.call('HSET', job_key(id), 'log', without_answers(record[3]))
  end
  -- There is nothing left of it to be recovered.
  if redis.call('ZREM', 'kerbside:missed:' .. record[2], id) == 1 then
    redis.call('ZADD', 'kerbside:ended:' .. record[2], now, id)
  end
end

-- Turns an endpoint off, and tells the tenant's others; false where it is off already.
local function disable(endpoint, reason)
  local record = redis.call('HMGET', 'kerbside:webhook:' .. endpoint, 'tenant', 'url', 'enabled', 'events')
  if record[3] ~= '1' then
    return false
  end
  local tenant = record[1]
  redis.call('HSET', 'kerbside:webhook:' .. endpoint, 'enabled', 0, 'disabled_reason', reason, 'disabled_at', now)
  redis.call('HSET', 'kerbside:subscriptions:' .. tenant, endpoint, 'off ' .. record[4])
  listed[tenant] = nil
  local event = {
    id = derived('evt_', endpoint, now), type = 'endpoint.disabled', tenant = tenant, subject = '',
    content = { 'about:id', endpoint, 'about:url', record[2], 'about:reason', reason },
  }
  for _, to in ipairs(audience(tenant, event.type)) do
    if to.endpoint ~= endpoint then
      post(event, to)
    end
  end
  return true
end
