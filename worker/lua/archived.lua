-- Takes out of the feed what has been archived, and lets records go that are still as they were archived: each is read
-- for the window, one with deliveries under way or a dead letter for as long as it would be otherwise.
-- Writes: kerbside:feed; the time to live of kerbside:job:<id> and kerbside:gone:<id>
-- Arguments: 6 group, 7 window s, 8 s for which an ended job's id is known, 9.. per entry: its id, the job whose record
--            was written or '', the record's sequence, its webhook_status or ''
-- Returns: the entries whose job has changed since, which stay in the feed
local group, window, known_for = ARGV[6], tonumber(ARGV[7]), tonumber(ARGV[8])
local settled, changed = {}, {}

-- Whether a record was there to let go as it was archived.
local function let_go(id, sequence, status)
  local record = redis.call('HMGET', job_key(id), 'sequence', 'webhook_status', 'undelivered', 'detail', 'completed')
  if record[1] ~= sequence or (record[2] or '') ~= status then
    return false
  end
  local kept = tonumber(record[3] or 0) > 0 and math.max(window, KEPT_FOR_DELIVERY) or window
  if record[4] == 'dead' then
    kept = math.max(kept, DEAD_TTL - math.floor((now - record[5]) / 1000))
  end
  redis.call('EXPIRE', job_key(id), kept)
  redis.call('EXPIRE', 'kerbside:gone:' .. id, math.max(known_for, kept))
  return true
end

for i = 9, #ARGV, 4 do
  local is_settled = ARGV[i + 1] == '' or let_go(ARGV[i + 1], ARGV[i + 2], ARGV[i + 3])
  local entries = is_settled and settled or changed
  entries[#entries + 1] = ARGV[i]
end
if #settled > 0 then
  redis.call('XACK', FEED, group, unpack(settled))
  redis.call('XDEL', FEED, unpack(settled))
end
return changed
