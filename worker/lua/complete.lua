-- Writes the results of a batch; the first result of a job wins, and a late one is accepted while the job is open.
-- Writes: what prelude's finish and announce write; publishes the batch's Celery events
-- Arguments: 5 lane, 6 event channel or '', 7 event message, 8.. per job: id, version, state, detail, output, error,
--            predictor call us
-- Returns: per job 1 (written) or 0 (the job was already terminal, erased, or belongs to another model version)
local lane = ARGV[5]
local written, finished = {}, {}
for i = 8, #ARGV, 7 do
  local id = ARGV[i]
  local record = redis.call('HMGET', job_key(id), 'state', 'version', 'tenant')
  if is_open(record[1]) and record[2] == ARGV[i + 1] then
    finish(id, lane, record[3], ARGV[i + 2], ARGV[i + 3], 'output', ARGV[i + 4], 'error', ARGV[i + 5], 'predict_us', ARGV[i + 6])
    finished[#finished + 1] = id
    written[#written + 1] = 1
  else
    written[#written + 1] = 0
  end
end
announce(finished)
if ARGV[6] ~= '' then
  redis.call('PUBLISH', ARGV[6], ARGV[7])
end
return written
