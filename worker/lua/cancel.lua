-- Cancels an open job of a tenant at once; a waiting job's message goes with it.
-- Writes: what prelude's cancel writes
-- Arguments: 6 id, 7 tenant
-- Returns: 1 canceled, 0 already terminal, -1 no such job of this tenant
local id, tenant = ARGV[6], ARGV[7]
local job = known(id)
if not job or job.tenant ~= tenant then
  return -1
end
if not is_open(job.state) then
  return 0
end
cancel(id, job, 'by_client')
return 1
