-- Writes the results of a batch; the first result of a job wins, and a late one is accepted while the job is open.
-- A failure is not: who lost the lease, or had the job taken away by a retry, does not speak for those who have it now.
-- Reads:  kerbside:workers:<lane>
-- Writes: kerbside:priced:<lane> kerbside:capacity:<lane>, and what prelude's finish writes; publishes the batch's Celery
--         events, unless nothing was written
-- Arguments: 6 lane, 7 event channel or '', 8 event message, 9.. per job: id, version, fence, state, detail,
--            'output' or 'error', its value, predictor call us
-- Returns: per job 1 (written) or 0 (the job was already terminal, erased, in other hands, or of another model version)
local lane = ARGV[6]
local written, ends, seen, claimed = {}, {}, {}, 0

-- The first that is known of the lane's capacity, until upkeep has measured it: jobs of this batch by the time since its
-- claim. A batch of one says too little, so that a faster one takes its place.
local function guess()
  local known = redis.call('GET', 'kerbside:capacity:' .. lane) or '0 0 guess'
  local per_s, seen_per_s = string.match(known, '^(%S+) %S+ guess$'), #ends * 1000 / (now - claimed + 1)
  if per_s and claimed > 0 and seen_per_s > tonumber(per_s) then
    redis.call('SET', 'kerbside:capacity:' .. lane,
      string.format('%.6g %d guess', seen_per_s, redis.call('ZCARD', 'kerbside:workers:' .. lane)))
  end
end

for i = 9, #ARGV, 8 do
  local id = ARGV[i]
  local record = redis.call('HMGET', job_key(id), 'state', 'version', 'tenant', 'sequence', 'fence', 'started')
  local speaks = ARGV[i + 3] ~= 'failed' or record[5] == ARGV[i + 2]
  if is_open(record[1]) and record[2] == ARGV[i + 1] and speaks and not seen[id] then
    seen[id] = true
    claimed = math.max(claimed, tonumber(record[6]) or 0)
    ends[#ends + 1] = {
      id = id, tenant = record[3], sequence = record[4], state = ARGV[i + 3], detail = ARGV[i + 4],
      more = { ARGV[i + 5], ARGV[i + 6], 'predict_us', ARGV[i + 7] },
    }
    written[#written + 1] = 1
  else
    written[#written + 1] = 0
  end
end
finish(lane, ends)
if #ends > 0 then
  redis.call('INCRBY', 'kerbside:priced:' .. lane, #ends)
  if ARGV[7] ~= '' then
    redis.call('PUBLISH', ARGV[7], ARGV[8])
  end
  guess()
end
return written
