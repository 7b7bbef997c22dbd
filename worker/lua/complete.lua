-- Writes the results of a batch; the first result of a job wins, and a late one is accepted while the job is open.
-- Writes: what prelude's finish writes; publishes the batch's Celery events, unless nothing was written
-- Arguments: 6 lane, 7 event channel or '', 8 event message, 9.. per job: id, version, state, detail,
--            'output' or 'error', its value, predictor call us
-- Returns: per job 1 (written) or 0 (the job was already terminal, erased, or belongs to another model version)
local lane = ARGV[6]
local written, ends, seen = {}, {}, {}
for i = 9, #ARGV, 7 do
  local id = ARGV[i]
  local record = redis.call('HMGET', job_key(id), 'state', 'version', 'tenant', 'sequence')
  if is_open(record[1]) and record[2] == ARGV[i + 1] and not seen[id] then
    seen[id] = true
    ends[#ends + 1] = {
      id = id, tenant = record[3], sequence = record[4], state = ARGV[i + 2], detail = ARGV[i + 3],
      more = { ARGV[i + 4], ARGV[i + 5], 'predict_us', ARGV[i + 6] },
    }
    written[#written + 1] = 1
  else
    written[#written + 1] = 0
  end
end
finish(lane, ends)
if #ends > 0 and ARGV[7] ~= '' then
  redis.call('PUBLISH', ARGV[7], ARGV[8])
end
return written
